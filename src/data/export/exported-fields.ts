import { countValue } from '../query/cell-values.ts';
import type { JsonEntry, RowFields } from '../query/row-fields.ts';
import type { RecordField, Shape } from '../schema/record.ts';

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

/** The fields of a list that its JSON has, in their order. */
function jsonFields<Source>(fields: RowFields<never, Source>): readonly ExportedField<Source>[] {
  return Object.values(fields).flatMap(({ json: name, value }) =>
    name === undefined || value === undefined ? [] : [{ name, value }],
  );
}

/** Makes the JSON object of a row. */
export function entryMaker<Fields extends RowFields<never, never>, Source>(
  fields: Fields & RowFields<never, Source>,
): (source: Source, row: number) => JsonEntry<Fields> {
  const members = jsonFields<Source>(fields);
  return (source, row) => {
    const entry: Record<string, unknown> = {};
    for (const { name, value } of members) entry[name] = value(source, row);
    return entry as JsonEntry<Fields>;
  };
}

/**
 * The fields of a record under the names that its declaration gives them in JSON, in its order. What is unknown is null,
 * and so is every field where there is no record; what most machines do not have is left out.
 */
export function exportedRecord(
  { fields }: Pick<RecordField, 'fields'>,
  value: object | undefined,
): Record<string, unknown> {
  const source = (value ?? {}) as Readonly<Record<string, unknown>>;
  const entry: Record<string, unknown> = {};
  for (const [name, { json, shape, isSeldom }] of Object.entries(fields)) {
    if (json === undefined) continue;
    const exported = exportedValue(shape, source[name]);
    if (exported !== null || isSeldom !== true) entry[json] = exported;
  }
  return entry;
}

function exportedValue(shape: Shape, value: unknown): unknown {
  if (value === undefined) return null;
  if (shape.kind === 'optional') return exportedValue(shape.field.shape, value);
  if (shape.kind === 'record') return exportedRecord(shape, value as object);
  if (shape.kind !== 'list') return typeof value === 'number' ? countValue(value) : value;
  return (value as readonly unknown[]).map((item) => exportedValue(shape.item.shape, item));
}
