import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** An alarm ends below this share of the threshold, so that a rate at its edge rings once. */
const ENDS_BELOW = 0.9;

/** Which owners send and receive more than a threshold, both directions together, whatever the filter says. */
export class AlertTracker {
  /** Bytes per second; undefined: off. */
  threshold: number | undefined;
  /** Owners in alarm now. */
  count = 0;
  /** Serial of the owner in alarm by slot, 0 none. */
  #alarm = new Uint32Array(0);
  #rate = new Float64Array(0);

  /** Another threshold starts anew: who is over it crosses it at the next sample. */
  setThreshold(bytesPerSecond: number | undefined): void {
    this.threshold = bytesPerSecond;
    this.count = 0;
    this.#alarm.fill(0);
  }

  /** Takes a sample's smoothed rates in scope; how many owners have crossed the threshold upwards. */
  update(section: NetworkSection, rates: NetworkRates, scope: Scope): number {
    const { threshold } = this;
    if (threshold === undefined) return 0;
    this.#sumRates(section, rates, scope);
    const { rows, count, serial } = section.owners.slots;
    let crossings = 0;
    this.count = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const rate = this.#rate[slot]!;
      const wasOver = this.#alarm[slot] === serial[slot];
      // Unknown (NaN) neither raises nor ends an alarm.
      const isOver = wasOver ? !(rate < threshold * ENDS_BELOW) : rate > threshold;
      this.#alarm[slot] = isOver ? serial[slot]! : 0;
      if (isOver) this.count++;
      if (isOver && !wasOver) crossings++;
    }
    return crossings;
  }

  isInAlarm(owner: number, serial: number): boolean {
    return serial !== 0 && this.#alarm[owner] === serial;
  }

  #sumRates(section: NetworkSection, rates: NetworkRates, scope: Scope): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { capacity } = section.owners.slots;
    if (capacity > this.#rate.length) {
      const alarm = new Uint32Array(capacity);
      alarm.set(this.#alarm);
      this.#alarm = alarm;
      this.#rate = new Float64Array(capacity);
    }
    this.#rate.fill(0);
    const { traffic } = section;
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (!inScope.has(traffic.interfaceIndex[slot]!)) continue;
      this.#rate[traffic.subject[slot]!]! += rates.traffic.smoothTx[slot]! + rates.traffic.smoothRx[slot]!;
    }
  }
}
