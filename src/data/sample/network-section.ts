import { type Columns, columnsClass, tableClass } from '../../kit/table/columns.ts';
import {
  HOST_COLUMNS,
  NETWORK_TABLES,
  OWNER_COLUMNS,
  PROBLEM_COLUMNS,
  SOCKET_ACCOUNT_COLUMNS,
  TRAFFIC_COLUMNS,
} from '../schema/network-columns.ts';
import type { Section } from '../schema/section-facts.ts';
import { InterfaceTable } from './interface-table.ts';
import type { CollectionFacts, CollectionParts } from './network-sample.ts';
import { SocketTable } from './socket-table.ts';

/**
 * Owners of traffic, one slot each: a process (key: pid, start ticks low and high word) or a group of sockets without a
 * known process. Exited processes keep their row. Ancestors of processes with sockets have rows too.
 */
export class OwnerTable extends tableClass(OWNER_COLUMNS, NETWORK_TABLES.owners.limit) {}

/**
 * Cumulative bytes of a subject (an owner or a remote host) over one interface, key (subject slot, ifindex, 0, 0);
 * ifindex 0: the local address belongs to no known interface. Never decreases within an epoch.
 */
export class TrafficTable extends tableClass(TRAFFIC_COLUMNS, NETWORK_TABLES.traffic.limit) {}

/** Traffic of an owner over one interface in a control group that it has left. */
export interface FormerTraffic {
  /** Slot in OwnerTable. */
  readonly owner: number;
  /** Path of the group. */
  readonly cgroup: string;
  readonly interfaceIndex: number;
  readonly txBytes: number;
  readonly rxBytes: number;
}

/**
 * Remote addresses; key: the four address words. `connectionCount` counts live connections. The row of the unspecified
 * address (all words 0) holds the totals of evicted hosts and never has a rate.
 */
export class HostTable extends tableClass(HOST_COLUMNS, NETWORK_TABLES.hosts.limit) {}

/** Problems; key: kind and port, owner slot, host slot, reason. A row's counters never decrease while it lives. */
export class ProblemTable extends tableClass(PROBLEM_COLUMNS, NETWORK_TABLES.problems.limit) {}

/** Columns with the slots of `SocketTable`: attribution of each live socket. */
export class SocketAccounts extends columnsClass(SOCKET_ACCOUNT_COLUMNS) {}

export class NetworkTables {
  readonly owners = new OwnerTable();
  readonly hosts = new HostTable();
  /** Subject: slot in `owners`. */
  readonly traffic = new TrafficTable();
  /** Subject: slot in `hosts`. */
  readonly hostTraffic = new TrafficTable();
  readonly interfaces = new InterfaceTable();
  readonly sockets = new SocketTable();
  readonly accounts = new SocketAccounts();
  readonly problems = new ProblemTable();

  /** A copy of tables that are borrowed. Costs what their capacity is. */
  static copyOf(tables: NetworkTables): NetworkTables {
    const copy = new NetworkTables();
    for (const [name, table] of Object.entries<Columns>({ ...copy })) {
      table.become(tables[name as keyof NetworkTables]);
    }
    return copy;
  }
}

/** What a network section says of itself, besides its tables. */
export interface NetworkSectionFacts extends CollectionFacts {
  /** Live processes on the machine, with or without sockets. */
  readonly processCount: number;
  /** Undefined in a recording without it. */
  readonly parts: CollectionParts | undefined;
}

/** Network data of one machine at one time, for views and exports. */
export interface NetworkSection extends Section, NetworkSectionFacts, NetworkTables {
  /** Traffic of owners in control groups that they have left. Undefined from an agent or a recording. */
  readonly former?: readonly FormerTraffic[];
}
