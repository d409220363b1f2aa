import { OwnerRates } from '../query/owner-rates.ts';
import { MachineRates } from '../rates/machine-rates.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { ProcessRates } from '../rates/process-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { type Alert, AlertMonitor } from './alert-monitor.ts';
import { type AlertKey, type AlertRule, keysOf } from './alert-rule.ts';
import { greatest } from './culprits.ts';

/** The figures that samples of the network alone have. */
const NETWORK_KEYS: readonly AlertKey[] = ['net.up', 'net.down'];

/** A rule that cannot be judged, because some of its figures are not sampled. */
export interface UnwatchedRule {
  readonly name: string;
  readonly text: string;
  readonly missing: readonly AlertKey[];
}

/** Judges rules by samples of the network alone, for a program that asks a machine for nothing else. */
export class NetworkWatch {
  readonly unwatched: readonly UnwatchedRule[];
  readonly #rates = new MachineRates();
  readonly #sums = new OwnerRates();
  readonly #monitor: AlertMonitor;
  #sequence = Number.NaN;
  #epoch = Number.NaN;

  constructor(rules: readonly AlertRule[]) {
    const missingOf = (rule: AlertRule): readonly AlertKey[] =>
      keysOf(rule).filter((key) => !NETWORK_KEYS.includes(key));
    const watched = rules.filter((rule) => missingOf(rule).length === 0);
    this.unwatched = rules
      .map((rule) => ({ name: rule.name, text: rule.text, missing: missingOf(rule) }))
      .filter(({ missing }) => missing.length > 0);
    this.#monitor = new AlertMonitor(watched, this.#rates, new ProcessRates());
  }

  /** Every rule that is judged, in the order of the file. */
  get alerts(): readonly Alert[] {
    return this.#monitor.alerts;
  }

  /** Takes a sample and its rates, borrowed; one that was seen before changes nothing. */
  take(header: SnapshotHeader, section: NetworkSection, rates: NetworkRates): void {
    if (this.alerts.length === 0) return;
    const isAnother = header.epoch !== this.#epoch;
    if (section.sequence === this.#sequence && !isAnother) return;
    this.#sequence = section.sequence;
    this.#epoch = header.epoch;
    if (isAnother) {
      this.#rates.rebase();
      this.#monitor.rebase();
    }
    this.#rates.interfaces.update(section.interfaces, section.monotonicMicros);
    const { owners } = section;
    this.#monitor.takeInterfaces(() => {
      this.#sums.build(section, rates, { interfaceIndex: undefined, includeLoopback: false });
      return greatest(owners, (slot) =>
        owners.kind[slot] === OwnerKind.PROCESS ? this.#sums.up[slot]! + this.#sums.down[slot]! : Number.NaN,
      );
    });
    this.#monitor.evaluate(header.monotonicMicros, header.wallMillis);
  }
}
