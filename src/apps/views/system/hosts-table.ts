import type { RemoteStatus } from '../../../data/sample/remote-status.ts';
import { compactBytesText, tenthsText } from '../../../kit/text/format.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../../screen/layout/rect.ts';
import type { Style } from '../../../screen/style/style.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import { putAligned } from '../../../screen/widgets/aligned-text.ts';
import { type Column, layoutColumns } from '../../../screen/widgets/column-layout.ts';
import { putMeter } from '../../../screen/widgets/meter.ts';
import { putSparkline } from '../../../screen/widgets/sparkline.ts';
import { renderTable } from '../../../screen/widgets/table.ts';
import type { Viewport } from '../../../screen/widgets/viewport.ts';
import { latencyText } from '../link-text.ts';
import { temperatureText } from './gpu-panel.ts';
import { percentOf } from './memory-panel.ts';
import type { SystemData } from './system-data.ts';
import { linkStateText, reasonText } from './system-header.ts';
import { meterStyle, usageStyle } from './system-look.ts';
import { topProcess } from './top-process.ts';

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

type Id = 'host' | 'cpu' | 'memory' | 'up' | 'down' | 'load' | 'temperature' | 'top' | 'latency';

const COLUMNS: readonly Column<Id>[] = [
  { id: 'host', title: 'HOST', align: 'left', minWidth: 15, idealWidth: 24, flex: 0, priority: 100 },
  { id: 'cpu', title: 'CPU %', align: 'right', minWidth: 6, idealWidth: 32, flex: 1, priority: 95 },
  { id: 'memory', title: 'MEM %', align: 'right', minWidth: 6, idealWidth: 22, flex: 1, priority: 90 },
  { id: 'down', title: 'DOWN/s', align: 'right', minWidth: 7, idealWidth: 8, flex: 0, priority: 70 },
  { id: 'up', title: 'UP/s', align: 'right', minWidth: 7, idealWidth: 8, flex: 0, priority: 69 },
  { id: 'load', title: 'LOAD', align: 'right', minWidth: 6, idealWidth: 6, flex: 0, priority: 60 },
  { id: 'temperature', title: 'TEMP', align: 'right', minWidth: 8, idealWidth: 8, flex: 0, priority: 40 },
  { id: 'top', title: 'TOP PROCESS', align: 'left', minWidth: 12, idealWidth: 26, flex: 1, priority: 50 },
  { id: 'latency', title: 'LATENCY', align: 'right', minWidth: 8, idealWidth: 8, flex: 0, priority: 45 },
];

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
  const layout = layoutColumns(COLUMNS, area.width);
  renderTable(area, buffer, {
    ...{ layout, rowCount: hosts.length, offset: viewport.offset, selected: viewport.selected },
    ...{ sortedBy: [], descending: true },
    drawCell: (row, column, x, y, width) => {
      const host = hosts[row]!;
      const state = stateOf(host, table);
      if (state === undefined) drawFigure(buffer, host, column.id, x, y, width, table);
      else if (column.id === 'host') putName(buffer, host, x, y, width, table);
      else if (column.id === 'cpu') {
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

function putName(
  buffer: Buffer,
  host: HostRow,
  x: number,
  y: number,
  width: number,
  table: HostsTable,
): void {
  putAligned(buffer, x, y, width, 'left', host.name, table.theme.text, table.ascii);
}

function drawFigure(
  buffer: Buffer,
  host: HostRow,
  id: Id,
  x: number,
  y: number,
  width: number,
  table: HostsTable,
): void {
  const { theme, ascii } = table;
  const { data } = host;
  const right = (text: string, style = theme.text): void => {
    putAligned(buffer, x, y, width, 'right', text, text === '-' ? theme.dim : style, ascii);
  };
  const rate = (value: number, style: Style): void => {
    right(compactBytesText(value), value > 0 ? style : theme.dim);
  };
  switch (id) {
    case 'host':
      putName(buffer, host, x, y, width, table);
      break;
    case 'cpu': {
      const { cpu } = data.rates;
      const graph = width - FIGURE_WIDTH - 1;
      if (graph > 3) putSparkline(buffer, x, y, graph, 1, cpu.total, 100, theme.graphRamp, ascii);
      right(figureText(cpu.usage.total));
      break;
    }
    case 'memory': {
      const memory = data.machine?.memory.value;
      const percent = percentOf(memory?.usedBytes, memory?.totalBytes);
      const bar = width - FIGURE_WIDTH - 1;
      if (bar > 3) putMeter(buffer, x, y, bar, percent, 100, meterStyle(theme, percent), theme.border, ascii);
      right(figureText(percent), usageStyle(theme, percent));
      break;
    }
    case 'up':
      rate(data.rates.interfaces.upload, theme.upload);
      break;
    case 'down':
      rate(data.rates.interfaces.download, theme.download);
      break;
    case 'load':
      right(data.machine?.cpu.value?.load1?.toFixed(2) ?? '-');
      break;
    case 'temperature':
      right(temperatureText(data.machine?.sensors.value?.cpu?.celsius, ascii));
      break;
    case 'top':
      putAligned(buffer, x, y, width, 'left', topProcess(data.rows), theme.text, ascii);
      break;
    case 'latency':
      right(latencyText(host.link) === '' ? '-' : latencyText(host.link), theme.dim);
      break;
  }
}

function figureText(percent: number): string {
  return Number.isNaN(percent) ? '-' : tenthsText(percent);
}
