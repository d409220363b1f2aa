/** Called before slots at or past the old capacity are handed out, so that the owner can lengthen its columns. */
type GrowColumns = (capacity: number) => void;

const EMPTY = 0;
const NO_SLOT = -1;
/** Up to here a table doubles when it is full, from here on it grows by half: a large one has less room to spare. */
const DOUBLED_ROWS = 1024;

/**
 * Rows found by a key of up to four 32-bit words (shorter keys pass 0 for the rest), each with a slot that
 * stays its own for as long as the row lives. Columns are typed arrays of the owner, indexed by slot.
 *
 * `rows[0..count)` are the live slots in no particular order. `serial[slot]` changes whenever the slot is given
 * to another row: a slot that is kept for later is kept with its serial. Only growth allocates.
 */
export class SlotTable {
  count = 0;
  /** Rows refused because `limit` was reached. Only ever grows. */
  overflowCount = 0;
  capacity: number;
  rows: Int32Array;
  serial: Uint32Array;
  readonly limit: number;
  readonly #growColumns: GrowColumns;
  #keys: Uint32Array;
  /** Of a live slot its place in `rows`; of a free one the slot that was freed before it, or NO_SLOT. */
  #position: Int32Array;
  #lastFree = NO_SLOT;
  #nextSlot = 0;
  #lastSerial = 0;
  /** Open addressing, linear probing: slot + 1, or EMPTY. Always at least twice the capacity. */
  #index: Int32Array;
  #mask: number;

  constructor(initialCapacity: number, limit: number, growColumns: GrowColumns) {
    this.limit = limit;
    this.capacity = Math.min(initialCapacity, limit);
    this.#growColumns = growColumns;
    this.rows = new Int32Array(this.capacity);
    this.serial = new Uint32Array(this.capacity);
    this.#keys = new Uint32Array(this.capacity * 4);
    this.#position = new Int32Array(this.capacity);
    this.#index = new Int32Array(indexSizeFor(this.capacity));
    this.#mask = this.#index.length - 1;
  }

  /** The row's slot, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const index = this.#index;
    const keys = this.#keys;
    for (let at = hash(a, b, c, d) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = index[at]! - 1;
      if (slot < 0) return -1;
      const k = slot << 2;
      if (
        keys[k] === a >>> 0 &&
        keys[k + 1] === b >>> 0 &&
        keys[k + 2] === c >>> 0 &&
        keys[k + 3] === d >>> 0
      ) {
        return slot;
      }
    }
  }

  /**
   * A slot for a key that `find` did not know, or -1 when the table is full (counted in `overflowCount`).
   * May replace the owner's columns: read them after this call, never in the same expression.
   */
  add(a: number, b: number, c: number, d: number): number {
    if (this.count === this.capacity && !this.#grow()) {
      this.overflowCount++;
      return -1;
    }
    const slot = this.#takeFree();
    const k = slot << 2;
    this.#keys[k] = a;
    this.#keys[k + 1] = b;
    this.#keys[k + 2] = c;
    this.#keys[k + 3] = d;
    this.#lastSerial = (this.#lastSerial + 1) >>> 0;
    this.serial[slot] = this.#lastSerial;
    this.#position[slot] = this.count;
    this.rows[this.count++] = slot;
    this.#link(slot);
    return slot;
  }

  /** Gives the slot back. Its columns keep their values until the slot is handed out again. */
  remove(slot: number): void {
    const position = this.#position[slot]!;
    const last = this.rows[--this.count]!;
    this.rows[position] = last;
    this.#position[last] = position;
    this.#position[slot] = this.#lastFree;
    this.#lastFree = slot;
    this.serial[slot] = 0;
    this.#unlink(slot);
  }

