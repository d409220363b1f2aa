import type { InterfaceTable } from '../sample/interface-table.ts';
import { type NetworkSection, NetworkTables } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import { FOREIGN_INTERFACE } from '../sample/socket-table.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { HealthRates } from './health-rates.ts';
import { RateHistory } from './histories.ts';
import { ExplainedShare, KnownInterfaces, LinkRates } from './link-rates.ts';
import { RateColumns } from './rate-columns.ts';

/** linux/if_ether.h: ETH_HLEN. Interfaces count it in every packet, sockets never see it. */
const LINK_HEADER_BYTES = 14;
export const TOTALS_SLOT = 0;
const TOTALS_SERIAL = 1;
/** Sockets whose rates take half a millisecond while the code is cold. */
const SOCKETS_BETWEEN_RESTS = 1024;

interface KnownTotals {
  readonly name: string;
  readonly txBytes: number;
  readonly rxBytes: number;
}

/** Rates of everything in a network section, by the section's own slots. Counters become rates here only. */
export class NetworkRates {
  traffic = new RateColumns('from-zero');
  hostTraffic = new RateColumns('from-zero');
  sockets = new RateColumns('from-zero');
  interfaces = new LinkRates();
  /** Sum over the uplink interfaces, in TOTALS_SLOT. */
  totals = new LinkRates();
  /** Of owners, hosts, listeners and problems. */
  health = new HealthRates();
  /** Of each traffic row. */
  history = new RateHistory();
  /** True time between the last two samples; NaN before the second. */
  intervalSeconds = Number.NaN;
  /** Bytes over the uplink interfaces since the epoch's first sample. */
  totalTxBytes = 0;
  totalRxBytes = 0;
  #known = new KnownInterfaces();
  /** What rows of a known owner explain, and what rows of a process (or the kernel) do. */
  #attributed = new ExplainedShare();
  #named = new ExplainedShare();
  #epoch = Number.NaN;
  #sequence = Number.NaN;
  #monotonicMicros = Number.NaN;
  readonly #packets = new RateColumns('from-first-value');
  /** Takes a sample; false if it was seen before (nothing changes). Another epoch is a new beginning. */
  update(section: NetworkSection, header: SnapshotHeader): boolean {
    if (!this.#start(section, header)) return false;
    this.#updateSockets(section, 0, section.sockets.slots.count);
    return true;
  }

  /**
   * As `update`, in slices: 20,000 sockets take 4 to 17 ms the first times. Until it resolves `sockets` is half done,
   * and everything else as it will be.
   */
  async updateInSlices(section: NetworkSection, header: SnapshotHeader, slice: Slice): Promise<boolean> {
    if (!this.#start(section, header)) return false;
    const { count } = section.sockets.slots;
    for (let from = 0; from < count; from += SOCKETS_BETWEEN_RESTS) {
      this.#updateSockets(section, from, Math.min(from + SOCKETS_BETWEEN_RESTS, count));
      if (slice.due()) await slice.rest();
    }
    return true;
  }

  /** As `update`, but `traffic` alone. */
  updateTraffic(section: NetworkSection, header: SnapshotHeader): boolean {
    if (!this.#advance(section, header)) return false;
    this.#updateTraffic(section);
    return true;
  }

  /** All but the rates of sockets. */
  #start(section: NetworkSection, header: SnapshotHeader): boolean {
    const fromMicros = header.epoch === this.#epoch ? this.#monotonicMicros : Number.NaN;
    if (!this.#advance(section, header)) return false;
    this.health.update(section, fromMicros);
    this.#updateInterfaces(section, fromMicros);
    this.#updateTraffic(section);
    this.#pushHistory(section);
    this.#updateHosts(section);
    this.#updateShare(section);
    this.sockets.begin(section.sockets.slots.capacity, this.intervalSeconds);
    return true;
  }

  /** The time of a sample; false if it was seen before. */
  #advance(section: NetworkSection, header: SnapshotHeader): boolean {
    const isSameEpoch = header.epoch === this.#epoch;
    if (isSameEpoch && section.sequence <= this.#sequence) return false;
    if (isSameEpoch && !(section.monotonicMicros > this.#monotonicMicros)) return false;
    if (!isSameEpoch) this.#begin();
    this.intervalSeconds = (section.monotonicMicros - this.#monotonicMicros) / 1e6;
    this.#epoch = header.epoch;
    this.#sequence = section.sequence;
    this.#monotonicMicros = section.monotonicMicros;
    return true;
  }

  /** What an interface has moved since the epoch's first sample, also after it has gone; undefined: never seen. */
  totalsOf(interfaceIndex: number): KnownTotals | undefined {
    return this.#known.of(interfaceIndex);
  }

  /**
   * Share of an interface's bytes on rows with a known owner, 0 to 1; undefined: of all uplinks. NaN unknown, no traffic,
   * or no such interface.
   */
  attributedRatioOf(interfaceIndex: number | undefined, interfaces: InterfaceTable): number {
    return this.#attributed.ratioOf(interfaceIndex, interfaces);
  }

  /** The part of it on rows of processes and of the kernel, not on those of a user or a group alone. */
  namedRatioOf(interfaceIndex: number | undefined, interfaces: InterfaceTable): number {
    return this.#named.ratioOf(interfaceIndex, interfaces);
  }

  /** For pause and detail: everything readable as it is now. The copy takes no further samples. */
  copy(): NetworkRates {
    const copy = new NetworkRates();
    copy.traffic = this.traffic.copy();
    copy.hostTraffic = this.hostTraffic.copy();
    copy.sockets = this.sockets.copy();
    copy.interfaces = this.interfaces.copy();
    copy.totals = this.totals.copy();
    copy.history = this.history.copy();
    copy.health = this.health.copy();
    copy.#known = this.#known.copy();
    copy.intervalSeconds = this.intervalSeconds;
    copy.#attributed = this.#attributed.copy();
    copy.#named = this.#named.copy();
    copy.totalTxBytes = this.totalTxBytes;
    copy.totalRxBytes = this.totalRxBytes;
    return copy;
  }

  #begin(): void {
    this.#monotonicMicros = Number.NaN;
    this.#attributed.reset();
    this.#named.reset();
    this.#known.clear();
    this.history.clear();
    this.totalTxBytes = 0;
    this.totalRxBytes = 0;
  }

  #updateInterfaces(section: NetworkSection, fromMicros: number): void {
    const { interfaces } = section;
    const { rows, count, serial, capacity } = interfaces.slots;
    const rates = this.interfaces;
    const toMicros = section.monotonicMicros;
    rates.begin(capacity, this.intervalSeconds);
    this.#packets.begin(capacity, this.intervalSeconds);
    this.#attributed.begin(capacity);
    this.#named.begin(capacity);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const tx = interfaces.txBytes[slot]!;
      const rx = interfaces.rxBytes[slot]!;
      const isNew = rates.serial[slot] !== serial[slot];
      rates.recordOver(slot, serial[slot]!, tx, rx, fromMicros, toMicros);
      this.#keepTotals(section, slot, isNew);
      this.#packets.record(slot, serial[slot]!, interfaces.txPackets[slot]!, interfaces.rxPackets[slot]!);
      const grown = rates.grownTx + rates.grownRx;
      const packets = this.#packets.grownTx + this.#packets.grownRx;
      const linkHeaderBytes = Number.isNaN(packets) ? 0 : packets * LINK_HEADER_BYTES;
      const moved = Number.isNaN(grown) ? 0 : grown - linkHeaderBytes;
      const isUplink = interfaces.isUplink[slot] === 1;
      this.#attributed.move(slot, serial[slot]!, moved, isUplink);
      this.#named.move(slot, serial[slot]!, moved, isUplink);
      if (!isUplink || Number.isNaN(grown)) continue;
      this.totalTxBytes += rates.grownTx;
      this.totalRxBytes += rates.grownRx;
    }
    this.totals.begin(1, this.intervalSeconds);
    const { totalTxBytes, totalRxBytes } = this;
    this.totals.recordOver(TOTALS_SLOT, TOTALS_SERIAL, totalTxBytes, totalRxBytes, fromMicros, toMicros);
  }

  /** One that comes back goes on where it ended. */
  #keepTotals({ interfaces }: NetworkSection, slot: number, isNew: boolean): void {
    const { sinceTx, sinceRx } = this.interfaces;
    const index = interfaces.index[slot]!;
    const name = interfaces.names[slot] ?? '';
    const before = isNew ? this.#known.takeGone(name, index, interfaces) : undefined;
    if (before !== undefined) {
      sinceTx[slot]! += before.txBytes;
      sinceRx[slot]! += before.rxBytes;
    }
    this.#known.note(index, name, sinceTx[slot]!, sinceRx[slot]!);
  }

  #updateTraffic(section: NetworkSection): void {
    const { traffic, owners } = section;
    const { rows, count, serial, capacity } = traffic.slots;
    this.traffic.begin(capacity, this.intervalSeconds);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const rowSerial = serial[slot]!;
      if (owners.kind[traffic.subject[slot]!] === OwnerKind.EXITED) this.traffic.recordIdle(slot, rowSerial);
      else record(this.traffic, section, slot, rowSerial, traffic);
    }
  }

