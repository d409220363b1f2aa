import { columnsClass, numbers } from '../../kit/table/columns.ts';
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

/**
 * Figures of one owner in scope for its detail view, ignoring the filter. Rates are bytes per second, totals bytes
 * since start; NaN unknown.
 */
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
  readonly #rates = new NetworkRates();
  readonly #sums = new OwnerRates();
  #owners: OwnerTable | undefined;
  /** Two samples count bytes; before that, an owner without a traffic row is unknown. */
  #isKnown = false;

  /** Takes a sample, borrowed; `rateOf` is valid until the next collection. */
  update(section: NetworkSection, header: SnapshotHeader, scope: Scope): void {
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
