import { isObject, type JsonValue } from './json-values.ts';
import { wireError } from './wire-error.ts';

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
