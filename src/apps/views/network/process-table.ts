import type { Sort, SortKey } from '../../../data/query/sort.ts';
import { isAscending } from '../../../data/query/sort.ts';
import { HISTORY_LENGTH } from '../../../data/rates/rate-history.ts';
import { OwnerKind } from '../../../data/sample/network-section.ts';
import { AsciiText } from '../../../kit/text/ascii-text.ts';
import { cellWidth } from '../../../kit/text/cell-width.ts';
import { formatBytesCompact, formatInteger } from '../../../kit/text/format.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { Style } from '../../../screen/style/style.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import { putAligned, putAlignedAscii } from '../../../screen/widgets/aligned-text.ts';
import { putBar } from '../../../screen/widgets/bar.ts';
import { type Column, type ColumnLayout, layoutColumns } from '../../../screen/widgets/column-layout.ts';
import { plainSamples } from '../../../screen/widgets/levels.ts';
import { putSparkline } from '../../../screen/widgets/sparkline.ts';
import { hitTable, renderTable, type Table, type TableHit } from '../../../screen/widgets/table.ts';
import type { NetworkData } from './network-data.ts';
import type { ProcessListing } from './process-listing.ts';

export type ProcessColumn =
  | 'pid'
  | 'user'
  | 'process'
  | 'graph'
  | 'upload'
  | 'download'
  | 'connections'
  | 'listeners';

const RATE_TEXT_WIDTH = 6;
/** Where a name leaves this much room, the command line follows it. */
const COMMAND_MIN_WIDTH = 16;
const COMMAND_GAP = 2;
/** Narrower than this, a bar says nothing. */
const BAR_MIN_WIDTH = 3;

const COLUMNS: readonly Column<ProcessColumn>[] = [
  { id: 'pid', title: 'PID', align: 'right', minWidth: 7, idealWidth: 7, flex: 0, priority: 80 },
  { id: 'user', title: 'USER', align: 'left', minWidth: 4, idealWidth: 9, flex: 0, priority: 50 },
  { id: 'process', title: 'PROCESS', align: 'left', minWidth: 10, idealWidth: 28, flex: 1, priority: 100 },
  { id: 'graph', title: 'GRAPH', align: 'left', minWidth: 8, idealWidth: 16, flex: 0, priority: 40 },
  { id: 'upload', title: 'UPLOAD/s', align: 'right', minWidth: 8, idealWidth: 16, flex: 0, priority: 89 },
  {
    id: 'download',
    title: 'DOWNLOAD/s',
    align: 'right',
    minWidth: 10,
    idealWidth: 14,
    flex: 1,
    priority: 90,
  },
  { id: 'connections', title: 'CONNS', align: 'right', minWidth: 5, idealWidth: 6, flex: 0, priority: 60 },
  { id: 'listeners', title: 'LISTEN', align: 'right', minWidth: 6, idealWidth: 6, flex: 0, priority: 30 },
];

const SORT_COLUMN: Readonly<Partial<Record<SortKey, ProcessColumn>>> = {
  download: 'download',
  upload: 'upload',
  pid: 'pid',
  name: 'process',
  connections: 'connections',
};

const COLUMN_SORT: Readonly<Partial<Record<ProcessColumn, SortKey>>> = {
  pid: 'pid',
  process: 'name',
  graph: 'rate',
  upload: 'upload',
  download: 'download',
  connections: 'connections',
};

/** The column that carries the sort mark: the rate of both directions is what the graph shows. */
export function columnOfSort(key: SortKey): ProcessColumn {
  return SORT_COLUMN[key] ?? 'graph';
}

/** What a click on a column's header sorts by; undefined: nothing. */
export function sortOfColumn(column: ProcessColumn): SortKey | undefined {
  return COLUMN_SORT[column];
}

let cachedLayout: ColumnLayout<ProcessColumn> = layoutColumns(COLUMNS, 0);

function layoutFor(width: number): ColumnLayout<ProcessColumn> {
  if (cachedLayout.width !== width) cachedLayout = layoutColumns(COLUMNS, width);
  return cachedLayout;
}

/** Everything the process table shows. */
export interface ProcessTableView {
  readonly data: NetworkData;
  readonly listing: ProcessListing;
  readonly sort: Sort;
  /** Rank of the first row on screen, and of the selected one (-1 none). */
  readonly offset: number;
  readonly selected: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

/** Draws header and rows over the area. */
export function renderProcessTable(area: Rect, buffer: Buffer, view: ProcessTableView): void {
  const shown = view.listing.window(view.sort, view.offset, area.height);
  const painter = new CellPainter(view, shown);
  const { theme } = view;
  const table: Table<ProcessColumn> = {
    layout: layoutFor(area.width),
    rowCount: view.listing.rows.count,
    offset: view.offset,
    selected: view.selected,
    sortedBy: columnOfSort(view.sort.key),
    descending: !isAscending(view.sort),
    drawCell: painter.draw,
    rowStyle: (row) => (row % 2 === 0 ? undefined : theme.zebra),
    headerStyle: theme.header,
    sortedHeaderStyle: theme.sortedHeader,
    baseStyle: theme.base,
    selectionStyle: theme.selection,
    markerStyle: theme.accent,
    ascii: view.ascii,
  };
  renderTable(area, buffer, table);
}

/** What a press at (x, y) hits: a column's header or the row of a rank. */
export function hitProcessTable(
  area: Rect,
  rowCount: number,
  offset: number,
  sort: Sort,
  x: number,
  y: number,
): TableHit<ProcessColumn> | undefined {
  const table = { layout: layoutFor(area.width), rowCount, offset, sortedBy: columnOfSort(sort.key) };
  return hitTable(area, table, x, y);
}

const scratch = new AsciiText();
const history = new Float32Array(HISTORY_LENGTH);
const samples = plainSamples(history);

/** Draws the cells of one frame; `shown` holds the rows of the ranks from `offset` on. */
class CellPainter {
  readonly #view: ProcessTableView;
  readonly #shown: Int32Array;

