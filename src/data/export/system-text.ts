import { bytesText, rateText, tenthsText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import {
  MACHINE_PROCESS_FIELDS,
  type MachineProcessExport,
  type MachineProcessRows,
} from '../query/machine-process-rows.ts';
import { timeValue } from '../query/row-fields.ts';
import { type AlignedColumn, alignedText } from './aligned-lines.ts';
import { csvField } from './csv.ts';
import { csvFields } from './exported-fields.ts';
import type { SystemExport } from './system-export.ts';

const UNKNOWN = Number.NaN;
const CSV_FIELDS = csvFields<MachineProcessExport>(MACHINE_PROCESS_FIELDS);

/** What `--once` shows of a process. */
const TABLE_COLUMNS: readonly (AlignedColumn & { text(rows: MachineProcessRows, row: number): string })[] = [
  { title: 'PID', isNumber: true, text: ({ pid }, row) => String(pid[row]) },
  { title: 'USER', isNumber: false, text: ({ users }, row) => sanitizeLine(users[row]!) },
  { title: 'PROCESS', isNumber: false, text: ({ names }, row) => sanitizeLine(names[row]!) },
  { title: 'CPU %', isNumber: true, text: ({ machinePercent }, row) => tenthsText(machinePercent[row]!) },
  { title: 'MEM', isNumber: true, text: ({ residentBytes }, row) => bytesText(residentBytes[row]!) },
  { title: 'MEM %', isNumber: true, text: ({ memoryPercent }, row) => tenthsText(memoryPercent[row]!) },
];

/** The first line of `--csv`, with its line end. */
export function systemCsvHeader(): string {
  return `timestamp,${CSV_FIELDS.map(({ name }) => name).join(',')}\n`;
}

/** One line for each process, those that use most of the CPU first; what is unknown is empty. */
export function systemCsv(data: SystemExport): string {
  const timestamp = timeValue(data.header?.wallMillis ?? UNKNOWN) ?? '';
  let text = '';
  for (const row of data.rows.order({ key: 'cpu', isReversed: false })) {
    text += `${timestamp},${CSV_FIELDS.map(({ value }) => csvField(value(data, row))).join(',')}\n`;
  }
  return text;
}

/** What `--once` prints: the machine in two lines, then its processes, aligned, plain. */
export function systemTable(data: SystemExport): string {
  const { rows } = data;
  const lines = Array.from(rows.order({ key: 'cpu', isReversed: false }), (row) =>
    TABLE_COLUMNS.map(({ text }) => text(rows, row)),
  );
  return `${summaryOf(data)}\n\n${alignedText(TABLE_COLUMNS, lines)}`;
}

function summaryOf({ header, machine, rates, rows }: SystemExport): string {
  const { usedBytes = UNKNOWN, totalBytes = UNKNOWN } = machine?.memory.value ?? {};
  const { load1, load5, load15 } = machine?.cpu.value ?? {};
  const load = [load1, load5, load15].map((value) => value?.toFixed(2) ?? '-').join(' ');
  const { upload, download } = lastRates(rates.interfaces);
  const first = [
    sanitizeLine(header?.hostName ?? ''),
    timeValue(header?.wallMillis ?? UNKNOWN) ?? '-',
    `cpu ${tenthsText(rates.cpu.usage.total)} %`,
    `memory ${bytesText(usedBytes)} of ${bytesText(totalBytes)}`,
  ];
  const second = [
    `load ${load}`,
    `${rows.processCount} processes`,
    `up ${rateText(upload)}`,
    `down ${rateText(download)}`,
  ];
  return `${first.join('  ')}\n${second.join('  ')}`;
}

function lastRates({ uploads, downloads }: SystemExport['rates']['interfaces']): {
  readonly upload: number;
  readonly download: number;
} {
  return { upload: uploads.last, download: downloads.last };
}
