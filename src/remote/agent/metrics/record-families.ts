import type { RecordField, Shape } from '../../../data/schema/record.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { Family } from './family.ts';

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

interface FieldFamily<T> {
  readonly family: Family;
  readonly decimals: number;
  readonly value: (record: T) => number | undefined;
}

/** The families that a record's declaration names, in its order. */
export class RecordFamilies<T extends object> {
  readonly #families: readonly FieldFamily<T>[];

  constructor({ fields }: Pick<RecordField, 'fields'>, values: Values<T> = {}) {
    this.#families = Object.entries(fields).flatMap(([name, { metric, shape }]): FieldFamily<T>[] => {
      if (metric === undefined) return [];
      const unit = unitOf(shape);
      const [base, decimals] = BASE_UNITS[unit] ?? [unit, 0];
      const stem = metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
      const family = new Family(
        metric.type,
        metric.name,
        metric.help,
        stem.endsWith(`_${base}`) ? base : undefined,
      );
      const key = name as keyof T;
      return [{ family, decimals, value: values[key] ?? ((record) => numberOf(record[key])) }];
    });
  }

  /** Calls `write` once for each family, with what puts the sample of one record. */
  each(writer: ExpositionWriter, write: (put: (labels: Uint8Array, record: T) => void) => void): void {
    for (const { family, decimals, value } of this.#families) {
      write((labels, record) => writer.scaled(family, labels, value(record), decimals));
    }
  }
}

function unitOf(shape: Shape): string {
  if (shape.kind === 'optional') return unitOf(shape.field.shape);
  return shape.kind === 'number' ? shape.unit : '';
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : undefined;
}
