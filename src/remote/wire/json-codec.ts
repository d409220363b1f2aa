import {
  badValue,
  isMissing,
  type JsonValue,
  readObject,
  withUnderscores,
} from '../../data/codec/json-values.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { cleanText, cutText } from '../../data/codec/wire-text.ts';
import { ROWS_LIMIT } from './limits.ts';

/** The original peers want a number where we may know none; ours read null. */
type Dialect = 'original' | 'v2';

/**
 * One kind of value, both ways. `read` throws an OpError `BAD_VALUE` that names the path where the type is wrong; a
 * number that cannot be (infinite, negative where it counts) is read as unknown. `write` returns undefined for a field
 * that is left out.
 */
export interface JsonCodec<T> {
  read(value: unknown, path: string): T;
  write(value: T, dialect: Dialect): JsonValue | undefined;
}

type Fields<T> = { readonly [K in keyof T]-?: JsonCodec<T[K]> };

/** Largest double below 2^64: what an unsigned 64-bit reader still takes. */
const LARGEST_COUNT = 2 ** 64 - 2048;

/**
 * An integer from 0 to 2^64 (beyond 2^53 the nearest double); undefined unknown. `standIn` is what the original peers
 * get for unknown; null where they know null.
 */
export function count(standIn: number | null = null): JsonCodec<number | undefined> {
  return {
    read: (value, path) => {
      const number = readNumber(value, path);
      return number === undefined || number < 0 || number > 2 ** 64 ? undefined : Math.floor(number);
    },
    write: (value, dialect) => {
      if (value === undefined || !(value >= 0)) return dialect === 'original' ? standIn : null;
      return Math.min(Math.floor(value), LARGEST_COUNT);
    },
  };
}

/** A finite number, written with at most three decimals; undefined unknown. */
export function measure(standIn: number | null = null): JsonCodec<number | undefined> {
  return {
    read: readNumber,
    write: (value, dialect) => {
      if (value === undefined || !Number.isFinite(value)) return dialect === 'original' ? standIn : null;
      return Math.abs(value) < 1e12 ? Math.round(value * 1000) / 1000 : value;
    },
  };
}

/** A finite number to the last bit; undefined unknown. */
const exact: JsonCodec<number | undefined> = {
  read: readNumber,
  write: (value) => (value === undefined || !Number.isFinite(value) ? null : value),
};

/** A text, cleaned when read; one that is missing is empty. */
export function text(limit: number): JsonCodec<string> {
  return {
    read: (value, path) => (isMissing(value) ? '' : readText(value, path, limit)),
    write: (value) => cutText(value, limit),
  };
}

/** A text or undefined, cleaned when read. */
export function optionalText(limit: number): JsonCodec<string | undefined> {
  return {
    read: (value, path) => (isMissing(value) ? undefined : readText(value, path, limit)),
    write: (value) => (value === undefined ? null : cutText(value, limit)),
  };
}

/** True or false; missing is false. */
export const flag: JsonCodec<boolean> = {
  read: (value, path) => {
    if (isMissing(value)) return false;
    if (typeof value !== 'boolean') throw badValue(path, 'no boolean');
    return value;
  },
  write: (value) => value,
};

/** One of the words, or undefined for a word that this version does not know. */
export function oneOf<T extends string>(words: readonly T[]): JsonCodec<T | undefined> {
  return {
    read: (value, path) => {
      if (isMissing(value)) return undefined;
      if (typeof value !== 'string') throw badValue(path, 'no text');
      return words.find((word) => word === value);
    },
    write: (value) => value ?? null,
  };
}

