import { freezeNetwork } from '../../data/query/freeze.ts';
import type { NetworkRates } from '../../data/rates/network-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { SnapshotHeader } from '../../data/sample/snapshot.ts';

/** What the network views show: one machine's counters and the rates made of them. */
export interface NetworkData {
  readonly header: SnapshotHeader;
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /**
   * False while a collection writes to the section's tables: then rows already listed may be read, and new lists
   * wait for the sample.
   */
  readonly isStable: boolean;
}

/** A copy that stays as it is while the source goes on. Only of stable data. */
export function frozen(data: NetworkData): NetworkData {
  return { header: data.header, ...freezeNetwork(data.section, data.rates), isStable: true };
}
