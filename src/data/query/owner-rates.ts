import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Smoothed rates in scope of every owner, by owner slot, bytes per second, whatever the filter says. */
export class OwnerRates extends columnsClass({ up: numbers('f64'), down: numbers('f64') }) {
  /** One pass over the traffic rows. An owner without any has moved nothing that is counted: 0. */
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
