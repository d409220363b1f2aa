import type { MachineProcessRows } from '../../data/query/machine-process-rows.ts';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { compactBytesText, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { type Theme, usageStyle } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { putSparkline } from '../../screen/widgets/chart.ts';
import { putMeter } from '../../screen/widgets/meter.ts';
import { type Column, layoutColumns, renderTable } from '../../screen/widgets/table.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';
import { left, right } from '../network/list-table.ts';
import { latencyText } from '../segments.ts';
import { temperatureText } from './gpu-panel.ts';
import { percentOf } from './memory-panel.ts';
import type { SystemData } from './system-data.ts';
import { linkStateText, reasonText } from './system-header.ts';
import { meterStyle } from './system-look.ts';

/** A row of the table of hosts. */
interface HostRow {
  readonly name: string;
  readonly link: RemoteStatus | undefined;
  readonly failure: string | undefined;
  readonly data: SystemData;
}

interface HostsTable {
  readonly hosts: readonly HostRow[];
  readonly viewport: Viewport;
  readonly nowMillis: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

/** A cell of a host, moved from cell to cell. */
interface HostCell {
  readonly buffer: Buffer;
  host: HostRow;
  x: number;
  y: number;
  width: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

interface HostColumn extends Omit<Column, 'id'> {
  readonly paint: (cell: HostCell) => void;
}

const COLUMNS: Readonly<Record<string, HostColumn>> = {
  host: { ...left('HOST', 100, 15, 24), paint: paintName },
  cpu: { ...right('CPU %', 95, 6, 32, 1), paint: paintCpu },
  memory: { ...right('MEM %', 90, 6, 22, 1), paint: paintMemory },
  down: {
    ...right('DOWN/s', 70, 7, 8),
    paint: (cell) => paintRate(cell, cell.host.data.rates.interfaces.download, cell.theme.download),
  },
  up: {
    ...right('UP/s', 69, 7, 8),
    paint: (cell) => paintRate(cell, cell.host.data.rates.interfaces.upload, cell.theme.upload),
  },
  load: {
    ...right('LOAD', 60, 6, 6),
    paint: (cell) => paintFigure(cell, cell.host.data.machine?.cpu.value?.load1?.toFixed(2) ?? '-'),
  },
  temperature: {
    ...right('TEMP', 40, 8, 8),
    paint: (cell) => {
      const celsius = cell.host.data.machine?.sensors.value?.cpu?.celsius;
      paintFigure(cell, temperatureText(celsius, cell.ascii));
    },
  },
  top: {
    ...left('TOP PROCESS', 50, 12, 26, 1),
    paint: (cell) => paintText(cell, topProcess(cell.host.data.rows)),
  },
  latency: {
    ...right('LATENCY', 45, 8, 8),
    paint: (cell) => paintFigure(cell, latencyText(cell.host.link) || '-', cell.theme.dim),
  },
};
const LAID_OUT = Object.entries(COLUMNS).map(([id, column]): Column => ({ ...column, id }));

const FIGURE_WIDTH = 6;
const HEADER_LINES = 2;

/** Where the table stands: below the header, above the footer. */
export function hostsArea({ width, height }: Rect): Rect {
  return rect(0, 1, width, height - HEADER_LINES);
}

/** The host that a press hits; -1 none. */
export function hostRowAt(screen: Rect, offset: number, count: number, x: number, y: number): number {
  const area = hostsArea(screen);
  const row = offset + y - area.y - 1;
  const isInside = x >= 0 && x < area.width && y > area.y && y < area.y + area.height;
  return isInside && row < count ? row : -1;
}

/** Draws a row for each host; one that is not there says why, over its whole row. */
export function renderHosts(area: Rect, buffer: Buffer, table: HostsTable): void {
  const { hosts, viewport, theme, ascii } = table;
  const layout = layoutColumns(LAID_OUT, area.width);
  const cell: HostCell = { buffer, host: hosts[0]!, x: 0, y: 0, width: 0, theme, ascii };
  renderTable(area, buffer, {
    ...{ layout, rowCount: hosts.length, offset: viewport.offset, selected: viewport.selected },
    ...{ sortedBy: [], descending: true },
    drawCell: (row, { id }, x, y, width) => {
      const host = hosts[row]!;
      const state = stateOf(host, table);
      cell.host = host;
      cell.x = x;
      cell.y = y;
      cell.width = width;
      if (state === undefined) COLUMNS[id]?.paint(cell);
      else if (id === 'host') paintName(cell);
      else if (id === 'cpu') {
        const room = area.x + area.width - x;
        putAligned(buffer, x, y, room, 'left', state.text, state.isBad ? theme.bad : theme.dim, ascii);
      }
    },
    rowStyle: (row) => (row % 2 === 0 ? undefined : theme.zebra),
    ...{ baseStyle: theme.base, headerStyle: theme.header, sortedHeaderStyle: theme.sortedHeader },
    ...{ selectionStyle: theme.selection, markerStyle: theme.accent, ascii },
  });
}

/** What stands in place of figures; undefined where there are some. */
function stateOf(
  { link, failure, data }: HostRow,
  { nowMillis, ascii }: HostsTable,
): { readonly text: string; readonly isBad: boolean } | undefined {
  if (link?.phase === 'lost') {
    const reason = reasonText(link);
    const state = linkStateText(link, nowMillis, ascii);
    return { text: reason === '' ? state : `${state}  ${reason}`, isBad: true };
  }
  if (link?.phase === 'connecting') return { text: 'connecting', isBad: false };
  if (data.machine !== undefined) return undefined;
  return failure === undefined
    ? { text: 'first sample under way', isBad: false }
    : { text: failure, isBad: true };
}

function paintText({ buffer, x, y, width, theme, ascii }: HostCell, text: string): void {
  putAligned(buffer, x, y, width, 'left', text, theme.text, ascii);
}

function paintName(cell: HostCell): void {
  paintText(cell, cell.host.name);
}

function paintFigure(
  { buffer, x, y, width, theme, ascii }: HostCell,
  text: string,
  style: Style = theme.text,
): void {
  putAligned(buffer, x, y, width, 'right', text, text === '-' ? theme.dim : style, ascii);
}

function paintRate(cell: HostCell, value: number, style: Style): void {
  paintFigure(cell, compactBytesText(value), value > 0 ? style : cell.theme.dim);
}

function paintCpu(cell: HostCell): void {
  const { buffer, host, x, y, width, theme, ascii } = cell;
  const { cpu } = host.data.rates;
  const graph = width - FIGURE_WIDTH - 1;
  if (graph > 3) putSparkline(buffer, x, y, graph, 1, cpu.total, 100, theme.levelRamp, ascii);
  paintFigure(cell, figureText(cpu.usage.total), usageStyle(theme, cpu.usage.total));
}

function paintMemory(cell: HostCell): void {
  const { buffer, host, x, y, width, theme, ascii } = cell;
  const memory = host.data.machine?.memory.value;
  const percent = percentOf(memory?.usedBytes, memory?.totalBytes);
  const bar = width - FIGURE_WIDTH - 1;
  if (bar > 3) putMeter(buffer, x, y, bar, percent, 100, meterStyle(theme, percent), theme.border, ascii);
  paintFigure(cell, figureText(percent), usageStyle(theme, percent));
}

function figureText(percent: number): string {
  return Number.isNaN(percent) ? '-' : tenthsText(percent);
}

/** `postgres 31.0 %`: the process with the largest share of the machine; `-` before one is known. */
function topProcess(rows: MachineProcessRows): string {
  let top = -1;
  for (let row = 0; row < rows.unfilteredCount; row++) {
    const percent = rows.machinePercent[row]!;
    if (percent > (top < 0 ? 0 : rows.machinePercent[top]!)) top = row;
  }
  return top < 0 ? '-' : `${rows.names[top]} ${tenthsText(rows.machinePercent[top]!)} %`;
}
