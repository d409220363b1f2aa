import type { RecordField, Shape } from '../../../data/schema/record.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import { lengthened } from '../../../kit/table/slot-table.ts';
import type { MetricsFormat } from './negotiate.ts';

const FIRST_SIZE_BYTES = 1 << 16;
/** No number is longer: `-1.2345678901234567e-308`, or 16 digits with a point and leading zeros. */
const NUMBER_BYTES = 32;
const EOF_BYTES = new TextEncoder().encode('# EOF\n');
const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

/**
 * Writes samples as bytes in either format. The samples of a family are to follow one another; its head is written
 * with the first, so that a family without samples is left out. Values that are not finite are missing: left out.
 */
export class ExpositionWriter {
  #bytes = new Uint8Array(FIRST_SIZE_BYTES);
  #length = 0;
  #format: MetricsFormat = 'text';
  #family: Family | undefined;
  readonly #digits = new Uint8Array(NUMBER_BYTES);

  begin(format: MetricsFormat): void {
    this.#length = 0;
    this.#format = format;
    this.#family = undefined;
  }

  /** One sample; undefined or not finite: none. */
  sample(family: Family, labels: Uint8Array, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.#start(family, labels);
    if (Number.isSafeInteger(value)) this.#scaled(value, 0);
    else this.#ascii(String(value));
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** One sample of `units / 10 ** decimals`, exactly; undefined, or no integer that a double holds: none. */
  scaled(family: Family, labels: Uint8Array, units: number | undefined, decimals: number): void {
    if (units === undefined || !Number.isFinite(units)) return;
    if (!Number.isSafeInteger(units)) {
      this.sample(family, labels, units / 10 ** decimals);
      return;
    }
    this.#start(family, labels);
    this.#scaled(units, decimals);
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** A copy of everything since `begin`, with the end that OpenMetrics wants. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#format === 'openmetrics') this.#put(EOF_BYTES);
    return this.#bytes.slice(0, this.#length);
  }

  /** Head if need be, name, labels and space; room for the number and the line's end. */
  #start(family: Family, labels: Uint8Array): void {
    if (this.#family !== family) {
      this.#family = family;
      this.#put(family.head(this.#format));
    }
    this.#reserve(family.sampleNameBytes.length + labels.length + NUMBER_BYTES + 2);
    this.#copy(family.sampleNameBytes);
    this.#copy(labels);
    this.#bytes[this.#length++] = SPACE;
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#copy(bytes);
  }

  #copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    const wanted = this.#length + count;
    if (wanted <= this.#bytes.length) return;
    this.#bytes = lengthened(this.#bytes, new Uint8Array(Math.max(wanted, this.#bytes.length * 2)));
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** Decimal digits from the last to the first, zeros behind the point left out. */
  #scaled(units: number, decimals: number): void {
    const digits = this.#digits;
    let at = NUMBER_BYTES;
    let left = Math.abs(units);
    for (let place = 0; left > 0 || place <= decimals; place++) {
      if (place === decimals && at < NUMBER_BYTES) digits[--at] = POINT;
      // Below 2^31 the engine divides integers, which is several times as fast.
      const rest = left <= 0x7fffffff ? ((left | 0) / 10) | 0 : Math.floor(left / 10);
      const digit = left - rest * 10;
      left = rest;
      if (place >= decimals || digit !== 0 || at < NUMBER_BYTES) digits[--at] = ZERO + digit;
    }
    if (units < 0) digits[--at] = MINUS;
    const bytes = this.#bytes;
    let to = this.#length;
    while (at < NUMBER_BYTES) bytes[to++] = digits[at++]!;
    this.#length = to;
  }
}

/** What a family is. `info` is a gauge that is always 1 to the text format, which knows no such type. */
type FamilyType = 'counter' | 'gauge' | 'info';

const ENCODER = new TextEncoder();
/** OpenMetrics 1.0, `metricname`, without the colon that is left to recording rules. */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SUFFIX: Record<FamilyType, string> = { counter: '_total', gauge: '', info: '_info' };

/** A metric family: what precedes its samples in each format, and the name that each sample begins with. */
export class Family {
  readonly type: FamilyType;
  /** Of its samples, in both formats: a counter's ends with `_total`, an info's with `_info`. */
  readonly sampleName: string;
  /** Base unit, in the plural, as the name ends; empty: none. */
  readonly unit: string;
  readonly sampleNameBytes: Uint8Array;
  readonly #text: Uint8Array;
  readonly #openMetrics: Uint8Array;