/** A list; one that is missing is empty. Beyond `limit` it is refused when read and cut off when written. */
export function list<T>(item: JsonCodec<T>, limit: number = ROWS_LIMIT.list): JsonCodec<readonly T[]> {
  return {
    read: (value, path) => {
      if (isMissing(value)) return [];
      if (!Array.isArray(value)) throw badValue(path, 'no list');
      if (value.length > limit) throw wireError('decode', 'TOO_MANY_ROWS', `${path} has more than ${limit}`);
      return value.map((entry: unknown) => item.read(entry, `${path}[]`));
    },
    write: (values, dialect) => values.slice(0, limit).map((value) => item.write(value, dialect) ?? null),
  };
}

/** Something or undefined. */
export function optional<T>(codec: JsonCodec<T>): JsonCodec<T | undefined> {
  return {
    read: (value, path) => (isMissing(value) ? undefined : codec.read(value, path)),
    write: (value, dialect) => (value === undefined ? null : codec.write(value, dialect)),
  };
}

/** Numbers in a column; NaN is null on the wire. */
export const column: JsonCodec<ArrayLike<number>> = {
  read: (value, path) => {
    const numbers = list(exact, ROWS_LIMIT.list).read(value, path);
    return numbers.map((number) => number ?? Number.NaN);
  },
  write: (values) => {
    const numbers: JsonValue[] = [];
    const count = Math.min(values.length, ROWS_LIMIT.list);
    for (let i = 0; i < count; i++) numbers.push(Number.isFinite(values[i]!) ? values[i]! : null);
    return numbers;
  },
};

/**
 * An object with these fields; others are passed over. `aliases` are further names that a field may have when read,
 * looked at in order where its own is missing.
 */
export function object<T extends object>(
  fields: Fields<T>,
  aliases: { readonly [K in keyof T]?: readonly string[] } = {},
): JsonCodec<T> {
  return namedObject(fields, (name) => name, aliases);
}

/** An object whose `rxBytes` is called `rx_bytes` on the wire. */
export function record<T extends object>(fields: Fields<T>): JsonCodec<T> {
  return namedObject(fields, withUnderscores, {});
}

function namedObject<T extends object>(
  fields: Fields<T>,
  wireName: (name: string) => string,
  aliases: { readonly [K in keyof T]?: readonly string[] },
): JsonCodec<T> {
  const names = ownKeys(fields).map((name) => ({
    name,
    onWire: wireName(String(name)),
    aliases: aliases[name] ?? [],
  }));
  return {
    read: (value, path) => {
      const source = readObject(value, path);
      const result: Partial<T> = {};
      for (const { name, onWire, aliases } of names) {
        result[name] = fields[name].read(fieldOf(source, onWire, aliases), `${path}.${onWire}`);
      }
      if (!isWhole(result, fields)) throw badValue(path, 'incomplete');
      return result;
    },
    write: (value, dialect) => {
      const result: { [name: string]: JsonValue } = {};
      for (const { name, onWire } of names) {
        const written = fields[name].write(value[name], dialect);
        if (written !== undefined) result[onWire] = written;
      }
      return result;
    },
  };
}

function fieldOf(
  source: Readonly<Record<string, unknown>>,
  name: string,
  aliases: readonly string[],
): unknown {
  const own = source[name];
  if (aliases.length === 0 || !isMissing(own)) return own;
  const alias = aliases.find((candidate) => !isMissing(source[candidate]));
  return alias === undefined ? own : source[alias];
}

function ownKeys<T extends object>(fields: Fields<T>): (keyof T)[] {
  const names: (keyof T)[] = [];
  for (const name in fields) names.push(name);
  return names;
}

/** Every field was read by its codec, which is what makes the object one. */
function isWhole<T extends object>(result: Partial<T>, fields: Fields<T>): result is T {
  for (const name in fields) {
    if (!(name in result)) return false;
  }
  return true;
}

function readNumber(value: unknown, path: string): number | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value !== 'number') throw badValue(path, 'no number');
  return Number.isFinite(value) ? value : undefined;
}

function readText(value: unknown, path: string, limit: number): string {
  if (typeof value !== 'string') throw badValue(path, 'no text');
  return cleanText(value, limit);
}
