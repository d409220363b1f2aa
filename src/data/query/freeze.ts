import { SlotTable } from '../../kit/table/slot-table.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { InterfaceTable } from '../sample/interface-table.ts';
import {
  HostTable,
  type NetworkSection,
  OwnerTable,
  type SocketAccounts,
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
    owners: copyColumns(section.owners, new OwnerTable()),
    traffic: copyColumns(section.traffic, new TrafficTable()),
    hosts: copyColumns(section.hosts, new HostTable()),
    hostTraffic: copyColumns(section.hostTraffic, new TrafficTable()),
    sockets: copyColumns(section.sockets, new SocketTable(1)),
    accounts: copyAccounts(section.accounts),
    interfaces: copyColumns(section.interfaces, new InterfaceTable()),
  };
}

function copyAccounts(accounts: SocketAccounts): SocketAccounts {
  return {
    owner: accounts.owner.slice(),
    host: accounts.host.slice(),
    interfaceIndex: accounts.interfaceIndex.slice(),
    txBytes: accounts.txBytes.slice(),
    rxBytes: accounts.rxBytes.slice(),
    isClosed: accounts.isClosed.slice(),
  };
}

/** A table is slot tables, typed arrays and arrays of text: each is copied into the empty one. */
function copyColumns<T extends object>(from: T, into: T): T {
  const copies = Object.entries(from).map(([name, column]) => [name, copyColumn(column)]);
  return Object.assign(into, Object.fromEntries(copies));
}

function copyColumn(column: unknown): unknown {
  if (column instanceof SlotTable) return column.copy();
  if (Array.isArray(column)) return [...column];
  // Typed arrays are copied with their type; what is neither is a plain value.
  return ArrayBuffer.isView(column) ? structuredClone(column) : column;
}