  constructor(type: FamilyType, sampleName: string, help: string, unit = '') {
    const suffix = SUFFIX[type];
    const name = sampleName.slice(0, sampleName.length - suffix.length);
    const isNamedWell =
      NAME.test(name) && sampleName.endsWith(suffix) && (unit === '' || name.endsWith(`_${unit}`));
    // Escapes differ between the formats: a help that needs none is the same in both.
    if (!isNamedWell || /[\\"\n]/.test(help)) {
      throw new OpError({ op: 'define metric family', code: 'BAD_NAME', message: sampleName });
    }
    this.type = type;
    this.sampleName = sampleName;
    this.unit = unit;
    this.sampleNameBytes = ENCODER.encode(sampleName);
    const textType = type === 'info' ? 'gauge' : type;
    this.#text = ENCODER.encode(`# HELP ${sampleName} ${help}\n# TYPE ${sampleName} ${textType}\n`);
    const unitLine = unit === '' ? '' : `# UNIT ${name} ${unit}\n`;
    this.#openMetrics = ENCODER.encode(`# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${help}\n`);
  }

  /** The lines before its samples. */
  head(format: MetricsFormat): Uint8Array {
    return format === 'openmetrics' ? this.#openMetrics : this.#text;
  }
}

/** `name` ends with `_total`, before that with the unit if there is one. */
export function counter(name: string, help: string, unit = ''): Family {
  return new Family('counter', name, help, unit);
}

/** `name` ends with the unit if there is one. */
export function gauge(name: string, help: string, unit = ''): Family {
  return new Family('gauge', name, help, unit);
}

/** `name` ends with `_info`; its samples are 1. */
export function info(name: string, help: string): Family {
  return new Family('info', name, help);
}

/** The label set without labels. */
export const NO_LABELS = new Uint8Array(0);

/** Control characters but for the line feed, which has an escape, and surrogates without their other half. */
const REFUSED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu;
const ESCAPED = /[\\"\n]/g;

/** Label value for both formats: invalid and control characters become U+FFFD. */
export function labelValue(text: string): string {
  return text.replace(REFUSED, '\ufffd');
}

/** Names and values in turn; the value of a label that is undefined leaves the label out. */
type LabelPairs = readonly (string | undefined)[];

/** `{device="sda",mode="idle"}`, values made valid and escaped; names are to be valid and differ. */
export function labelText(pairs: LabelPairs): string {
  let text = '';
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const value = pairs[i + 1];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${pairs[i]}="${escaped(labelValue(value))}"`;
  }
  return text === '' ? '' : `${text}}`;
}

/** As `labelText`, in bytes. */
export function encodeLabels(...pairs: LabelPairs): Uint8Array {
  return ENCODER.encode(labelText(pairs));
}

function escaped(value: string): string {
  return value.replace(ESCAPED, (found) => (found === '\n' ? '\\n' : `\\${found}`));
}

/** A family, and its value for a row: units of `10 ** -decimals`, ones where none are given; undefined is missing. */
export type RowColumn<Row> = readonly [
  family: Family,
  read: (row: Row) => number | undefined,
  decimals?: number,
];

/** A sample of each family, without labels. */
export function writeColumns<Row>(
  writer: ExpositionWriter,
  columns: readonly RowColumn<Row>[],
  row: Row,
): void {
  for (const [family, read, decimals = 0] of columns) writer.scaled(family, NO_LABELS, read(row), decimals);
}

/**
 * Rows with the label sets that they have in common in all families of their table, each set once: of two rows that
 * come to the same labels the first stays, and past `limit` none is taken.
 */
export class LabelledRows<Row> {
  readonly rows: Row[] = [];
  readonly labels: Uint8Array[] = [];
  /** Rows that were not taken. */
  leftOut = 0;
  readonly #limit: number;
  readonly #known = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False: not taken. */
  add(row: Row, ...pairs: LabelPairs): boolean {
    const text = labelText(pairs);
    if (this.rows.length >= this.#limit || this.#known.has(text)) {
      this.leftOut++;
      return false;
    }
    this.#known.add(text);
    this.rows.push(row);
    this.labels.push(ENCODER.encode(text));
    return true;
  }

  /** Writes families one after the other, each with a sample for every row. */
  samples(writer: ExpositionWriter, columns: readonly RowColumn<Row>[]): void {
    for (const [family, read, decimals = 0] of columns) {
      this.each((row, labels) => writer.scaled(family, labels, read(row), decimals));
    }
  }

  /** Calls `write` for each row with its labels. */
  each(write: (row: Row, labels: Uint8Array) => void): void {
    for (let i = 0; i < this.rows.length; i++) write(this.rows[i]!, this.labels[i]!);
  }
}

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
