import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/**
 * One owner's figures in scope, whatever the filter says: for its detail view. Rates are bytes per second, totals
 * bytes since start; NaN unknown.
 */
export class OwnerSums {
  /** Smoothed, for the screen. */
  up = Number.NaN;
  down = Number.NaN;
  rawUp = Number.NaN;
  rawDown = Number.NaN;
  upTotal = Number.NaN;
  downTotal = Number.NaN;

  /** One pass over the traffic rows. An owner without any has moved nothing that is counted. */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope, owner: number): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { traffic } = section;
    const { rows, count } = traffic.slots;
    const isCounted = section.counted !== 'none';
    this.#fill(
      isCounted && !Number.isNaN(rates.intervalSeconds) ? 0 : Number.NaN,
      isCounted ? 0 : Number.NaN,
    );
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (traffic.subject[slot] !== owner || !inScope.has(traffic.interfaceIndex[slot]!)) continue;
      this.up += rates.traffic.smoothTx[slot]!;
      this.down += rates.traffic.smoothRx[slot]!;
      this.rawUp += rates.traffic.rawTx[slot]!;
      this.rawDown += rates.traffic.rawRx[slot]!;
      this.upTotal += traffic.txBytes[slot]!;
      this.downTotal += traffic.rxBytes[slot]!;
    }
  }

  #fill(rate: number, total: number): void {
    this.up = rate;
    this.down = rate;
    this.rawUp = rate;
    this.rawDown = rate;
    this.upTotal = total;
    this.downTotal = total;
  }
}