  constructor(view: ProcessTableView, shown: Int32Array) {
    this.#view = view;
    this.#shown = shown;
  }

  readonly draw = (
    rank: number,
    column: Column<ProcessColumn>,
    x: number,
    y: number,
    width: number,
    _style: Style,
    buffer: Buffer,
  ): void => {
    const row = this.#shown[rank - this.#view.offset];
    if (row === undefined) return;
    const { rows } = this.#view.listing;
    const { theme } = this.#view;
    switch (column.id) {
      case 'pid':
        this.#pid(row, x, y, width, buffer);
        break;
      case 'user':
        this.#user(row, x, y, width, buffer);
        break;
      case 'process':
        this.#process(row, x, y, width, buffer);
        break;
      case 'graph':
        this.#graph(row, x, y, width, buffer);
        break;
      case 'upload':
        this.#rate(rows.up[row]!, theme.uploadRamp, theme.upload, x, y, width, buffer);
        break;
      case 'download':
        this.#rate(rows.down[row]!, theme.downloadRamp, theme.download, x, y, width, buffer);
        break;
      case 'connections':
        this.#count(rows.connections[row]!, x, y, width, buffer);
        break;
      case 'listeners':
        if (rows.listeners[row]! > 0) this.#count(rows.listeners[row]!, x, y, width, buffer);
        break;
    }
  };

  #ownerOf(row: number): number {
    return this.#view.listing.rows.owner[row]!;
  }

  #isProcess(row: number): boolean {
    return this.#view.data.section.owners.kind[this.#ownerOf(row)] === OwnerKind.PROCESS;
  }

  #pid(row: number, x: number, y: number, width: number, buffer: Buffer): void {
    const { theme, ascii, data } = this.#view;
    if (!this.#isProcess(row)) {
      putAligned(buffer, x, y, width, 'right', ascii ? '-' : '╶', theme.dim, ascii);
      return;
    }
    scratch.clear();
    formatInteger(data.section.owners.pid[this.#ownerOf(row)]!, scratch);
    putAlignedAscii(buffer, x, y, width, 'right', scratch.bytes, scratch.length, theme.text, ascii);
  }

  #user(row: number, x: number, y: number, width: number, buffer: Buffer): void {
    const { theme, ascii, data } = this.#view;
    const user = data.section.owners.users[this.#ownerOf(row)] ?? '-';
    putAligned(buffer, x, y, width, 'left', user, theme.dim, ascii);
  }

  #process(row: number, x: number, y: number, width: number, buffer: Buffer): void {
    const { theme, ascii, data, listing } = this.#view;
    const { owners } = data.section;
    const owner = this.#ownerOf(row);
    const isInferred = listing.rows.isInferred[row] === 1;
    const room = isInferred ? width - 2 : width;
    const isFaint = !this.#isProcess(row) || owners.hasExited[owner] === 1;
    const name = owners.names[owner]!;
    putAligned(buffer, x, y, room, 'left', name, isFaint ? theme.dim : theme.text, ascii);
    const left = room - cellWidth(name) - COMMAND_GAP;
    const commandLine = left >= COMMAND_MIN_WIDTH ? owners.commandLines[owner] : undefined;
    if (commandLine !== undefined) {
      putAligned(buffer, x + room - left, y, left, 'left', commandLine, theme.dim, ascii);
    }
    if (isInferred) buffer.putCodePoint(x + width - 1, y, 0x7e, theme.dim);
  }

  #graph(row: number, x: number, y: number, width: number, buffer: Buffer): void {
    const { theme, ascii, listing } = this.#view;
    listing.rows.historyInto(row, history);
    putSparkline(buffer, x, y, width, 1, samples, Number.NaN, theme.graphRamp, ascii);
  }

  #rate(
    value: number,
    ramp: readonly Style[],
    style: Style,
    x: number,
    y: number,
    width: number,
    buffer: Buffer,
  ): void {
    const { theme, ascii, listing } = this.#view;
    const barWidth = width - RATE_TEXT_WIDTH - 1;
    if (barWidth >= BAR_MIN_WIDTH) putBar(buffer, x, y, barWidth, value, listing.maximumRate, ramp, ascii);
    scratch.clear();
    formatBytesCompact(value, scratch);
    const at = Math.max(0, width - RATE_TEXT_WIDTH);
    const textStyle = value > 0 ? style : theme.dim;
    const { bytes, length } = scratch;
    putAlignedAscii(buffer, x + at, y, width - at, 'right', bytes, length, textStyle, ascii);
  }

  #count(value: number, x: number, y: number, width: number, buffer: Buffer): void {
    const { theme, ascii } = this.#view;
    scratch.clear();
    formatInteger(value, scratch);
    const style = value > 0 ? theme.text : theme.dim;
    putAlignedAscii(buffer, x, y, width, 'right', scratch.bytes, scratch.length, style, ascii);
  }
}
