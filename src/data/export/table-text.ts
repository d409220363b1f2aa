import { bytesText, rateText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { ProcessRows } from '../query/process-rows.ts';
import { type NetworkRates, TOTALS_SLOT } from '../rates/network-rates.ts';
import { type NetworkSection, OwnerKind } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import { type AlignedColumn, alignedText } from './aligned-lines.ts';
import type { ExportOptions } from './export-options.ts';
import { timeValue } from './json-values.ts';

const COLUMNS: readonly AlignedColumn[] = [
  { title: 'PID', isNumber: true },
  { title: 'USER', isNumber: false },
  { title: 'PROCESS', isNumber: false },
  { title: 'UPLOAD', isNumber: true },
  { title: 'DOWNLOAD', isNumber: true },
  { title: 'UP TOTAL', isNumber: true },
  { title: 'DN TOTAL', isNumber: true },
  { title: 'CONNS', isNumber: true },
  { title: 'LISTEN', isNumber: true },
];

/** What `--once` prints: one line about the machine, then the process table, aligned, plain, ending in a line end. */
export function tableText(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const lines: string[][] = [];
  for (const row of rows.order(options.sort, 'raw')) lines.push(cellsOf(section, rows, row));
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

function cellsOf(section: NetworkSection, rows: ProcessRows, row: number): string[] {
  const { owners } = section;
  const owner = rows.owner[row]!;
  const mark = rows.isInferred[row] === 1 ? '~' : '';
  return [
    owners.kind[owner] === OwnerKind.PROCESS ? String(owners.pid[owner]) : '-',
    sanitizeLine(owners.users[owner] ?? '-'),
    sanitizeLine(`${mark}${owners.names[owner] ?? ''}`),
    rateText(rows.rawUp[row]!),
    rateText(rows.rawDown[row]!),
    bytesText(rows.upTotal[row]!),
    bytesText(rows.downTotal[row]!),
    String(rows.connections[row]),
    String(rows.listeners[row]),
  ];
}
