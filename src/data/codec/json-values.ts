import type { OpError } from '../../kit/errors/op-error.ts';
import { cleanText } from '../../kit/text/sanitize.ts';
import { wireError } from './wire-error.ts';

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };

/** What one reading has found so far. */
export class Reading {
  /** What fills tables that are kept: done once the whole message has been read. */
  readonly #steps: (() => void)[] = [];
  readonly #lists = new Map<string, ReadonlyMap<string, unknown>>();

  later(step: () => void): void {
    this.#steps.push(step);
  }

  finish(): void {
    for (const step of this.#steps) step();
  }

  /** Entries that have a name, for references; of two with one name the first. */
  note(list: string, entries: readonly unknown[]): void {
    const byName = new Map<string, unknown>();
    for (const entry of entries) {
      if (!isObject(entry)) return;
      const { name } = entry;
      if (typeof name === 'string' && !byName.has(name)) byName.set(name, entry);
    }
    this.#lists.set(list, byName);
  }

  entry(list: string, name: string): unknown {
    return this.#lists.get(list)?.get(name);
  }
}

/**
 * One kind of value, both ways. `read` throws an OpError with a WireErrorCode that names the path where the type is
 * wrong; what cannot be is unknown. `write` returns undefined for what is unknown, which is left out.
 */
export interface ValueCodec {
  read(value: unknown, path: string, reading: Reading): unknown;
  write(value: unknown): JsonValue | undefined;
}

/** `rx_bytes` of `rxBytes`. */
export function withUnderscores(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A list from outside; one that is missing is empty. */
export function readList(value: unknown, path: string, most: number): readonly unknown[] {
  if (isMissing(value)) return [];
  if (!Array.isArray(value)) throw badValue(path, 'not a list');
  if (value.length > most) throw wireError('decode', 'TOO_MANY_ROWS', `${path} has more than ${most}`);
  return value;
}

/** An object from outside. No requested name may be one that every object inherits. */
export function readObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw badValue(path, 'not an object');
  return value;
}

/** A text from outside, cut and without anything that could steer a terminal. */
export function readText(value: unknown, path: string, limit: number): string {
  return cleanText(stringOf(value, path), limit);
}

/** True or false; missing is false. */
export function readFlag(value: unknown, path: string): boolean {
  if (isMissing(value)) return false;
  if (typeof value !== 'boolean') throw badValue(path, 'not a boolean');
  return value;
}

/** One of the words; undefined where it is missing, or another one. */
export function readWord<W extends string>(value: unknown, path: string, words: readonly W[]): W | undefined {
  if (isMissing(value)) return undefined;
  const read = stringOf(value, path);
  return words.find((word) => word === read);
}

function stringOf(value: unknown, path: string): string {
  if (typeof value !== 'string') throw badValue(path, 'not a string');
  return value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

export function badValue(path: string, what: string): OpError {
  return wireError('decode', 'BAD_VALUE', `${path} is ${what}`);
}

/**
 * What changed between two JSON values, as JSON that is short where little changed:
 *
 * - a number is the difference to the number before; 0 means that anything is as it was;
 * - a list stands for a list of the same length, entry by entry;
 * - an object stands for an object: its fields are what changed, the others are as they were;
 * - `{"=": value}` replaces, and the text "-" as a field of an object removes that field.
 */
const REPLACED = '=';
const REMOVED = '-';
const SAME = 0;

/** The change that leads from `before` to `after`; 0: none. Takes time in proportion to the size of both. */
export function jsonDelta(before: JsonValue, after: JsonValue): JsonValue {
  if (before === after) return SAME;
  if (typeof before === 'number' && typeof after === 'number') {
    const difference = after - before;
    return before + difference === after && difference !== 0 ? difference : { [REPLACED]: after };
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    const list = after.map((value, at) => jsonDelta(before[at]!, value));
    return list.every((change) => change === SAME) ? SAME : list;
  }
  if (isRecord(before) && isRecord(after)) return objectDelta(before, after);
  return { [REPLACED]: after };
}

type JsonRecord = { readonly [name: string]: JsonValue };

function objectDelta(before: JsonRecord, after: JsonRecord): JsonValue {
  const changes: { [name: string]: JsonValue } = {};
  let isSame = true;
  for (const [name, value] of Object.entries(after)) {
    const change: JsonValue = Object.hasOwn(before, name)
      ? jsonDelta(before[name]!, value)
      : { [REPLACED]: value };
    if (change === SAME) continue;
    changes[name] = change;
    isSame = false;
  }
  for (const name of Object.keys(before)) {
    if (Object.hasOwn(after, name)) continue;
    changes[name] = REMOVED;
    isSame = false;
  }
  return isSame ? SAME : changes;
}

/** The value that a change from outside leads to; `before` stays as it is. OpError `BAD_VALUE` where they do not fit. */
export function applyJsonDelta(before: JsonValue, change: unknown): JsonValue {
  if (change === SAME) return before;
  if (typeof change === 'number') {
    if (typeof before !== 'number') throw misfit();
    return before + change;
  }
  if (Array.isArray(change)) {
    if (!Array.isArray(before) || before.length !== change.length) throw misfit();
    return change.map((each: unknown, at) => applyJsonDelta(before[at]!, each));
  }
  if (!isObject(change)) throw misfit();
  if (Object.hasOwn(change, REPLACED)) return change[REPLACED] as JsonValue;
  if (!isRecord(before)) throw misfit();
  const result: { [name: string]: JsonValue } = { ...before };
  for (const [name, each] of Object.entries(change)) {
    if (each === REMOVED) delete result[name];
    else define(result, name, applyJsonDelta(Object.hasOwn(before, name) ? before[name]! : null, each));
  }
  return result;
}

/** Also under the name `__proto__`, which a plain assignment takes for something else. */
function define(into: { [name: string]: JsonValue }, name: string, value: JsonValue): void {
  Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
}

function isRecord(value: JsonValue): value is { [name: string]: JsonValue } {
  return isObject(value);
}

function misfit(): ReturnType<typeof wireError> {
  return wireError('decode', 'BAD_VALUE', 'a change does not fit the value before it');
}
