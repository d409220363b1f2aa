import type { NetworkRates } from '../rates/network-rates.ts';
import { type NetworkSection, NetworkTables } from '../sample/network-section.ts';

/** A section and its rates that do not change while sampling continues, for pause. */
interface FrozenNetwork {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
}

/**
 * Copies everything that a section borrows. The cost depends on the tables' capacity: use it for pause, not for every
 * sample.
 */
export function freezeNetwork(section: NetworkSection, rates: NetworkRates): FrozenNetwork {
  const tables = NetworkTables.copyOf(section);
  return { section: { ...section, ...tables, errors: [...section.errors] }, rates: rates.copy() };
}
