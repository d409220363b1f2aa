import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { OwnerRates } from './owner-rates.ts';
import type { Scope } from './scope.ts';

/** An alarm clears below this share of the threshold, so that a rate near it does not ring repeatedly. */
const ENDS_BELOW = 0.9;

/** By the slots of the owners. */
const ALERT_COLUMNS = {
  /** Serial of the owner in alarm, 0 none. */
  alarm: numbers('u32'),
  /** Number of the sample in which it last crossed the threshold. */
  flash: numbers('u32'),
};

/** Tracks which owners send and receive more than a threshold (both directions together), whatever the filter. */
export class AlertTracker extends columnsClass(ALERT_COLUMNS) {
  /** Bytes per second; undefined: off. */
  threshold: number | undefined;
  /** Owners in alarm now. */
  count = 0;
  #round = 0;
  #settledRound = 0;
  readonly #rates = new OwnerRates();

  /** Sets the threshold and clears all alarms; owners above it cross it at the next sample. */
  setThreshold(bytesPerSecond: number | undefined): void {
    this.threshold = bytesPerSecond;
    this.count = 0;
    this.alarm.fill(0);
  }

  /** Takes a sample's smoothed rates in scope; returns how many owners crossed the threshold upwards. */
  update(section: NetworkSection, rates: NetworkRates, scope: Scope): number {
    const { threshold } = this;
    if (threshold === undefined) return 0;
    this.#rates.build(section, rates, scope);
    const { rows, count, serial, capacity } = section.owners.slots;
    this.reserve(capacity);
    let crossings = 0;
    this.count = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const rate = this.#rates.up[slot]! + this.#rates.down[slot]!;
      const wasOver = this.alarm[slot] === serial[slot];
      // Unknown (NaN) neither raises nor ends an alarm.
      const isOver = wasOver ? !(rate < threshold * ENDS_BELOW) : rate > threshold;
      this.alarm[slot] = isOver ? serial[slot]! : 0;
      if (isOver) this.count++;
      if (!isOver || wasOver) continue;
      crossings++;
      this.flash[slot] = this.#round + 1;
    }
    if (crossings > 0) this.#round++;
    return crossings;
  }

  /** Number of the last sample in which an owner crossed the threshold. */
  get round(): number {
    return this.#round;
  }

  /** Ends the highlighting of owners that crossed the threshold up to that round. */
  settle(round: number): void {
    this.#settledRound = Math.max(this.#settledRound, round);
  }

  /** Whether an owner in alarm crossed the threshold only just now. */
  isFlashing(owner: number, serial: number): boolean {
    return this.isInAlarm(owner, serial) && this.flash[owner]! > this.#settledRound;
  }

  isInAlarm(owner: number, serial: number): boolean {
    return serial !== 0 && this.alarm[owner] === serial;
  }
}
