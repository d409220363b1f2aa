import type { NetworkSection } from '../sample/network-section.ts';
import { WindowClock, WindowedGrowth } from './windowed-growth.ts';

/** Health of owners or hosts over the last ten seconds, by the slots of their table. */
class SubjectHealthRates {
  retransmits = new WindowedGrowth();
  dataSegments = new WindowedGrowth();
  drops = new WindowedGrowth();

  update(
    table: NetworkSection['owners'] | NetworkSection['hosts'],
    isFirst: boolean,
    isPartOver: boolean,
  ): void {
    const { slots, retransmits, dataSegments, drops } = table;
    const { rows, count, serial } = slots;
    for (const growth of [this.retransmits, this.dataSegments, this.drops]) {
      growth.begin(slots, isFirst);
      if (isPartOver) growth.rotate();
    }
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      this.retransmits.record(slot, serial[slot]!, retransmits[slot]!, isFirst);
      this.dataSegments.record(slot, serial[slot]!, dataSegments[slot]!, isFirst);
      this.drops.record(slot, serial[slot]!, drops[slot]!, isFirst);
    }
  }

  /** Segments sent again of those sent with data, 0 to 1; NaN: none were sent, or nothing is known. */
  retransmittedShare(slot: number, serial: number): number {
    return shareOf(this.retransmits.of(slot, serial), this.dataSegments.of(slot, serial));
  }

  copy(): SubjectHealthRates {
    const copy = new SubjectHealthRates();
    copy.retransmits = this.retransmits.copy();
    copy.dataSegments = this.dataSegments.copy();
    copy.drops = this.drops.copy();
    return copy;
  }
}

/** A part of a whole, 0 to 1; NaN: there is no whole, or it is not known. */
export function shareOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : Number.NaN;
}

/** What has grown in the last ten seconds of the figures that tell the health of a network. */
export class HealthRates {
  owners = new SubjectHealthRates();
  hosts = new SubjectHealthRates();
  /** Of problems: what they count, what it is a part of, and the times that segments were out of order. */
  problems = { count: new WindowedGrowth(), outOf: new WindowedGrowth(), reorderings: new WindowedGrowth() };
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
    this.owners.update(section.owners, isFirst, isPartOver);
    this.hosts.update(section.hosts, isFirst, isPartOver);
    this.#updateProblems(section, isFirst, isPartOver);
    this.#updateDrops(section, isFirst, isPartOver);
  }

  copy(): HealthRates {
    const copy = new HealthRates();
    copy.owners = this.owners.copy();
    copy.hosts = this.hosts.copy();
    copy.problems = {
      count: this.problems.count.copy(),
      outOf: this.problems.outOf.copy(),
      reorderings: this.problems.reorderings.copy(),
    };
    copy.socketDrops = this.socketDrops.copy();
    copy.#clock = this.#clock.copy();
    return copy;
  }

  #updateProblems({ problems }: NetworkSection, isFirst: boolean, isPartOver: boolean): void {
    const { slots } = problems;
    const { count, outOf, reorderings } = this.problems;
    for (const growth of [count, outOf, reorderings]) {
      growth.begin(slots, isFirst);
      if (isPartOver) growth.rotate();
    }
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const serial = slots.serial[slot]!;
      count.record(slot, serial, problems.count[slot]!, isFirst);
      outOf.record(slot, serial, problems.outOf[slot]!, isFirst);
      reorderings.record(slot, serial, problems.reorderings[slot]!, isFirst);
    }
  }

  /** What a socket dropped before it was seen is none of it: a listener may be old. */
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
