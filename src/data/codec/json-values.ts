import type { OpError } from '../../kit/errors/op-error.ts';
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

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

export function badValue(path: string, what: string): OpError {
  return wireError('decode', 'BAD_VALUE', `${path} is ${what}`);
}
