import type { JsonEntry, RowFields } from '../query/row-fields.ts';

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
