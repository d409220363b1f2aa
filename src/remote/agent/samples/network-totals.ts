import type { NetworkSection, OwnerTable } from '../../../data/sample/network-section.ts';
import { lengthened } from '../../../kit/table/slot-table.ts';
import type { ProcessRow } from '../../wire/process-row.ts';
import { RATE_BASE_LIMIT_MICROS } from './rated-cache.ts';

const TWO_32 = 2 ** 32;

/** Bytes of each process over all interfaces, and how fast they grow, while network accounting is in force. */
export class NetworkTotals {
  #owners: OwnerTable | undefined;
  /** By slots of the owner table. */
  #serial = new Uint32Array(0);
  #rxBytes = new Float64Array(0);
  #txBytes = new Float64Array(0);
  #rxRate = new Float64Array(0);
  #txRate = new Float64Array(0);
  /** Sums of the sample under way. */
  #nextRx = new Float64Array(0);
  #nextTx = new Float64Array(0);
  #epoch = Number.NaN;
  #sequence = Number.NaN;
  #monotonicMicros = Number.NaN;

  /** Takes a sample of the network; one that was taken before is ignored. */
  absorb(section: NetworkSection, epoch: number): void {
    if (section.sequence === this.#sequence && epoch === this.#epoch) return;
    if (epoch !== this.#epoch) this.clear();
    const micros = section.monotonicMicros - this.#monotonicMicros;
    this.#owners = section.owners;
    this.#epoch = epoch;
    this.#sequence = section.sequence;
    this.#monotonicMicros = section.monotonicMicros;
    this.#sum(section);
    const seconds = micros > 0 && micros <= RATE_BASE_LIMIT_MICROS ? micros / 1e6 : Number.NaN;
    const { rows, count, serial } = section.owners.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const isNew = this.#serial[slot] !== serial[slot];
      const rx = this.#nextRx[slot]! - (isNew ? 0 : this.#rxBytes[slot]!);
      const tx = this.#nextTx[slot]! - (isNew ? 0 : this.#txBytes[slot]!);
      this.#rxRate[slot] = Math.max(0, rx) / seconds;
      this.#txRate[slot] = Math.max(0, tx) / seconds;
      this.#rxBytes[slot] = this.#nextRx[slot]!;
      this.#txBytes[slot] = this.#nextTx[slot]!;
      this.#serial[slot] = serial[slot]!;
    }
  }

  /** Accounting has ended: nothing is known. */
  clear(): void {
    this.#owners = undefined;
    this.#serial.fill(0);
    this.#epoch = Number.NaN;
    this.#monotonicMicros = Number.NaN;
  }

  /** Whether there is accounting, and so something to fill in. */
  get isCounting(): boolean {
    return this.#owners !== undefined;
  }

  /** The network columns of a row; a process without sockets has moved nothing, without accounting nobody knows. */
  fill(row: ProcessRow): void {
    const slots = this.#owners?.slots;
    const found = slots?.find(row.pid, row.startTicks >>> 0, Math.floor(row.startTicks / TWO_32), 0) ?? -1;
    const slot = found >= 0 && slots?.serial[found] === this.#serial[found] ? found : -1;
    const standIn = slots === undefined ? Number.NaN : 0;
    row.netRxBytes = slot < 0 ? standIn : this.#rxBytes[slot]!;
    row.netTxBytes = slot < 0 ? standIn : this.#txBytes[slot]!;
    row.netRxRate = slot < 0 ? standIn : this.#rxRate[slot]!;
    row.netTxRate = slot < 0 ? standIn : this.#txRate[slot]!;
  }

  #sum({ owners, traffic }: NetworkSection): void {
    if (owners.slots.capacity > this.#serial.length) this.#grow(owners.slots.capacity);
    this.#nextRx.fill(0);
    this.#nextTx.fill(0);
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const owner = traffic.subject[row]!;
      if (owner < 0) continue;
      this.#nextRx[owner]! += traffic.rxBytes[row]! || 0;
      this.#nextTx[owner]! += traffic.txBytes[row]! || 0;
    }
  }

  #grow(n: number): void {
    this.#serial = lengthened(this.#serial, new Uint32Array(n));
    this.#rxBytes = lengthened(this.#rxBytes, new Float64Array(n));
    this.#txBytes = lengthened(this.#txBytes, new Float64Array(n));
    this.#rxRate = lengthened(this.#rxRate, new Float64Array(n));
    this.#txRate = lengthened(this.#txRate, new Float64Array(n));
    this.#nextRx = new Float64Array(n);
    this.#nextTx = new Float64Array(n);
  }
}
