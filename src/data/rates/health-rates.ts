import { lengthened, type SlotTable } from '../../kit/table/slot-table.ts';
import type { NetworkSection } from '../sample/network-section.ts';

/** Growth of some counters of a table over the last ten seconds, by its slots. */
type Growths<Name extends string> = Readonly<Record<Name, WindowedGrowth>>;

/** Of owners or hosts. */
export type SubjectGrowths = Growths<'retransmits' | 'dataSegments' | 'drops'>;

function subjectGrowths(): SubjectGrowths {
  return {
    ...{ retransmits: new WindowedGrowth(), dataSegments: new WindowedGrowth() },
    drops: new WindowedGrowth(),
  };
}

/** Segments sent again of those sent with data, 0 to 1; NaN: none were sent, or nothing is known. */
export function retransmittedShare(growths: SubjectGrowths, slot: number, serial: number): number {
  return shareOf(growths.retransmits.of(slot, serial), growths.dataSegments.of(slot, serial));
}

function copyOf<Name extends string>(growths: Growths<Name>): Growths<Name> {
  const copies = Object.entries<WindowedGrowth>(growths).map(([name, growth]) => [name, growth.copy()]);
  return Object.fromEntries(copies) as Growths<Name>;
}

/** Takes a sample of a table that has these counters; `isFirst`: what they count is a baseline. */
function takeCounters<Name extends string>(
  growths: Growths<Name>,
  table: { readonly slots: SlotTable } & Readonly<Record<Name, ArrayLike<number>>>,
  isFirst: boolean,
  isPartOver: boolean,
): void {
  const { rows, count, serial } = table.slots;
  for (const name in growths) {
    const growth = growths[name];
    const counters = table[name];
    growth.begin(table.slots, isFirst);
    if (isPartOver) growth.rotate();
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      growth.record(slot, serial[slot]!, counters[slot]!, isFirst);
    }
  }
}

/** A part of a whole, 0 to 1; NaN: there is no whole, or it is not known. */
export function shareOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : Number.NaN;
}

/** What has grown in the last ten seconds of the figures that tell the health of a network. */
export class HealthRates {
  owners = subjectGrowths();
  hosts = subjectGrowths();
  /** What problems count, what it is a part of, and the times that segments were out of order. */
  problems: Growths<'count' | 'outOf' | 'reorderings'> = {
    ...{ count: new WindowedGrowth(), outOf: new WindowedGrowth(), reorderings: new WindowedGrowth() },
  };
  /** What listeners and UDP sockets had no room for. */
  socketDrops = new WindowedGrowth();
  #clock = new WindowClock();

  /** The length of the window, seconds. */
  get seconds(): number {
    return this.#clock.seconds;
  }

  /** Takes a sample; `previousMicros` is the time of the one before, NaN: it is the first of its epoch. */
  update(section: NetworkSection, previousMicros: number): void {
    const isFirst = Number.isNaN(previousMicros);
    const isPartOver = this.#clock.advance(section.monotonicMicros, previousMicros);
    takeCounters(this.owners, section.owners, isFirst, isPartOver);
    takeCounters(this.hosts, section.hosts, isFirst, isPartOver);
    takeCounters(this.problems, section.problems, isFirst, isPartOver);
    this.#updateDrops(section, isFirst, isPartOver);
  }

  copy(): HealthRates {
    const copy = new HealthRates();
    copy.owners = copyOf(this.owners);
    copy.hosts = copyOf(this.hosts);
    copy.problems = copyOf(this.problems);
    copy.socketDrops = this.socketDrops.copy();
    copy.#clock = this.#clock.copy();
    return copy;
  }

  /** What a socket dropped before it was first seen does not count: a listener may be old. */
  #updateDrops({ sockets }: NetworkSection, isFirst: boolean, isPartOver: boolean): void {
    const { rows, count, serial } = sockets.slots;
    this.socketDrops.begin(sockets.slots, isFirst);
    if (isPartOver) this.socketDrops.rotate();
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const drops = sockets.drops[slot]!;
      const isBaseline = isFirst || sockets.bornBeforeStart[slot] === 1;
      if (drops >= 0) this.socketDrops.record(slot, serial[slot]!, drops, isBaseline);
    }
  }
}

