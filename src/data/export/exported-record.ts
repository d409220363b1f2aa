import { countValue } from '../query/row-fields.ts';
import type { RecordField, Shape } from '../schema/record.ts';

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
