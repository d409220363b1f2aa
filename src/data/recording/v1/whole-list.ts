import { type NumberFormat, TABLE_FORMATS } from '../../codec/table-format.ts';
import { TEXT_AS_BEFORE } from '../recorded-format.ts';
import { badValue } from '../recorded-header.ts';

/**
 * Before 0.2 was released a list of processes was one part, with a column for each field of `ProcessColumns` under the
 * field's name, one entry a row, and null for what is unknown. A command line of null was as before.
 */
export const WHOLE_LIST_LIMIT = 16_384;

/** Whether the part of a list holds its rows too. */
export function isWholeList(fields: Record<string, unknown>): boolean {
  return Array.isArray(fields['pid']) && fields['pid'].length > 0;
}

/** The rows of such a part as a part of today. OpError `BAD_VALUE`. */
export function rowsOfWholeList(fields: Record<string, unknown>): Record<string, unknown> {
  const { numbers, texts } = TABLE_FORMATS.processes;
  const rows: Record<string, unknown> = { rows: columnOf(fields, 'pid').length };
  for (const column of numbers) {
    if (fields[column.field.name] === undefined) continue;
    rows[column.name] = columnOf(fields, column.field.name).map((value) => numberOf(value, column));
  }
  for (const { field, name } of texts) {
    if (fields[field.name] === undefined) continue;
    const isKept = name === 'commandLines';
    rows[name] = columnOf(fields, field.name).map((text) => text ?? (isKept ? TEXT_AS_BEFORE : null));
  }
  return rows;
}

function columnOf(fields: Record<string, unknown>, name: string): readonly unknown[] {
  const column = fields[name];
  if (!Array.isArray(column)) throw badValue(name);
  return column;
}

/** What cannot be was taken for unknown. */
function numberOf(value: unknown, { least, most, absent, isDouble }: NumberFormat): unknown {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  if (value !== null && typeof value !== 'number') return value;
  return isDouble ? null : absent;
}
