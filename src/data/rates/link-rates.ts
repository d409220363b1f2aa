import { setNewest } from '../../kit/limits/bounds.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import { SecondBuckets, type Trend, Trends } from './histories.ts';
import { RateColumns, weightOf } from './rate-columns.ts';

/** Bytes since the epoch's first sample. */
class SinceColumns extends columnsClass({ tx: numbers('f64'), rx: numbers('f64') }) {}

/** Rates of interfaces, or of the sum of them: with the last sixty seconds and the trend of each slot. */
export class LinkRates extends RateColumns {
  readonly #since = new SinceColumns();
  readonly #buckets = new SecondBuckets();
  readonly #trends = new Trends();

  constructor() {
    super('from-first-value');
  }

  get sinceTx(): Float64Array {
    return this.#since.tx;
  }

  get sinceRx(): Float64Array {
    return this.#since.rx;
  }

  override begin(capacity: number, seconds: number): void {
    super.begin(capacity, seconds);
    this.#since.reserve(capacity);
    this.#buckets.reserve(capacity);
    this.#trends.reserve(capacity);
  }

  /** As `record`, for the time between two moments of the monotonic clock. */
  recordOver(
    slot: number,
    serial: number,
    tx: number,
    rx: number,
    fromMicros: number,
    toMicros: number,
  ): void {
    if (this.serial[slot] !== serial) {
      this.#buckets.reset(slot);
      this.#trends.reset(slot);
      this.#since.tx[slot] = 0;
      this.#since.rx[slot] = 0;
    }
    this.record(slot, serial, tx, rx);
    if (Number.isNaN(this.grownTx) || Number.isNaN(this.grownRx)) return;
    this.#since.tx[slot]! += this.grownTx;
    this.#since.rx[slot]! += this.grownRx;
    this.#buckets.add(slot, fromMicros, toMicros, this.grownTx, this.grownRx);
    this.#trends.push(slot, this.rawTx[slot]! + this.rawRx[slot]!);
  }

  /** Trend of both directions together. */
  trend(slot: number): Trend {
    return this.#trends.of(slot);
  }

  /** Sixty rates of one second each, oldest first, bytes per second; NaN where nothing is known. */
  bucketsInto(slot: number, tx: Float64Array, rx: Float64Array): void {
    this.#buckets.into(slot, tx, rx);
  }

  override copy(): LinkRates {
    const copy = new LinkRates();
    copy.become(this);
    copy.#since.become(this.#since);
    copy.#buckets.become(this.#buckets);
    copy.#trends.become(this.#trends);
    return copy;
  }
}

/** Interfaces remembered at most; of containers thousands come and go in a day. */
const KNOWN_LIMIT = 1024;

export interface KnownInterface {
  name: string;
  txBytes: number;
  rxBytes: number;
}

/** What each interface has moved in this epoch, those that have gone too: one that comes back goes on there. */
export class KnownInterfaces {
  readonly #known = new Map<number, KnownInterface>();

