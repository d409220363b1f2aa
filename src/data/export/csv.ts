import { type RowFields, timeValue } from '../query/row-fields.ts';

/** A field under the name that an export has for it. */
export interface ExportedField<Source> {
  readonly name: string;
  readonly value: (source: Source, row: number) => unknown;
}

/** The fields of a list that its CSV has, in their order. */
export function csvFields<Source>(fields: RowFields<never, Source>): readonly ExportedField<Source>[] {
  const placed: ExportedField<Source>[] = [];
  const later: [at: number, field: ExportedField<Source>][] = [];
  for (const { csv: name, csvAt, value } of Object.values(fields)) {
    if (name === undefined || value === undefined) continue;
    if (csvAt === undefined) placed.push({ name, value });
    else later.push([csvAt, { name, value }]);
  }
  for (const [at, field] of later.sort(([a], [b]) => a - b)) placed.splice(at, 0, field);
  return placed;
}

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
export function csvHeader<Source>(fields: readonly ExportedField<Source>[]): string {
  return `timestamp,${fields.map(({ name }) => name).join(',')}\n`;
}

/** A line for each of the rows, those below 0 left out; what is unknown is empty. */
export function csvLines<Source>(
  fields: readonly ExportedField<Source>[],
  source: Source,
  wallMillis: number,
  rows: Int32Array,
): string {
  const timestamp = csvField(timeValue(wallMillis));
  let text = '';
  for (const row of rows) {
    if (row < 0) continue;
    text += `${timestamp},${fields.map(({ value }) => csvField(value(source, row))).join(',')}\n`;
  }
  return text;
}

/**
 * A field by RFC 4180, 2.5 to 2.7: quoted where it must be, quotes doubled. Any user names processes and any remote
 * zone names hosts: text that would be a formula in a spreadsheet, or begins with a tab or a carriage return, gets an
 * apostrophe in front, which spreadsheets take for "text". Numbers are written as they are.
 * Null is empty, lists are joined by `;`.
 */
export function csvField(value: unknown): string {
  if (value === null) return '';
  if (Array.isArray(value)) return csvField(value.join(';'));
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