  #pushHistory({ traffic }: NetworkSection): void {
    const { rows, count, serial, capacity } = traffic.slots;
    this.history.begin(capacity);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      this.history.push(slot, serial[slot]!, this.traffic.rawTx[slot]! + this.traffic.rawRx[slot]!);
    }
  }

  #updateHosts(section: NetworkSection): void {
    const { hostTraffic, hosts } = section;
    const { rows, count, serial, capacity } = hostTraffic.slots;
    const dropped = hosts.slots.find(0, 0, 0, 0);
    this.hostTraffic.begin(capacity, this.intervalSeconds);
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (hostTraffic.subject[slot] === dropped) this.hostTraffic.recordIdle(slot, serial[slot]!);
      else record(this.hostTraffic, section, slot, serial[slot]!, hostTraffic);
    }
  }

  #updateSockets(section: NetworkSection, from: number, end: number): void {
    const { rows, serial } = section.sockets.slots;
    for (let i = from; i < end; i++) {
      const slot = rows[i]!;
      record(this.sockets, section, slot, serial[slot]!, section.accounts);
    }
  }

  /**
   * Only rows with a known owner count. For the total: rows over uplinks, what stands on them, or an unknown interface,
   * not over loopback or internal bridges, nor in another network namespace: what of that passes an uplink is on its row
   * `forwarded`. For one interface: rows over it, which are the rows shown with it.
   */
  #updateShare({ traffic, interfaces, owners, counted }: NetworkSection): void {
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const kind = owners.kind[traffic.subject[slot]!]!;
      const index = traffic.interfaceIndex[slot]!;
      if (isNobody(kind) || index === FOREIGN_INTERFACE) continue;
      const sent = traffic.txBytes[slot]! + traffic.txHeaderBytes[slot]!;
      const bytes = sent + traffic.rxBytes[slot]! + traffic.rxHeaderBytes[slot]!;
      const link = interfaces.slots.find(index, 0, 0, 0);
      const leaves = link < 0 || interfaces.isUplink[link] === 1 || interfaces.isOverUplink[link] === 1;
      this.#attributed.explain(link, bytes, leaves);
      if (kind === OwnerKind.PROCESS || kind === OwnerKind.KERNEL) this.#named.explain(link, bytes, leaves);
    }
    const isCounted = counted !== 'none';
    this.#attributed.end(this.intervalSeconds, interfaces, isCounted);
    this.#named.end(this.intervalSeconds, interfaces, isCounted);
  }
}

/** Without counters a row has no rate, nor in the next sample: what it has grown by then is that of two. */
function record(
  rates: RateColumns,
  { counted }: NetworkSection,
  slot: number,
  serial: number,
  { txBytes, rxBytes }: { readonly txBytes: Float64Array; readonly rxBytes: Float64Array },
): void {
  if (counted === 'none') rates.record(slot, serial, Number.NaN, Number.NaN);
  else rates.record(slot, serial, txBytes[slot]!, rxBytes[slot]!);
}

/** Whether it is not known at all whose traffic a row has: what is there does not explain it. */
function isNobody(kind: number): boolean {
  return kind === OwnerKind.CLOSED || kind === OwnerKind.UNKNOWN;
}

/** A section and its rates that do not change while sampling continues, for pause. */
interface FrozenNetwork {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
}

/**
 * Copies everything that a section borrows. The cost depends on the tables' capacity: use it for pause, not for every
 * sample.
 */
export function freezeNetwork(section: NetworkSection, rates: NetworkRates): FrozenNetwork {
  const tables = NetworkTables.copyOf(section);
  return { section: { ...section, ...tables, errors: [...section.errors] }, rates: rates.copy() };
}