  copy(): KnownInterfaces {
    const copy = new KnownInterfaces();
    for (const [index, known] of this.#known) copy.#known.set(index, { ...known });
    return copy;
  }

  clear(): void {
    this.#known.clear();
  }

  /** By number; undefined: never seen, or forgotten. */
  of(interfaceIndex: number): Readonly<KnownInterface> | undefined {
    return this.#known.get(interfaceIndex);
  }

  /** What the one had that had the name until now and is there no longer, once; the number may be the same. */
  takeGone(name: string, interfaceIndex: number, table: InterfaceTable): KnownInterface | undefined {
    for (const [index, known] of this.#known) {
      const isThere = index !== interfaceIndex && table.slots.find(index, 0, 0, 0) >= 0;
      if (known.name !== name || isThere) continue;
      const taken = { ...known };
      known.txBytes = 0;
      known.rxBytes = 0;
      return taken;
    }
    return undefined;
  }

  note(interfaceIndex: number, name: string, txBytes: number, rxBytes: number): void {
    const known = this.#known.get(interfaceIndex);
    if (known === undefined) {
      setNewest(this.#known, interfaceIndex, { name, txBytes, rxBytes }, KNOWN_LIMIT);
      return;
    }
    known.name = name;
    known.txBytes = txBytes;
    known.rxBytes = rxBytes;
  }
}

/** Less than this in the last seconds is no traffic to take a share of. */
const LEAST_BYTES = 1;

/** Share of the bytes of interfaces that the rows explain, over the last few seconds (weighted as rates), by slot. */
class AttributedShares extends columnsClass({
  serial: numbers('u32'),
  /** Cumulative, of all rows; as the last sample had it. */
  explained: numbers('f64'),
  lastExplained: numbers('f64'),
  /** What the interface has moved in this sample. */
  moved: numbers('f64'),
  recentExplained: numbers('f64'),
  recentMoved: numbers('f64'),
  /** What rows had in the last sample and the interface not yet: its counters are read first. */
  early: numbers('f64'),
}) {
  /** Before a sample. */
  begin(capacity: number): void {
    this.reserve(capacity);
    this.explained.fill(0);
    this.moved.fill(0);
  }

  /** An interface has moved so many bytes since the last sample. */
  move(slot: number, serial: number, bytes: number): void {
    if (this.serial[slot] !== serial) {
      this.serial[slot] = serial;
      this.lastExplained[slot] = 0;
      this.recentExplained[slot] = 0;
      this.recentMoved[slot] = 0;
      this.early[slot] = 0;
    }
    this.moved[slot]! += bytes;
  }

  /** A row has so many bytes there since it began. */
  explain(slot: number, bytes: number): void {
    this.explained[slot]! += bytes;
  }

  /** After a sample; NaN: there was none before, so that all of it is a baseline. */
  end(seconds: number): void {
    const kept = Number.isNaN(seconds) ? 0 : 1 - weightOf(seconds);
    const counted = Number.isNaN(seconds) ? 0 : 1;
    for (let slot = 0; slot < this.serial.length; slot++) {
      // Rows that are merged leave the sum as it is; what is taken off it is no growth.
      const grown = Math.max(0, this.explained[slot]! - this.lastExplained[slot]!);
      this.lastExplained[slot] = this.explained[slot]!;
      const early = this.early[slot]!;
      // It ages with the bytes of the interface, which are those of this sample.
      const onTime = Math.min(early, this.moved[slot]!) * counted;
      this.recentExplained[slot] = (this.recentExplained[slot]! - early) * kept + onTime + grown * counted;
      this.recentMoved[slot] = this.recentMoved[slot]! * kept + this.moved[slot]! * counted;
      const ahead = this.recentExplained[slot]! - this.recentMoved[slot]!;
      this.early[slot] = Math.max(0, Math.min(ahead, grown * counted));
    }
  }

  reset(): void {
    this.recentExplained.fill(0);
    this.recentMoved.fill(0);
    this.early.fill(0);
  }

  /** 0 to 1; NaN without traffic. Acknowledged bytes trail the wire, so that the quotient may pass 1 for a moment. */
  ratio(slot: number): number {
    const moved = this.recentMoved[slot] ?? 0;
    return moved < LEAST_BYTES ? Number.NaN : Math.min(1, this.recentExplained[slot]! / moved);
  }
}

/** The one entry of all uplinks together. */
const ALL = 0;
const ALL_SERIAL = 1;

/** Share of the bytes over interfaces that some rows explain: of each interface, and of all uplinks together. */
export class ExplainedShare {
  readonly #all = new AttributedShares();
  readonly #each = new AttributedShares();
  /** Of all uplinks, 0 to 1; NaN unknown or no traffic. */
  #ratio = Number.NaN;
  /** The same of each interface, by its slot. */
  #ratios = new Float64Array(0);

  /** Before a sample. */
  begin(capacity: number): void {
    this.#all.begin(1);
    this.#each.begin(capacity);
    this.#all.move(ALL, ALL_SERIAL, 0);
  }

  /** An interface has moved so many bytes since the last sample. */
  move(slot: number, serial: number, bytes: number, isUplink: boolean): void {
    this.#each.move(slot, serial, bytes);
    if (isUplink) this.#all.move(ALL, ALL_SERIAL, bytes);
  }

  /** A row has so many bytes over an interface since it began; -1: over none that is known, which counts as an uplink. */
  explain(slot: number, bytes: number, leaves: boolean): void {
    if (slot >= 0) this.#each.explain(slot, bytes);
    if (leaves) this.#all.explain(ALL, bytes);
  }

  /** After a sample; `isCounted` is false where the tier counts no bytes. */
  end(seconds: number, { slots }: InterfaceTable, isCounted: boolean): void {
    this.#all.end(seconds);
    this.#each.end(seconds);
    this.#ratio = isCounted ? this.#all.ratio(ALL) : Number.NaN;
    if (this.#ratios.length < slots.capacity) this.#ratios = new Float64Array(slots.capacity);
    this.#ratios.fill(Number.NaN);
    if (!isCounted) return;
    for (let i = 0; i < slots.count; i++) this.#ratios[slots.rows[i]!] = this.#each.ratio(slots.rows[i]!);
  }

  /** Of one interface, NaN where it is not there; undefined: of all uplinks. */
  ratioOf(interfaceIndex: number | undefined, { slots }: InterfaceTable): number {
    if (interfaceIndex === undefined) return this.#ratio;
    return this.#ratios[slots.find(interfaceIndex, 0, 0, 0)] ?? Number.NaN;
  }

  reset(): void {
    this.#all.reset();
    this.#each.reset();
  }

  /** What `ratioOf` says now; the copy takes no further samples. */
  copy(): ExplainedShare {
    const copy = new ExplainedShare();
    copy.#ratio = this.#ratio;
    copy.#ratios = this.#ratios.slice();
    return copy;
  }
}
