import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { SampleAge, SampleHistory } from '../rates/histories.ts';
import { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection, OwnerTable } from '../sample/network-section.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { hasRates } from './network-fields.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Smoothed rates in scope of every owner, by owner slot, bytes per second, ignoring the filter. */
export class OwnerRates extends columnsClass({ up: numbers('f64'), down: numbers('f64') }) {
  /** One pass over the traffic rows. Owners without traffic have 0. */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    this.reserve(section.owners.slots.capacity);
    this.clearRows();
    const { traffic } = section;
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (!inScope.has(traffic.interfaceIndex[slot]!)) continue;
      const owner = traffic.subject[slot]!;
      this.up[owner]! += rates.traffic.smoothTx[slot]!;
      this.down[owner]! += rates.traffic.smoothRx[slot]!;
    }
  }
}

/** Figures of one owner in scope, whatever the filter. Bytes per second, and bytes since start; NaN unknown. */
export class OwnerSums {
  /** Smoothed, for the screen. */
  up = Number.NaN;
  down = Number.NaN;
  upTotal = Number.NaN;
  downTotal = Number.NaN;

  /** One pass over the traffic rows. Owners without traffic have 0. */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope, owner: number): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { traffic } = section;
    const { rows, count } = traffic.slots;
    this.up = hasRates(section, rates) ? 0 : Number.NaN;
    this.down = this.up;
    this.upTotal = section.counted === 'none' ? Number.NaN : 0;
    this.downTotal = this.upTotal;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (traffic.subject[slot] !== owner || !inScope.has(traffic.interfaceIndex[slot]!)) continue;
      this.up += rates.traffic.smoothTx[slot]!;
      this.down += rates.traffic.smoothRx[slot]!;
      this.upTotal += traffic.txBytes[slot]!;
      this.downTotal += traffic.rxBytes[slot]!;
    }
  }
}

const TWO_32 = 2 ** 32;

/** Network use of a machine's processes, both directions together, for a process table of another source. */
export class ProcessTraffic {
  /** Made with the first sample. */
  #rates: NetworkRates | undefined;
  readonly #sums = new OwnerRates();
  #owners: OwnerTable | undefined;
  /** Two samples count bytes; before that, an owner without a traffic row is unknown. */
  #isKnown = false;

  /** Takes a sample, borrowed; `rateOf` is valid until the next collection. */
  update(section: NetworkSection, header: SnapshotHeader, scope: Scope): void {
    this.#rates ??= new NetworkRates();
    this.#rates.updateTraffic(section, header);
    this.#sums.build(section, this.#rates, scope);
    this.#owners = section.owners;
    this.#isKnown = hasRates(section, this.#rates);
  }

  /** Bytes per second, smoothed; NaN unknown or no socket known. A reused PID is another process. */
  rateOf(pid: number, startTicks: number): number {
    const owners = this.#owners;
    if (owners === undefined || !this.#isKnown || Number.isNaN(startTicks)) return Number.NaN;
    const high = Math.floor(startTicks / TWO_32);
    const owner = owners.slots.find(pid, startTicks >>> 0, high, OwnerKind.PROCESS);
    if (owner < 0) return Number.NaN;
    const rate = this.#sums.up[owner]! + this.#sums.down[owner]!;
    const hasSockets = owners.connectionCount[owner]! + owners.listenerCount[owner]! > 0;
    // Ancestors of processes with sockets are owners too.
    return rate > 0 || hasSockets ? rate : Number.NaN;
  }
}

/** Recent rates of one owner in bytes per second, per direction; NaN unknown. */
export class OwnerHistory {
  up: SampleHistory;
  down: SampleHistory;
  /** The owner: its slot, -1 none, and serial. */
  owner = -1;
  serial = 0;
  /** As SampleAge has it. */
  secondsPerSample = Number.NaN;

  constructor(capacity?: number) {
    this.up = new SampleHistory(capacity);
    this.down = new SampleHistory(capacity);
  }

  /** Number of samples, at most the capacity. */
  get count(): number {
    return this.up.count;
  }

  /** Sets the owner; the history of another one is cleared. */
  follow(owner: number, serial: number): void {
    if (owner === this.owner && serial === this.serial) return;
    this.owner = owner;
    this.serial = serial;
    this.up.clear();
    this.down.clear();
  }

  /** Call once per sample; NaN: unknown. */
  push(up: number, down: number): void {
    this.up.push(up);
    this.down.push(down);
  }

