import { cutText } from '../../kit/text/sanitize.ts';
import { TEXT_LIMIT } from '../schema/column.ts';
import type { AnyField, Field, Fields, Shape } from '../schema/record.ts';
import { SECTION, type Section, SNAPSHOT_HEADER, type SnapshotHeader } from '../schema/section-facts.ts';
import {
  badValue,
  isMissing,
  isObject,
  type JsonValue,
  Reading,
  readFlag,
  readList,
  readObject,
  readText,
  readWord,
  type ValueCodec,
  withUnderscores,
} from './json-values.ts';
import { columnsCodec, rowsCodec } from './table-json.ts';

/** Largest double below 2^64: what an unsigned 64-bit reader still takes. */
const LARGEST_COUNT = 2 ** 64 - 2048;

/** Reads and writes declared values as JSON. Tables of a record that are kept are the codec's own. */
export class RecordCodec<T> {
  readonly #codec: ValueCodec;

  constructor(field: Field<T>) {
    this.#codec = codecOf(field.shape);
  }

  /** Throws OpError, and has changed nothing then. */
  read(value: unknown, path: string): T {
    const reading = new Reading();
    const result = this.#codec.read(value, path, reading);
    reading.finish();
    return result as T;
  }

  write(value: T): JsonValue {
    return this.#codec.write(value) ?? null;
  }
}

/** A section and the snapshot that it belongs to. */
export interface ToldSection<S extends Section> {
  readonly header: SnapshotHeader;
  readonly section: S;
}

/** Sections as JSON: `header`, what every section says under `section`, and the fields of this one. */
export class SectionCodec<T extends object> {
  readonly #codec: ValueCodec;

  constructor({ fields }: { readonly fields: Fields } & Field<T>) {
    this.#codec = recordCodec({ header: SNAPSHOT_HEADER, section: SECTION, ...fields });
  }

  /** Throws OpError, and has changed nothing then. */
  read(value: unknown, path = 'reply'): ToldSection<Section & T> {
    const reading = new Reading();
    const told = this.#codec.read(value, path, reading) as ToldSection<Section>;
    reading.finish();
    const { header, section, ...fields } = told;
    return { header, section: { ...section, ...(fields as unknown as T) } };
  }

  /** Borrowed like the section: to be printed at once. */
  write({ header, section }: ToldSection<Section & T>): JsonValue {
    return this.#codec.write({ ...section, header, section }) ?? null;
  }
}

function codecOf(shape: Shape): ValueCodec {
  switch (shape.kind) {
    case 'number':
      return numberCodec(shape);
    case 'text':
      return textCodec(shape.limit);
    case 'flag':
      return FLAG;
    case 'word':
      return wordCodec(shape.words, shape.unknown);
    case 'optional':
      return optionalCodec(shape.field);
    case 'list':
      return listCodec(shape.item, shape.most);
    case 'record':
      return recordCodec(shape.fields);
    case 'reference':
      return referenceCodec(shape.list);
    case 'columns':
      return columnsCodec(shape);
    case 'rows':
      return rowsCodec(shape);
  }
}

function numberCodec({ unknown, isWhole, least, most }: Extract<Shape, { kind: 'number' }>): ValueCodec {
  return {
    read: (value, path) => {
      if (isMissing(value)) return unknown;
      if (typeof value !== 'number') throw badValue(path, 'not a number');
      if (!(value >= least && value <= most)) return unknown;
      return isWhole ? Math.floor(value) : value;
    },
    write: (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value) || value < least) return undefined;
      return isWhole ? Math.min(Math.floor(value), LARGEST_COUNT) : value;
    },
  };
}

/** Cleaned when read. */
function textCodec(limit: number): ValueCodec {
  return {
    read: (value, path) => (isMissing(value) ? '' : readText(value, path, limit)),
    write: (value) => (typeof value === 'string' && value !== '' ? cutText(value, limit) : undefined),
  };
}

const FLAG: ValueCodec = { read: readFlag, write: (value) => value === true };

function wordCodec(words: readonly string[], unknown: string | undefined): ValueCodec {
  return {
    read: (value, path) => readWord(value, path, words) ?? unknown,
    write: (value) => (typeof value === 'string' ? value : undefined),
  };
}

function optionalCodec({ shape }: AnyField): ValueCodec {
  const codec = codecOf(shape);
  return {
    read: (value, path, reading) => (isMissing(value) ? undefined : codec.read(value, path, reading)),
    write: (value) => {
      if (value === undefined) return undefined;
      const written = codec.write(value);
      // An empty text or list is not the same as none.
      if (written !== undefined) return written;
      return shape.kind === 'text' ? '' : shape.kind === 'list' ? [] : undefined;
    },
  };
}

/** Beyond `most` entries it is refused when read, and cut off when written. */
function listCodec({ shape }: AnyField, most: number): ValueCodec {
  const item = codecOf(shape);
  return {
    read: (value, path, reading) =>
      readList(value, path, most).map((entry) => item.read(entry, `${path}[]`, reading)),
    write: (value) => {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      return value.slice(0, most).map((entry: unknown) => item.write(entry) ?? null);
    },
  };
}

/** An object with these fields, under their names with underscores; others are passed over. */
function recordCodec(fields: Fields): ValueCodec {
  const referred = new Set(Object.values(fields).flatMap(({ shape }) => listsReferredTo(shape)));
  const members = Object.entries(fields)
    .filter(([, field]) => field.internal === undefined)
    .map(([name, { shape }]) => ({
      ...{ name, isReferred: referred.has(name), codec: codecOf(shape) },
      onWire: jsonNameOf(name, shape),
    }));
  return {
    read: (value, path, reading) => {
      const source = readObject(value, path);
      const result: Record<string, unknown> = {};
      for (const { name, onWire, codec, isReferred } of members) {
        const read = codec.read(source[onWire], `${path}.${onWire}`, reading);
        if (isReferred) reading.note(name, read as readonly unknown[]);
        result[name] = read;
      }
      return result;
    },
    write: (value) => {
      const source = value as Readonly<Record<string, unknown>>;
      const result: { [name: string]: JsonValue } = {};
      for (const { name, onWire, codec } of members) {
        const written = codec.write(source[name]);
        if (written !== undefined) result[onWire] = written;
      }
      return result;
    },
  };
}

function referenceCodec(list: string): ValueCodec {
  const name = textCodec(TEXT_LIMIT.name);
  return {
    read: (value, path, reading) =>
      isMissing(value) ? undefined : reading.entry(list, name.read(value, path, reading) as string),
    write: (value) => (isObject(value) ? name.write(value['name']) : undefined),
  };
}

/** The name of a field in JSON: `rx_bytes` of `rxBytes`, of a reference with `_name` behind it. */
export function jsonNameOf(name: string, { kind }: Shape): string {
  return withUnderscores(kind === 'reference' ? `${name}Name` : name);
}

/** Names of the lists that a field, or the entries of a list, refer to. */
function listsReferredTo(shape: Shape): string[] {
  if (shape.kind === 'reference') return [shape.list];
  if (shape.kind !== 'list' || shape.item.shape.kind !== 'record') return [];
  const { fields } = shape.item.shape;
  return Object.values(fields).flatMap(({ shape }) => (shape.kind === 'reference' ? [shape.list] : []));
}
