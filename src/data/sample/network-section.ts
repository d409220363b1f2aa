import { columnsClass, tableClass } from '../../kit/table/columns.ts';
import {
  HOST_COLUMNS,
  NETWORK_TABLES,
  OWNER_COLUMNS,
  SOCKET_ACCOUNT_COLUMNS,
  TRAFFIC_COLUMNS,
} from '../schema/network-columns.ts';
import { InterfaceTable } from './interface-table.ts';
import type { CollectionParts, CountingBasis, LostTraffic, Tier } from './network-sample.ts';
import type { Section } from './snapshot.ts';
import { SocketTable } from './socket-table.ts';

export { OwnerKind } from '../schema/network-columns.ts';

/**
 * Owners of traffic, one slot each: a process (key: pid, start ticks low and high word) or a group of sockets without a
 * known process. Exited processes keep their row. Ancestors of processes with sockets have rows too.
 */
export class OwnerTable extends tableClass(OWNER_COLUMNS, {
  capacity: 256,
  limit: NETWORK_TABLES.owners.limit,
}) {}

/**
 * Cumulative bytes of a subject (an owner or a remote host) over one interface, key (subject slot, ifindex, 0, 0);
 * ifindex 0: the local address belongs to no known interface. Never decreases within an epoch.
 */
export class TrafficTable extends tableClass(TRAFFIC_COLUMNS, {
  capacity: 512,
  limit: NETWORK_TABLES.traffic.limit,
}) {}

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
export class HostTable extends tableClass(HOST_COLUMNS, {
  capacity: 256,
  limit: NETWORK_TABLES.hosts.limit,
}) {}

/** Columns with the slots of `SocketTable`: attribution of each live socket. */
export class SocketAccounts extends columnsClass(SOCKET_ACCOUNT_COLUMNS) {}

/** Network data of one machine at one time, for views and exports. */
export interface NetworkSection extends Section {
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly owners: OwnerTable;
  /** Subject: slot in `owners`. */
  readonly traffic: TrafficTable;
  /** Traffic of owners in control groups that they have left. Undefined from an agent or a recording. */
  readonly former?: readonly FormerTraffic[];
  readonly hosts: HostTable;
  /** Subject: slot in `hosts`. */
  readonly hostTraffic: TrafficTable;
  readonly sockets: SocketTable;
  readonly accounts: SocketAccounts;
  readonly interfaces: InterfaceTable;
  /** Live processes on the machine, with or without sockets. */
  readonly processCount: number;
  readonly lostClosings: number;
  readonly lost: LostTraffic;
  /** Undefined in a recording without it. */
  readonly parts: CollectionParts | undefined;
}

/**
 * The tables of a `NetworkSection`, for a machine that is not counted here: empty, their rows made by who holds them.
 */
export class NetworkTables {
  readonly owners = new OwnerTable();
  readonly hosts = new HostTable();
  readonly traffic = new TrafficTable();
  readonly hostTraffic = new TrafficTable();
  readonly interfaces = new InterfaceTable();
  readonly sockets = new SocketTable();
  readonly accounts = new SocketAccounts();
}