  /** An independent copy, for pause. */
  copy(): OwnerHistory {
    const copy = new OwnerHistory(0);
    copy.up = this.up.copy();
    copy.down = this.down.copy();
    copy.owner = this.owner;
    copy.serial = this.serial;
    copy.secondsPerSample = this.secondsPerSample;
    return copy;
  }
}

/** Maximum number of owners with a history: 5 KB each. */
const KEPT_OWNERS = 32;
/** A new owner replaces one with traffic only if it has this many times as much. */
const DISPLACES_BY = 2;

interface Kept {
  readonly history: OwnerHistory;
  /** Current rate, both directions together; NaN unknown. */
  rate: number;
  lastBusySample: number;
}

/**
 * Histories of all owners with traffic, so that a detail view opens with a filled chart. Bounded: evicts the longest
 * idle owner, then the owner with by far the least traffic; never the owner on screen.
 */
export class OwnerHistories {
  /** History of the followed owner; a copy while held. */
  shown = new OwnerHistory();
  readonly #keptOwners: number;
  readonly #rates = new OwnerRates();
  readonly #kept: Kept[] = [];
  #keptOf = new Map<number, Kept>();
  #owners: OwnerTable | undefined;
  #followed: Kept | undefined;
  #isHeld = false;
  #sampleCount = 0;
  readonly #age = new SampleAge();

  constructor(keptOwners = KEPT_OWNERS) {
    this.#keptOwners = keptOwners;
  }

  follow(owner: number, serial: number): void {
    this.#followed = undefined;
    this.#followed = this.#of(owner, serial) ?? this.#place(owner, serial, Number.POSITIVE_INFINITY);
    const { history } = this.#followed ?? { history: new OwnerHistory() };
    this.shown = this.#isHeld ? history.copy() : history;
  }

  /** Freezes what is shown until `release`; recording continues. */
  hold(): void {
    this.#isHeld = true;
    this.shown = this.shown.copy();
  }

  release(): void {
    this.#isHeld = false;
    if (this.#followed !== undefined) this.shown = this.#followed.history;
  }

  /** Takes a sample's smoothed rates in scope. */
  update(section: NetworkSection, rates: NetworkRates, scope: Scope): void {
    this.#begin(section.owners);
    this.#sampleCount++;
    this.#age.push(rates.intervalSeconds);
    this.#rates.build(section, rates, scope);
    const isKnown = hasRates(section, rates);
    for (const kept of this.#kept) this.#push(kept, isKnown);
    if (isKnown) this.#takeNewcomers(section.owners);
  }

  /** Another table has other owners in the same slots. */
  #begin(owners: OwnerTable): void {
    if (this.#owners !== owners && this.#owners !== undefined) {
      this.#kept.length = 0;
      this.#keptOf.clear();
      this.#followed = undefined;
    }
    this.#owners = owners;
  }

  #push(kept: Kept, isKnown: boolean): void {
    const { owner } = kept.history;
    const isThere = this.#owners?.slots.serial[owner] === kept.history.serial;
    const up = isKnown && isThere ? this.#rates.up[owner]! : Number.NaN;
    const down = isKnown && isThere ? this.#rates.down[owner]! : Number.NaN;
    kept.history.push(up, down);
    kept.history.secondsPerSample = this.#age.seconds;
    kept.rate = up + down;
    if (kept.rate > 0) kept.lastBusySample = this.#sampleCount;
  }

  #takeNewcomers({ slots }: OwnerTable): void {
    const { up, down } = this.#rates;
    for (let i = 0; i < slots.count; i++) {
      const owner = slots.rows[i]!;
      const rate = up[owner]! + down[owner]!;
      if (!(rate > 0) || this.#of(owner, slots.serial[owner]!) !== undefined) continue;
      const kept = this.#place(owner, slots.serial[owner]!, rate);
      if (kept !== undefined) this.#push(kept, true);
    }
  }

  #of(owner: number, serial: number): Kept | undefined {
    const kept = this.#keptOf.get(owner);
    return kept?.history.serial === serial ? kept : undefined;
  }

  /** Creates a history for an owner without one; undefined if it has less traffic than all that have one. */
  #place(owner: number, serial: number, rate: number): Kept | undefined {
    const before = this.#keptOf.get(owner);
    const kept = before ?? (this.#kept.length < this.#keptOwners ? this.#add() : this.#leastOf(rate));
    if (kept === undefined) return undefined;
    if (this.#keptOf.get(kept.history.owner) === kept) this.#keptOf.delete(kept.history.owner);
    kept.history.follow(owner, serial);
    kept.rate = 0;
    kept.lastBusySample = this.#sampleCount;
    this.#keptOf.set(owner, kept);
    return kept;
  }

  #add(): Kept {
    const kept = { history: new OwnerHistory(), rate: 0, lastBusySample: 0 };
    this.#kept.push(kept);
    return kept;
  }

  #leastOf(rate: number): Kept | undefined {
    let least: Kept | undefined;
    for (const kept of this.#kept) {
      if (kept === this.#followed) continue;
      if (least === undefined || isLess(kept, least)) least = kept;
    }
    return least === undefined || least.rate * DISPLACES_BY > rate ? undefined : least;
  }
}

function isLess(one: Kept, other: Kept): boolean {
  if (one.lastBusySample !== other.lastBusySample) return one.lastBusySample < other.lastBusySample;
  return one.rate < other.rate;
}