  /** Removes the rows that are gone, by `remove` where more than the slot goes with one. */
  removeWhere(
    isGone: (slot: number) => boolean,
    remove: (slot: number) => void = (slot) => this.remove(slot),
  ): void {
    // Downwards: a removal moves the last row, already looked at, into the hole.
    for (let i = this.count - 1; i >= 0; i--) {
      const slot = this.rows[i]!;
      if (isGone(slot)) remove(slot);
    }
  }

  keyWord(slot: number, word: 0 | 1 | 2 | 3): number {
    return this.#keys[(slot << 2) + word]!;
  }

  /** The same rows in the same slots, for readers: it belongs to no columns, so nothing may be added. */
  copy(): SlotTable {
    const copy = new SlotTable(this.capacity, this.capacity, () => undefined);
    copy.count = this.count;
    copy.overflowCount = this.overflowCount;
    copy.rows = this.rows.slice();
    copy.serial = this.serial.slice();
    copy.#keys = this.#keys.slice();
    copy.#position = this.#position.slice();
    copy.#lastFree = this.#lastFree;
    copy.#nextSlot = this.#nextSlot;
    copy.#lastSerial = this.#lastSerial;
    copy.#index = this.#index.slice();
    copy.#mask = this.#mask;
    return copy;
  }

  clear(): void {
    this.#index.fill(EMPTY);
    this.serial.fill(0);
    this.count = 0;
    this.#lastFree = NO_SLOT;
    this.#nextSlot = 0;
  }

  #hashOf(slot: number): number {
    const k = slot << 2;
    const keys = this.#keys;
    return hash(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 3]!) & this.#mask;
  }

  #link(slot: number): void {
    let at = this.#hashOf(slot);
    while (this.#index[at] !== EMPTY) at = (at + 1) & this.#mask;
    this.#index[at] = slot + 1;
  }

  /** Backward-shift deletion: no tombstones, so look-ups never slow down with churn. */
  #unlink(slot: number): void {
    const index = this.#index;
    let hole = this.#hashOf(slot);
    while (index[hole] !== slot + 1) hole = (hole + 1) & this.#mask;
    for (let at = (hole + 1) & this.#mask; index[at] !== EMPTY; at = (at + 1) & this.#mask) {
      const home = this.#hashOf(index[at]! - 1);
      if (((at - home) & this.#mask) >= ((at - hole) & this.#mask)) {
        index[hole] = index[at]!;
        hole = at;
      }
    }
    index[hole] = EMPTY;
  }

  /** Makes room for so many rows, as far as the limit lets it. */
  reserve(rows: number): void {
    const capacity = Math.min(rows, this.limit);
    if (capacity <= this.capacity) return;
    this.rows = lengthened(this.rows, new Int32Array(capacity));
    this.serial = lengthened(this.serial, new Uint32Array(capacity));
    this.#keys = lengthened(this.#keys, new Uint32Array(capacity * 4));
    this.#position = lengthened(this.#position, new Int32Array(capacity));
    this.capacity = capacity;
    const indexSize = indexSizeFor(capacity);
    if (indexSize > this.#index.length) {
      this.#index = new Int32Array(indexSize);
      this.#mask = indexSize - 1;
      for (let i = 0; i < this.count; i++) this.#link(this.rows[i]!);
    }
    this.#growColumns(capacity);
  }

  #grow(): boolean {
    const { capacity } = this;
    if (capacity >= this.limit) return false;
    this.reserve(capacity < DOUBLED_ROWS ? capacity * 2 : capacity + (capacity >> 1));
    return true;
  }

  #takeFree(): number {
    const slot = this.#lastFree;
    if (slot === NO_SLOT) return this.#nextSlot++;
    this.#lastFree = this.#position[slot]!;
    return slot;
  }
}

/** Copies `from` to the start of `to`, which is at least as long: how columns are lengthened. */
export function lengthened<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

function indexSizeFor(capacity: number): number {
  let size = 16;
  while (size < capacity * 2) size *= 2;
  return size;
}

/** Murmur-style mixing; any 32-bit words, result unsigned. */
function hash(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ d, 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}
