import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/**
 * Remote hosts with connections or traffic in scope, as columns `[0..count)` in no particular order. Rates are bytes
 * per second, NaN unknown; totals are bytes since start. Valid until the next `build`.
 */
export class HostRows {
  count = 0;
  /** Slot in `section.hosts`. */
  host = new Int32Array(0);
  up = new Float64Array(0);
  down = new Float64Array(0);
  rawUp = new Float64Array(0);
  rawDown = new Float64Array(0);
  upTotal = new Float64Array(0);
  downTotal = new Float64Array(0);
  connections = new Int32Array(0);
  #rowOf = new Int32Array(0);

  build(section: NetworkSection, rates: NetworkRates, scope: Scope): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    this.#reserve(section.hosts.slots.capacity);
    this.#rowOf.fill(-1);
    this.count = 0;
    this.#addTraffic(section, rates, inScope);
    this.#addSockets(section, inScope);
    if (section.counted !== 'none' && !Number.isNaN(rates.intervalSeconds)) return;
    for (const column of [this.up, this.down, this.rawUp, this.rawDown])
      column.fill(Number.NaN, 0, this.count);
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#rowOf.length) return;
    this.#rowOf = new Int32Array(capacity);
    this.host = new Int32Array(capacity);
    this.up = new Float64Array(capacity);
    this.down = new Float64Array(capacity);
    this.rawUp = new Float64Array(capacity);
    this.rawDown = new Float64Array(capacity);
    this.upTotal = new Float64Array(capacity);
    this.downTotal = new Float64Array(capacity);
    this.connections = new Int32Array(capacity);
  }

  #addTraffic(section: NetworkSection, rates: NetworkRates, inScope: ScopeFilter): void {
    const { hostTraffic } = section;
    const { rows, count } = hostTraffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (!inScope.has(hostTraffic.interfaceIndex[slot]!)) continue;
      if (!(hostTraffic.txBytes[slot]! + hostTraffic.rxBytes[slot]! > 0)) continue;
      const row = this.#rowFor(hostTraffic.subject[slot]!);
      this.up[row]! += rates.hostTraffic.smoothTx[slot]!;
      this.down[row]! += rates.hostTraffic.smoothRx[slot]!;
      this.rawUp[row]! += rates.hostTraffic.rawTx[slot]!;
      this.rawDown[row]! += rates.hostTraffic.rawRx[slot]!;
      this.upTotal[row]! += hostTraffic.txBytes[slot]!;
      this.downTotal[row]! += hostTraffic.rxBytes[slot]!;
    }
  }

  #addSockets(section: NetworkSection, inScope: ScopeFilter): void {
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const host = accounts.host[slot]!;
      if (host < 0 || accounts.isClosed[slot] === 1) continue;
      if (!inScope.has(accounts.interfaceIndex[slot]!)) continue;
      this.connections[this.#rowFor(host)]!++;
    }
  }

  #rowFor(host: number): number {
    const known = this.#rowOf[host]!;
    if (known >= 0) return known;
    const row = this.count++;
    this.#rowOf[host] = row;
    this.host[row] = host;
    this.connections[row] = 0;
    this.up[row] = 0;
    this.down[row] = 0;
    this.rawUp[row] = 0;
    this.rawDown[row] = 0;
    this.upTotal[row] = 0;
    this.downTotal[row] = 0;
    return row;
  }
}
