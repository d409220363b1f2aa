import { numbers, tableClass } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import type { OwnerTable } from '../sample/network-section.ts';

const NAMES_LIMIT = 1 << 16;

/** Small numbers for names, to compare rows by number. The lookup is skipped while a slot keeps its name. */
class NameNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  readonly #numberOf: number[] = [];

  /** Call before a list is built. Starts over if too many names were seen; earlier numbers are then invalid. */
  begin(): void {
    if (this.#numbers.size <= NAMES_LIMIT) return;
    this.#numbers.clear();
    this.#names.length = 0;
  }

  /** The number of a name, -1 if it has none. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }

  /** The number of the current name of `slot`. */
  of(slot: number, name: string): number {
    if (this.#names[slot] === name) return this.#numberOf[slot]!;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
    }
    this.#names[slot] = name;
    this.#numberOf[slot] = number;
    return number;
  }
}

/** Which row has which name, in a list with one row per name. */
export class RowsByName {
  readonly #numbers = new NameNumbers();
  /** By number of the name, -1 none. */
  #rows = new Int32Array(0);

  /** Call before a list is built: clears all rows. */
  begin(): void {
    this.#numbers.begin();
    this.#rows.fill(-1);
  }

  /** The row of a name, -1 none. */
  find(name: string): number {
    const number = this.#numbers.find(name);
    return number < 0 ? -1 : (this.#rows[number] ?? -1);
  }

  /** The row of the current name of `slot`; a name without a row gets the row `free`. */
  findOrAdd(slot: number, name: string, free: number): number {
    const number = this.#numbers.of(slot, name);
    if (number >= this.#rows.length) {
      this.#rows = lengthened(this.#rows, new Int32Array(Math.max(64, number * 2)).fill(-1));
    }
    const known = this.#rows[number]!;
    if (known >= 0) return known;
    this.#rows[number] = free;
    return free;
  }

  /** Sets the row of a known name; -1: none. */
  move(name: string, row: number): void {
    this.#rows[this.#numbers.find(name)] = row;
  }

  /** A number that stays with a name, to break ties when sorting. */
  tieOf(name: string): number {
    return this.#numbers.find(name);
  }
}

const PAIRS_LIMIT = 1 << 18;

/** Key: row, number of the name. */
class NamePairs extends tableClass(
  {
    connections: numbers('i32'),
    owner: numbers('i32'),
    /** Next pair of the row, -1 none. */
    next: numbers('i32', -1),
  },
  PAIRS_LIMIT,
) {}

/** Counts the connections of process names per list row; each name once per row. */
export class NameCounts {
  readonly #pairs = new NamePairs();
  /** First pair of each row, -1 none. */
  #first = new Int32Array(0);
  readonly #names = new NameNumbers();

  /** Call before the connections of a list of at most `rows` rows. */
  begin(rows: number): void {
    if (rows > this.#first.length) this.#first = new Int32Array(rows);
    this.#first.fill(-1, 0, rows);
    this.#pairs.slots.clear();
    this.#names.begin();
  }

  /** Counts a connection; true if the name is new to the row. */
  add(row: number, owners: OwnerTable, owner: number): boolean {
    const number = this.#names.of(owner, owners.names[owner] ?? '');
    const known = this.#pairs.slots.find(row, number, 0, 0);
    if (known >= 0) {
      this.#pairs.connections[known]!++;
      return false;
    }
    const pair = this.#pairs.slots.add(row, number, 0, 0);
    if (pair < 0) return false;
    this.#pairs.connections[pair] = 1;
    this.#pairs.owner[pair] = owner;
    this.#pairs.next[pair] = this.#first[row]!;
    this.#first[row] = pair;
    return true;
  }

  /** Moves the counts of one row to an empty one. */
  moveRow(from: number, to: number): void {
    this.#first[to] = this.#first[from]!;
  }

  /** Writes one owner for each of the row's names to `out`, most connections first; returns how many. */
  ownersInto(row: number, out: Int32Array): number {
    let last = -1;
    for (let count = 0; count < out.length; count++) {
      last = this.#nextBest(row, last);
      if (last < 0) return count;
      out[count] = this.#pairs.owner[last]!;
    }
    return out.length;
  }

  /** The best pair of the row after `last`, -1 none. */
  #nextBest(row: number, last: number): number {
    let best = -1;
    for (let pair = this.#first[row]!; pair >= 0; pair = this.#pairs.next[pair]!) {
      const isLeft = last < 0 || this.#isBefore(last, pair);
      if (isLeft && (best < 0 || this.#isBefore(pair, best))) best = pair;
    }
    return best;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#pairs.connections[a]! - this.#pairs.connections[b]!;
    return difference === 0
      ? this.#pairs.slots.keyWord(a, 1) < this.#pairs.slots.keyWord(b, 1)
      : difference > 0;
  }
}