/** The window has so many parts of so many seconds each, and what has come since the last one. */
const PARTS = 5;
const PART_SECONDS = 2;

/** Growth of a counter over the last ten seconds, by slots. Rows that come later count from 0; NaN has no growth. */
export class WindowedGrowth {
  /** Counters as of the last sample, and as of the ends of the parts, in a ring. */
  #last = new Float64Array(0);
  #ends: Float64Array[] = Array.from({ length: PARTS }, () => new Float64Array(0));
  #serials = new Uint32Array(0);
  #oldest = 0;

  /** Before a sample's rows: room for the table's; `isFirst`: what they count is a baseline. */
  begin({ capacity }: SlotTable, isFirst: boolean): void {
    if (isFirst) this.#serials.fill(0);
    if (capacity <= this.#last.length) return;
    this.#last = lengthened(this.#last, new Float64Array(capacity));
    this.#serials = lengthened(this.#serials, new Uint32Array(capacity));
    this.#ends = this.#ends.map((end) => lengthened(end, new Float64Array(capacity)));
  }

  /** The oldest part ends to be looked at, and one of the present counters begins. */
  rotate(): void {
    this.#ends[this.#oldest]!.set(this.#last);
    this.#oldest = (this.#oldest + 1) % PARTS;
  }

  /** Takes a row's counter; `isBaseline` where its growth is not known if it is new. */
  record(slot: number, serial: number, value: number, isBaseline: boolean): void {
    const isNew = this.#serials[slot] !== serial;
    if (!isNew && value >= this.#last[slot]!) {
      this.#last[slot] = value;
      return;
    }
    // A counter that was unknown or went backwards begins anew.
    const base = isBaseline || !isNew ? value || 0 : 0;
    if (isNew || value < this.#last[slot]!) for (const end of this.#ends) end[slot] = base;
    this.#serials[slot] = serial;
    this.#last[slot] = value;
  }

  /** Growth in the window; NaN: the row or its counter is not known. */
  of(slot: number, serial: number): number {
    if (this.#serials[slot] !== serial) return Number.NaN;
    return this.#last[slot]! - this.#ends[this.#oldest]![slot]!;
  }

  /** In how many parts of the window it has grown, the present one included. */
  partsGrown(slot: number, serial: number): number {
    if (this.#serials[slot] !== serial) return 0;
    let grown = 0;
    for (let part = 0; part < PARTS; part++) {
      const from = this.#ends[(this.#oldest + part) % PARTS]![slot]!;
      const to = part + 1 < PARTS ? this.#ends[(this.#oldest + part + 1) % PARTS]![slot]! : this.#last[slot]!;
      if (to > from) grown++;
    }
    return grown;
  }

  copy(): WindowedGrowth {
    const copy = new WindowedGrowth();
    copy.#last = this.#last.slice();
    copy.#ends = this.#ends.map((end) => end.slice());
    copy.#serials = this.#serials.slice();
    copy.#oldest = this.#oldest;
    return copy;
  }
}

/** When the parts of the windows of one section end. */
export class WindowClock {
  /** Of the window that growth is told of now, seconds; 0 before the second sample. */
  seconds = 0;
  /** Ends of the parts, oldest first, and the last sample. */
  #ends: number[] = [];

  /** A sample at a time; true: a part of the window ends with the samples before it. */
  advance(monotonicMicros: number, previousMicros: number): boolean {
    if (Number.isNaN(previousMicros)) {
      this.#ends = [];
      this.seconds = 0;
      return true;
    }
    const isPartOver = !(
      previousMicros - (this.#ends.at(-1) ?? Number.NEGATIVE_INFINITY) <
      PART_SECONDS * 1e6
    );
    if (isPartOver) {
      this.#ends.push(previousMicros);
      if (this.#ends.length > PARTS) this.#ends.shift();
    }
    this.seconds = (monotonicMicros - this.#ends[0]!) / 1e6;
    return isPartOver;
  }

  copy(): WindowClock {
    const copy = new WindowClock();
    copy.seconds = this.seconds;
    copy.#ends = [...this.#ends];
    return copy;
  }
}
