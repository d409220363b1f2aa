import { PROCESS_FIELDS, type ProcessExport } from '../query/process-fields.ts';
import { ProcessRows } from '../query/process-rows.ts';
import { timeValue } from '../query/row-fields.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import type { ExportOptions } from './export-options.ts';
import { csvFields } from './exported-fields.ts';
import { processContext } from './json-processes.ts';

const FIELDS = csvFields<ProcessExport>(PROCESS_FIELDS);

/**
 * RFC 4180 allows no controls but line breaks, and those quoted. A name may hold anything, so the others become
 * U+FFFD: a terminal that the lines end up on is not steered by them.
 */
const CONTROLS =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const NEEDS_QUOTES = /[",\r\n]/;
/** Spreadsheets skip these, or take what follows for another cell. */
const BLANK_START = /^[\t\r]/;
/**
 * What a formula may begin with (the full-width forms are taken for it too), and all of what a spreadsheet skips or
 * splits at before it. Each run is looked at once, from its start: names as long as the kernel allows cost no more.
 */
const FORMULA_START = /(?<![;\s"])[;\s"]*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
/** Up to the last place where a cell may begin: spreadsheets split by tabs and lines, and by `;` in many countries. */
const LAST_SEPARATOR = /^(?:.*[;\t\r\n])?/s;

/** The first line, with its line end (`\n`: line tools would take a `\r` for part of the last field). */
export function csvHeader(): string {
  return `timestamp,${FIELDS.map(({ name }) => name).join(',')}\n`;
}

/** One line for each process of the snapshot; what is unknown is empty, ports are joined by spaces. */
export function snapshotToCsv(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const source = processContext(section, rates, header, options, rows);
  const timestamp = timeValue(header.wallMillis) ?? '';
  let text = '';
  for (const row of rows.order({ ...options.sort, isRaw: true })) {
    text += `${timestamp},${FIELDS.map(({ value }) => csvField(value(source, row))).join(',')}\n`;
  }
  return text;
}

/**
 * A field by RFC 4180, 2.5 to 2.7: quoted where it must be, quotes doubled. Any user names processes and any remote
 * zone names hosts: text that would be a formula in a spreadsheet, or begins with a tab or a carriage return, gets an
 * apostrophe in front, which spreadsheets take for "text". Numbers are written as they are. Null is empty.
 */
export function csvField(value: unknown): string {
  if (value === null) return '';
  const harmless = typeof value === 'string' ? value.replace(FORMULA_START, defused) : String(value);
  const text = (BLANK_START.test(harmless) ? `'${harmless}` : harmless)
    .toWellFormed()
    .replace(CONTROLS, '\ufffd');
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function defused(run: string, offset: number): string {
  const [before = ''] = LAST_SEPARATOR.exec(run) ?? [];
  if (before === '' && offset > 0) return run;
  return `${before}'${run.slice(before.length)}`;
}
