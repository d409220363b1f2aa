import { bytesText, rateText, tenthsText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { countValue, rateValue, timeValue } from '../query/cell-values.ts';
import { alignedText } from './aligned-lines.ts';
import { csvField } from './csv.ts';
import type { SystemExport } from './system-export.ts';

const UNKNOWN = Number.NaN;
const CSV_COLUMNS = [
  'timestamp',
  'pid',
  'process',
  'user',
  'cpu_percent',
  'mem_bytes',
  'mem_percent',
  'threads',
  'state',
  'read_bytes_per_s',
  'write_bytes_per_s',
] as const;

const TABLE_COLUMNS = [
  { title: 'PID', isNumber: true },
  { title: 'USER', isNumber: false },
  { title: 'PROCESS', isNumber: false },
  { title: 'CPU %', isNumber: true },
  { title: 'MEM', isNumber: true },
  { title: 'MEM %', isNumber: true },
] as const;

/** The first line of `--csv`, with its line end. */
export function systemCsvHeader(): string {
  return `${CSV_COLUMNS.join(',')}\n`;
}

/** One line for each process, those that use most of the CPU first; what is unknown is empty. */
export function systemCsv(data: SystemExport): string {
  const { rows, processes, processRates } = data;
  const timestamp = timeValue(data.header?.wallMillis ?? UNKNOWN) ?? '';
  let text = '';
  for (const row of rows.order({ key: 'cpu', isReversed: false })) {
    const slot = processes?.processes.find(rows.pid[row]!) ?? -1;
    const fields = [
      timestamp,
      rows.pid[row]!,
      rows.names[row]!,
      rows.users[row]!,
      rateValue(rows.machinePercent[row]!),
      countValue(rows.residentBytes[row]!),
      rateValue(rows.memoryPercent[row]!),
      countValue(rows.threads[row]!),
      rows.state[row] === 0 ? '' : String.fromCharCode(rows.state[row]!),
      rateValue(processRates.io.rawRx[slot] ?? UNKNOWN),
      rateValue(processRates.io.rawTx[slot] ?? UNKNOWN),
    ];
    text += `${fields.map(csvField).join(',')}\n`;
  }
  return text;
}

/** What `--once` prints: the machine in two lines, then its processes, aligned, plain. */
export function systemTable(data: SystemExport): string {
  const { rows } = data;
  const lines = Array.from(rows.order({ key: 'cpu', isReversed: false }), (row) => [
    String(rows.pid[row]),
    sanitizeLine(rows.users[row]!),
    sanitizeLine(rows.names[row]!),
    tenthsText(rows.machinePercent[row]!),
    bytesText(rows.residentBytes[row]!),
    tenthsText(rows.memoryPercent[row]!),
  ]);
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
