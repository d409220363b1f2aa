import type { NumberArray } from './told-table.ts';

/** sint64 on the wire: not known. */
export const UNKNOWN_COUNT = -1;

/**
 * Moves values between a column, where the value of slot s stands at `s * stride + offset`, and a plain array in the
 * order of rows. Every kind of array has a loop of its own, for one loop that sees them all is several times slower.
 * A NaN is never put into the plain array, which would lose its fast form: it becomes UNKNOWN_COUNT.
 */
export function gather(
  from: NumberArray,
  stride: number,
  offset: number,
  slots: Int32Array,
  count: number,
  into: number[],
): void {
  if (from instanceof Float64Array) gatherDoubles(from, slots, count, into);
  else if (from instanceof Int32Array) gatherInts(from, slots, count, into);
  else if (from instanceof Uint32Array) gatherWords(from, stride, offset, slots, count, into);
  else if (from instanceof Uint16Array) gatherShorts(from, slots, count, into);
  else gatherBytes(from, slots, count, into);
}

/** The other way; rows whose slot is negative are passed over. */
export function scatter(
  from: Float64Array,
  into: NumberArray,
  stride: number,
  offset: number,
  slots: Int32Array,
  count: number,
): void {
  if (into instanceof Float64Array) scatterDoubles(from, into, slots, count);
  else if (into instanceof Int32Array) scatterInts(from, into, slots, count);
  else if (into instanceof Uint32Array) scatterWords(from, into, stride, offset, slots, count);
  else if (into instanceof Uint16Array) scatterShorts(from, into, slots, count);
  else scatterBytes(from, into, slots, count);
}

function gatherDoubles(from: Float64Array, slots: Int32Array, count: number, into: number[]): void {
  for (let i = 0; i < count; i++) {
    const value = from[slots[i]!]!;
    into[i] = Number.isNaN(value) ? UNKNOWN_COUNT : value;
  }
}

function gatherInts(from: Int32Array, slots: Int32Array, count: number, into: number[]): void {
  for (let i = 0; i < count; i++) into[i] = from[slots[i]!]!;
}

function gatherWords(
  from: Uint32Array,
  stride: number,
  offset: number,
  slots: Int32Array,
  count: number,
  into: number[],
): void {
  for (let i = 0; i < count; i++) into[i] = from[slots[i]! * stride + offset]!;
}

function gatherShorts(from: Uint16Array, slots: Int32Array, count: number, into: number[]): void {
  for (let i = 0; i < count; i++) into[i] = from[slots[i]!]!;
}

function gatherBytes(from: Uint8Array, slots: Int32Array, count: number, into: number[]): void {
  for (let i = 0; i < count; i++) into[i] = from[slots[i]!]!;
}

function scatterDoubles(from: Float64Array, into: Float64Array, slots: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot < 0) continue;
    const value = from[i]!;
    into[slot] = value === UNKNOWN_COUNT ? Number.NaN : value;
  }
}

function scatterInts(from: Float64Array, into: Int32Array, slots: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot >= 0) into[slot] = from[i]!;
  }
}

function scatterWords(
  from: Float64Array,
  into: Uint32Array,
  stride: number,
  offset: number,
  slots: Int32Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot >= 0) into[slot * stride + offset] = from[i]!;
  }
}

function scatterShorts(from: Float64Array, into: Uint16Array, slots: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot >= 0) into[slot] = from[i]!;
  }
}

function scatterBytes(from: Float64Array, into: Uint8Array, slots: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot >= 0) into[slot] = from[i]!;
  }
}
