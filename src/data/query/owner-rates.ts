import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Smoothed rates in scope of every owner, by owner slot, bytes per second, whatever the filter says. */
export class OwnerRates {
  up = new Float64Array(0);
  down = new Float64Array(0);

  /** One pass over the traffic rows. An owner without any has moved nothing that is counted: 0. */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { capacity } = section.owners.slots;
    if (capacity > this.up.length) {
      this.up = new Float64Array(capacity);
      this.down = new Float64Array(capacity);
    }
    this.up.fill(0);
    this.down.fill(0);
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
