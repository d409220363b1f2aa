import type { RecordField, Shape } from '../../../data/schema/record.ts';
import { Family, type RowColumn } from './exposition-writer.ts';

/** What Prometheus has of a unit: its base unit, and how many of ours that is as a power of ten. */
const BASE_UNITS: Readonly<Record<string, readonly [base: string, decimals: number]>> = {
  milliseconds: ['seconds', 3],
  microseconds: ['seconds', 6],
  nanoseconds: ['seconds', 9],
  milliwatts: ['watts', 3],
  percent: ['ratio', 2],
};

/** A value where the field itself is not what the family shows, in the field's unit. */
type Values<T> = { readonly [K in keyof T]?: (record: T) => number | undefined };

/** The families that a record's declaration names, in its order. */
export function recordColumns<T extends object>(
  { fields }: Pick<RecordField, 'fields'>,
  values: Values<T> = {},
): RowColumn<T>[] {
  return Object.entries(fields).flatMap(([name, { metric, shape }]): RowColumn<T>[] => {
    if (metric === undefined) return [];
    const unit = unitOf(shape);
    const [base, decimals] = BASE_UNITS[unit] ?? [unit, 0];
    const stem = metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
    const familyUnit = stem.endsWith(`_${base}`) ? base : undefined;
    const key = name as keyof T;
    return [
      [
        new Family(metric.type, metric.name, metric.help, familyUnit),
        values[key] ?? ((record) => numberOf(record[key])),
        decimals,
      ],
    ];
  });
}

function unitOf(shape: Shape): string {
  if (shape.kind === 'optional') return unitOf(shape.field.shape);
  return shape.kind === 'number' ? shape.unit : '';
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : undefined;
}
