import type { MachineProcessRows } from '../../data/query/machine-process-rows.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { type RateUnits, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { type Theme, usageStyle } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { putSparkline } from '../../screen/widgets/chart.ts';
import { putMeter } from '../../screen/widgets/meter.ts';
import { type Column, hitTable, layoutColumns, renderTable, sortable } from '../../screen/widgets/table.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';
import { CellPen } from '../network/cells.ts';
import { left, right } from '../network/list-table.ts';
import type { ListHit } from '../network/network-list.ts';
import { latencyText } from '../segments.ts';
import { temperatureText } from './gpu-panel.ts';
import { percentOf } from './memory-panel.ts';
import type { SystemData } from './system-data.ts';
import { linkStateText, reasonText } from './system-header.ts';
import { meterStyle } from './system-look.ts';

interface HostRow {
  readonly name: string;
  readonly link: RemoteStatus | undefined;
  readonly failure: string | undefined;
  readonly data: SystemData;
}

/** Sort keys of the table; `given` is the order on the command line. */
export const HOST_SORT_KEYS = [
  ...(['given', 'host', 'cpu', 'memory', 'down', 'up', 'load', 'temperature', 'latency'] as const),
] as const;
export type HostSortKey = (typeof HOST_SORT_KEYS)[number];

/** Sort order of the table; values descend and names ascend unless reversed. */
export interface HostSort {
  readonly key: HostSortKey;
  readonly isReversed: boolean;
}

interface HostsTable {
  /** As they are listed. */
  readonly hosts: readonly HostRow[];
  readonly sort: HostSort;
  readonly viewport: Viewport;
  readonly nowMillis: number;
  readonly units: RateUnits;
  readonly theme: Theme;
}

interface HostColumn extends Omit<Column, 'id'> {
  readonly bitsTitle?: string;
  readonly paint: (host: HostRow, pen: CellPen) => void;
}

const COLUMNS: Readonly<Record<string, HostColumn>> = {
  host: { ...left('HOST', 100, [15, 32]), paint: paintName },
  cpu: { ...right('CPU %', 95, [6, 32, 1]), paint: paintCpu },
  memory: { ...right('MEM %', 90, [6, 22, 1]), paint: paintMemory },
  down: {
    ...right('DOWN/s', 70, [7, 8]),
    bitsTitle: 'DN b/s',
    paint: ({ data }, pen) => pen.compactRate(data.rates.interfaces.download, pen.theme.download),
  },
  up: {
    ...right('UP/s', 69, [7, 8]),
    bitsTitle: 'UP b/s',
    paint: ({ data }, pen) => pen.compactRate(data.rates.interfaces.upload, pen.theme.upload),
  },
  load: right('LOAD', 60, [6, 6], ({ data }, pen) =>
    paintFigure(pen, data.machine?.cpu.value?.load1?.toFixed(2) ?? '-'),
  ),
  temperature: right('TEMP', 40, [8, 8], ({ data }, pen) =>
    paintFigure(pen, temperatureText(data.machine?.sensors.value?.cpu?.celsius, pen.ascii)),
  ),
  top: left('TOP PROCESS', 50, [12, 26, 1], ({ data }, pen) =>
    pen.text(topProcess(data.rows), pen.theme.text),
  ),
  latency: right('LATENCY', 45, [8, 8], ({ link }, pen) =>
    pen.right(latencyText(link) || '-', pen.theme.dim),
  ),
};
const laidOut = (units: RateUnits): readonly Column[] =>
  Object.entries(COLUMNS).map(([id, column]) =>
    sortable({ ...column, id, title: (units === 'bits' ? column.bitsTitle : undefined) ?? column.title }),
  );
const LAID_OUT: Readonly<Record<RateUnits, readonly Column[]>> = {
  bytes: laidOut('bytes'),
  bits: laidOut('bits'),
};

