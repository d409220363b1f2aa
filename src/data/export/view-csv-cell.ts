import { csvField } from './csv.ts';

/**
 * What a formula may begin with (the full-width forms are taken for it too), and all of what a spreadsheet skips or
 * splits at before it. Each run is looked at once, from its start: names as long as the kernel allows cost no more.
 */
const FORMULA_START = /(?<![;\s"])[;\s"]*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
/** Up to the last place where a cell may begin: spreadsheets split by tabs and lines, and by `;` in many countries. */
const LAST_SEPARATOR = /^(?:.*[;\t\r\n])?/s;

/**
 * A field of a view's file. These files are made by a key and opened in spreadsheets, while any user names processes
 * and any remote zone names hosts: text that would be a formula there gets an apostrophe in front, which spreadsheets
 * take for "text". Numbers are written as they are. The streams (`--csv`, `--json`) are for programs and keep names.
 */
export function viewCsvField(value: unknown): string {
  const text = Array.isArray(value) ? value.join(';') : value;
  return csvField(typeof text === 'string' ? text.replace(FORMULA_START, defused) : text);
}

function defused(run: string, offset: number): string {
  const [before = ''] = LAST_SEPARATOR.exec(run) ?? [];
  if (before === '' && offset > 0) return run;
  return `${before}'${run.slice(before.length)}`;
}
