import { cellWidth } from '../../kit/text/cell-width.ts';
import { bytesText, rateText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { GroupRows } from '../query/group-rows.ts';
import { pidValue } from '../query/process-fields.ts';
import { ProcessRows } from '../query/process-rows.ts';
import { timeValue } from '../query/row-fields.ts';
import { type NetworkRates, TOTALS_SLOT } from '../rates/network-rates.ts';
import type { NetworkSection, OwnerTable } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { groupedRows } from './network-csv.ts';
import type { ExportOptions } from './network-json.ts';

/** What rows of processes and rows that sum them both have. */
type TrafficRows = Pick<ProcessRows, 'rawUp' | 'rawDown' | 'upTotal' | 'downTotal' | 'connections'>;

const number = { isNumber: true } as const;
const word = { isNumber: false } as const;

const TRAFFIC_COLUMNS: readonly (AlignedColumn & { text(rows: TrafficRows, row: number): string })[] = [
  { title: 'UPLOAD', ...number, text: ({ rawUp }, row) => rateText(rawUp[row]!) },
  { title: 'DOWNLOAD', ...number, text: ({ rawDown }, row) => rateText(rawDown[row]!) },
  { title: 'UP TOTAL', ...number, text: ({ upTotal }, row) => bytesText(upTotal[row]!) },
  { title: 'DN TOTAL', ...number, text: ({ downTotal }, row) => bytesText(downTotal[row]!) },
  { title: 'CONNS', ...number, text: ({ connections }, row) => String(connections[row]) },
];

/** What `--once` shows of a process. */
const COLUMNS: readonly (AlignedColumn & {
  text(rows: ProcessRows, row: number, owners: OwnerTable, owner: number): string;
})[] = [
  { title: 'PID', ...number, text: (_, _row, owners, owner) => String(pidValue(owners, owner) ?? '-') },
  { title: 'USER', ...word, text: (_, _row, { users }, owner) => sanitizeLine(users[owner] ?? '-') },
  { title: 'PROCESS', ...word, text: nameText },
  ...TRAFFIC_COLUMNS,
  {
    ...{ title: 'LISTEN', isNumber: true },
    text: ({ listeners }, row, { namespaces }, owner) =>
      listeners[row] === 0 && namespaces[owner] !== undefined ? '-' : String(listeners[row]),
  },
];

/** What `--once` shows of a row that sums processes, after its name. */
const GROUP_COLUMNS: readonly (AlignedColumn & { text(rows: GroupRows, row: number): string })[] = [
  { title: 'PROCS', ...number, text: ({ processes }, row) => String(processes[row]) },
  ...TRAFFIC_COLUMNS,
  { title: 'LISTEN', ...number, text: ({ listeners }, row) => String(listeners[row]) },
];

/** What `--once` prints: one line about the machine, then the process table or its sums, aligned, plain, ending in a line end. */
export function tableText(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  if (options.groupBy !== undefined) {
    const { rows, order } = groupedRows(section, rates, options);
    const lines = Array.from(order, (row) => [
      sanitizeLine(rows.nameOf(row) || '-'),
      ...GROUP_COLUMNS.map(({ text }) => text(rows, row)),
    ]);
    const columns = [{ title: options.groupBy.toUpperCase(), isNumber: false }, ...GROUP_COLUMNS];
    return `${summaryLine(section, rates, header, options)}\n\n${alignedText(columns, lines)}`;
  }
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const { owners } = section;
  const lines = Array.from(rows.order({ ...options.sort, isRaw: true }), (row) =>
    COLUMNS.map(({ text }) => text(rows, row, owners, rows.owner[row]!)),
  );
  return `${summaryLine(section, rates, header, options)}\n\n${alignedText(COLUMNS, lines)}`;
}

function summaryLine(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  { scope }: ExportOptions,
): string {
  const share = rates.attributedRatioOf(scope.interfaceIndex, section.interfaces);
  const parts = [
    sanitizeLine(header.hostName),
    timeValue(header.wallMillis) ?? '-',
    section.tier,
    Number.isNaN(share) ? 'attributed -' : `attributed ${Math.round(share * 100)}%`,
    `up ${rateText(rates.totals.rawTx[TOTALS_SLOT]!)}`,
    `down ${rateText(rates.totals.rawRx[TOTALS_SLOT]!)}`,
  ];
  return parts.join('  ');
}

/** `~` where some of the bytes were inferred, `@` before another network namespace. */
function nameText(rows: ProcessRows, row: number, { names, namespaces }: OwnerTable, owner: number): string {
  const namespace = namespaces[owner] === undefined ? '' : ` @${namespaces[owner]}`;
  return sanitizeLine(`${rows.isInferred[row] === 1 ? '~' : ''}${names[owner] ?? ''}${namespace}`);
}

export interface AlignedColumn {
  readonly title: string;
  /** Aligned to the right. */
  readonly isNumber: boolean;
}

/** A line of titles and one for each row, columns as wide as their widest cell; each ends in a line end. */
export function alignedText(columns: readonly AlignedColumn[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map(() => 0);
  for (const cells of lines) {
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i]!, cellWidth(cell));
  }
  let text = '';
  for (const cells of lines) {
    const padded = cells.map((cell, i) => {
      const gap = ' '.repeat(widths[i]! - cellWidth(cell));
      return columns[i]!.isNumber ? gap + cell : cell + gap;
    });
    text += `${padded.join('  ').trimEnd()}\n`;
  }
  return text;
}
