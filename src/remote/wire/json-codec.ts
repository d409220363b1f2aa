import {
  badValue,
  isMissing,
  type JsonValue,
  readFlag,
  readList,
  readObject,
  readText,
  readWord,
} from '../../data/codec/json-values.ts';
import { cutText } from '../../kit/text/sanitize.ts';
import { ROWS_LIMIT } from './limits.ts';

/**
 * One kind of value of the original protocol, both ways. `read` throws an OpError `BAD_VALUE` that names the path where the type is wrong; a
 * number that cannot be (infinite, negative where it counts) is read as unknown. `write` returns undefined for a field
 * that is left out.
 */
export interface JsonCodec<T> {
  read(value: unknown, path: string): T;
  write(value: T): JsonValue | undefined;
}

export type ValueOf<C> = C extends JsonCodec<infer T> ? T : never;

type Fields = Readonly<Record<string, JsonCodec<unknown>>>;
export type ObjectOf<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]['read']> };

/** Largest double below 2^64: what an unsigned 64-bit reader still takes. */
const LARGEST_COUNT = 2 ** 64 - 2048;

/** 0 to 2^64 (beyond 2^53 the nearest double); undefined unknown, for which original peers get `standIn`. */
export function count(standIn: number | null = null): JsonCodec<number | undefined> {
  return {
    read: (value, path) => {
      const number = readNumber(value, path);
      return number === undefined || number < 0 || number > 2 ** 64 ? undefined : Math.floor(number);
    },
    write: (value) => {
      if (value === undefined || !(value >= 0)) return standIn;
      return Math.min(Math.floor(value), LARGEST_COUNT);
    },
  };
}

/** A finite number, written with at most three decimals; undefined unknown. */
export function measure(standIn: number | null = null): JsonCodec<number | undefined> {
  return {
    read: readNumber,
    write: (value) => {
      if (value === undefined || !Number.isFinite(value)) return standIn;
      return Math.abs(value) < 1e12 ? Math.round(value * 1000) / 1000 : value;
    },
  };
}

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
export const flag: JsonCodec<boolean> = { read: readFlag, write: (value) => value };

/** One of the words, or undefined for a word that this version does not know. */
export function oneOf<T extends string>(words: readonly T[]): JsonCodec<T | undefined> {
  return {
    read: (value, path) => readWord(value, path, words),
    write: (value) => value ?? null,
  };
}

/** A list; one that is missing is empty. Beyond `limit` it is refused when read and cut off when written. */
export function list<T>(item: JsonCodec<T>, limit: number = ROWS_LIMIT.list): JsonCodec<readonly T[]> {
  return {
    read: (value, path) => readList(value, path, limit).map((entry) => item.read(entry, `${path}[]`)),
    write: (values) => values.slice(0, limit).map((value) => item.write(value) ?? null),
  };
}

/** Something or undefined. */
export function optional<T>(codec: JsonCodec<T>): JsonCodec<T | undefined> {
  return {
    read: (value, path) => (isMissing(value) ? undefined : codec.read(value, path)),
    write: (value) => (value === undefined ? null : codec.write(value)),
  };
}

/** An object with these fields; others are passed over. `aliases`: other names, looked at where its own is missing. */
export function object<const F extends Fields>(
  fields: F,
  aliases: { readonly [K in keyof F]?: readonly string[] } = {},
): JsonCodec<ObjectOf<F>> {
  const members = Object.entries(fields);
  return {
    read: (value, path) => {
      const source = readObject(value, path);
      const read = members.map(([name, field]) => [
        name,
        field.read(fieldOf(source, name, aliases[name] ?? []), `${path}.${name}`),
      ]);
      return Object.fromEntries(read) as ObjectOf<F>;
    },
    write: (value) => {
      const result: { [name: string]: JsonValue } = {};
      for (const [name, field] of members) {
        const written = field.write(value[name]);
        if (written !== undefined) result[name] = written;
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

function readNumber(value: unknown, path: string): number | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value !== 'number') throw badValue(path, 'not a number');
  return Number.isFinite(value) ? value : undefined;
}
