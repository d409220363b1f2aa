import type { Columns } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { InterfaceTable } from '../sample/interface-table.ts';
import {
  HostTable,
  type NetworkSection,
  OwnerTable,
  SocketAccounts,
  TrafficTable,
} from '../sample/network-section.ts';
import { SocketTable } from '../sample/socket-table.ts';

/** A section and its rates that stay as they are while the source goes on: what pause shows. */
interface FrozenNetwork {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
}

/** Copies everything that a section borrows. Costs what the tables' capacity is: for pause, not for every sample. */
export function freezeNetwork(section: NetworkSection, rates: NetworkRates): FrozenNetwork {
  return { section: freezeSection(section), rates: rates.copy() };
}

function freezeSection(section: NetworkSection): NetworkSection {
  return {
    ...section,
    errors: [...section.errors],
    owners: copyOf(section.owners, new OwnerTable()),
    traffic: copyOf(section.traffic, new TrafficTable()),
    hosts: copyOf(section.hosts, new HostTable()),
    hostTraffic: copyOf(section.hostTraffic, new TrafficTable()),
    sockets: copyOf(section.sockets, new SocketTable(1)),
    accounts: copyOf(section.accounts, new SocketAccounts()),
    interfaces: copyOf(section.interfaces, new InterfaceTable()),
  };
}

/** A copy with the same columns, made in an empty table. */
function copyOf<T extends Columns>(from: T, empty: T): T {
  empty.become(from);
  return empty;
}