const FIGURE_WIDTH = 6;
const HEADER_LINES = 2;
/** Before the name of a host for which a rule fires. */
const ALERT_MARK = '! ';

/** Area of the table: below the header, above the footer, left of the scrollbar. */
export function hostsArea({ width, height }: Rect): Rect {
  return rect(0, 1, width - 1, height - HEADER_LINES);
}

/** Area of the scrollbar, beside the rows. */
export function hostsScrollbar({ width, height }: Rect): Rect {
  return rect(width - 1, 2, 1, height - HEADER_LINES - 1);
}

/** Indexes of the hosts whose names match a search, in table order. */
export function listedHosts(hosts: readonly HostRow[], sort: HostSort, search: string): readonly number[] {
  const wanted = search.toLowerCase();
  const places = hosts.flatMap((host, at) =>
    `${host.name} ${ownName(host)}`.toLowerCase().includes(wanted) ? [at] : [],
  );
  const { key, isReversed } = sort;
  const sign = isReversed ? -1 : 1;
  if (key === 'given') return isReversed ? places.reverse() : places;
  if (key === 'host') {
    return places.sort((a, b) => sign * hosts[a]!.name.localeCompare(hosts[b]!.name, 'en') || a - b);
  }
  const valueAt = (at: number): number => sortValue(hosts[at]!, key);
  return places.sort((a, b) => {
    const [one, other] = [valueAt(a), valueAt(b)];
    // Unknown values come last in either direction.
    if (Number.isNaN(one) || Number.isNaN(other))
      return Number(Number.isNaN(one)) - Number(Number.isNaN(other)) || a - b;
    return sign * (other - one) || a - b;
  });
}

/** NaN: unknown or outdated. */
function sortValue({ data, link }: HostRow, key: Exclude<HostSortKey, 'given' | 'host'>): number {
  if (link !== undefined && link.phase !== 'live') return Number.NaN;
  const { machine, rates } = data;
  switch (key) {
    case 'cpu':
      return rates.cpu.usage.total;
    case 'memory':
      return rates.memory.last;
    case 'down':
      return rates.interfaces.download;
    case 'up':
      return rates.interfaces.upload;
    case 'load':
      return machine?.cpu.value?.load1 ?? Number.NaN;
    case 'temperature':
      return machine?.sensors.value?.cpu?.celsius ?? Number.NaN;
    case 'latency':
      return link?.latencyMicros ?? Number.NaN;
  }
}

/** Host name reported by the agent, if it differs from the user's name for it; otherwise ''. */
function ownName({ name, data }: HostRow): string {
  const own = data.machine === undefined ? '' : (data.header?.hostName ?? '');
  return own === name ? '' : own;
}

/** What of the table is at a position: a row, or a title that sorts; undefined: neither. */
export function hitHosts(
  area: Rect,
  rowCount: number,
  offset: number,
  x: number,
  y: number,
): ListHit | undefined {
  const layout = layoutColumns(LAID_OUT.bytes, area.width);
  const hit = hitTable(area, { layout, rowCount, offset }, x, y);
  if (hit === undefined || hit.part === 'row') return hit;
  const key = HOST_SORT_KEYS.find((one) => one === hit.column);
  return key === undefined ? undefined : { part: 'header', key };
}

/** Draws one row per host. A host without a connection shows the reason across its row. */
export function renderHosts(area: Rect, buffer: Buffer, table: HostsTable): void {
  const { hosts, viewport, sort, units, theme } = table;
  if (hosts.length === 0) {
    const text = 'No host of that name: Esc clears the search.';
    buffer.put(area.x + 1, area.y + 1, text, theme.dim, area.width - 1);
    return;
  }
  const layout = layoutColumns(LAID_OUT[units], area.width);
  const pen = new CellPen(theme, buffer.isAscii, units);
  renderTable(area, buffer, {
    ...{ layout, rowCount: hosts.length, offset: viewport.offset, selected: viewport.selected },
    ...{ sortedBy: [sort.key], descending: (sort.key === 'host') === sort.isReversed },
    drawCell: (row, { id }, x, y, width) => {
      const host = hosts[row]!;
      const state = stateOf(host, table.nowMillis, buffer.isAscii);
      pen.moveTo(buffer, x, y, width);
      if (state === undefined) COLUMNS[id]?.paint(host, pen);
      else if (id === 'host') paintName(host, pen);
      else if (id === 'cpu') {
        const room = area.x + area.width - x;
        putAligned(buffer, x, y, room, 'left', state.text, state.isBad ? theme.bad : theme.dim);
      }
    },
    rowStyle: (row) => (row % 2 === 0 ? undefined : theme.zebra),
    theme,
  });
}

/** Text instead of figures; undefined if there are figures. */
function stateOf(
  { link, failure, data }: HostRow,
  nowMillis: number,
  isAscii: boolean,
): { readonly text: string; readonly isBad: boolean } | undefined {
  if (link?.phase === 'lost') {
    const reason = reasonText(link);
    const state = linkStateText(link, nowMillis, isAscii);
    return { text: reason === '' ? state : `${state}  ${reason}`, isBad: true };
  }
  if (link?.phase === 'connecting') return { text: 'connecting', isBad: false };
  if (data.machine !== undefined) return undefined;
  return failure === undefined
    ? { text: 'waiting for the first sample', isBad: false }
    : { text: failure, isBad: true };
}

function paintName(host: HostRow, pen: CellPen): void {
  const { buffer, y, theme } = pen;
  const mark = hasAlert(host) ? ALERT_MARK : '';
  buffer.put(pen.x, y, mark, theme.bad, pen.width);
  const x = pen.x + mark.length;
  const width = pen.width - mark.length;
  putAligned(buffer, x, y, width, 'left', host.name, theme.text);
  const used = cellWidth(host.name) + 1;
  if (used + 3 > width) return;
  putAligned(buffer, x + used, y, width - used, 'left', ownName(host), theme.dim);
}

/** Whether a rule fires for it, of this program or of its agent. */
function hasAlert({ data }: HostRow): boolean {
  return data.alerts.firing.length > 0 || data.agentAlerts.some(({ isFiring }) => isFiring);
}

function paintFigure(pen: CellPen, text: string, style: Style = pen.theme.text): void {
  pen.right(text, text === '-' ? pen.theme.dim : style);
}

function paintCpu(host: HostRow, pen: CellPen): void {
  const { buffer, x, y, width, theme } = pen;
  const { cpu } = host.data.rates;
  const graph = width - FIGURE_WIDTH - 1;
  if (graph > 3) putSparkline(buffer, x, y, graph, 1, cpu.total, 100, theme.levelRamp);
  paintFigure(pen, figureText(cpu.usage.total), usageStyle(theme, cpu.usage.total));
}

function paintMemory(host: HostRow, pen: CellPen): void {
  const { buffer, x, y, width, theme } = pen;
  const memory = host.data.machine?.memory.value;
  const percent = percentOf(memory?.usedBytes, memory?.totalBytes);
  const bar = width - FIGURE_WIDTH - 1;
  if (bar > 3) putMeter(buffer, x, y, bar, percent, meterStyle(theme, percent), theme.border);
  paintFigure(pen, figureText(percent), usageStyle(theme, percent));
}

function figureText(percent: number): string {
  return Number.isNaN(percent) ? '-' : tenthsText(percent);
}

/** `postgres 31.0 %`: the process with the largest CPU share; `-` before the first sample. */
function topProcess(rows: MachineProcessRows): string {
  let top = -1;
  for (let row = 0; row < rows.unfilteredCount; row++) {
    const percent = rows.machinePercent[row]!;
    if (percent > (top < 0 ? 0 : rows.machinePercent[top]!)) top = row;
  }
  return top < 0 ? '-' : `${rows.names[top]} ${tenthsText(rows.machinePercent[top]!)} %`;
}
