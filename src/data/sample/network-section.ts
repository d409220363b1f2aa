import { columnsClass, numbers, OPTIONAL_TEXT, TEXT, tableClass } from '../../kit/table/columns.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { CollectionParts, CountingBasis, LostTraffic, Tier } from './network-sample.ts';
import type { Section } from './snapshot.ts';
import type { SocketTable } from './socket-table.ts';

/** The values of `OwnerTable.kind`. Everything but PROCESS is a row of traffic without a known process. */
export const OwnerKind = {
  PROCESS: 0,
  /** Sockets of the kernel itself, and orphans that the kernel still closes. */
  KERNEL: 1,
  /** Processes of a user that this program may not look into; `uid` says whose. */
  USER: 2,
  /** Known by control group only; the name is its path. */
  CGROUP: 3,
  /** Connections born and gone between two samples, owner not even inferred. */
  CLOSED: 4,
  /** Nothing is known. */
  UNKNOWN: 5,
  /** Exited processes whose rows were dropped: their totals go on here, and it never has a rate. */
  EXITED: 6,
} as const;

export const OWNER_COLUMNS = {
  /** OwnerKind. */
  kind: numbers('u8'),
  /** 0 where there is no process. */
  pid: numbers('i32'),
  ppid: numbers('i32'),
  startTicks: numbers('f64'),
  uid: numbers('i32', -1),
  hasExited: numbers('u8'),
  /** Live sockets that are no listeners, and listening ones (unconnected bound UDP sockets included). */
  connectionCount: numbers('i32'),
  listenerCount: numbers('i32'),
  /** Task name or what the group is called; neither sanitised nor shortened. */
  names: TEXT,
  /** User name, or the number as text. */
  users: OPTIONAL_TEXT,
  /** Command line, arguments joined by a space; undefined: unknown (gone, not permitted, kernel thread). */
  commandLines: OPTIONAL_TEXT,
  /** Control group path (the unified hierarchy's, else the one of systemd's); undefined: unknown. */
  cgroups: OPTIONAL_TEXT,
};

/**
 * Who traffic is counted for, one slot each: a process (key: pid, start ticks low and high word) or a group of
 * sockets without one. Exited processes keep their row. Whoever a process with sockets descends from has a row too.
 */
export class OwnerTable extends tableClass(OWNER_COLUMNS, { capacity: 256, limit: 1 << 17 }) {}

export const TRAFFIC_COLUMNS = {
  /** Slot of an owner or of a host. */
  subject: numbers('i32'),
  interfaceIndex: numbers('i32'),
  txBytes: numbers('f64'),
  rxBytes: numbers('f64'),
  txSegments: numbers('f64'),
  rxSegments: numbers('f64'),
  /** IP and transport headers of those segments, by address family; 0 on tiers that count whole packets. */
  txHeaderBytes: numbers('f64'),
  rxHeaderBytes: numbers('f64'),
  /** The part of txBytes and rxBytes whose owner was inferred from the endpoint. */
  inferredTxBytes: numbers('f64'),
  inferredRxBytes: numbers('f64'),
};

/**
 * Cumulative bytes of a subject (an owner or a remote host) over one interface, key (subject slot, ifindex, 0, 0);
 * ifindex 0: the local address belongs to no interface known. Only ever grows while the epoch lasts.
 */
export class TrafficTable extends tableClass(TRAFFIC_COLUMNS, { capacity: 512, limit: 1 << 18 }) {}

/** What an owner had counted over one interface in a control group that it is not in any more. */
export interface FormerTraffic {
  /** Slot in OwnerTable. */
  readonly owner: number;
  /** Path of the group. */
  readonly cgroup: string;
  readonly interfaceIndex: number;
  readonly txBytes: number;
  readonly rxBytes: number;
}

export const HOST_COLUMNS = { connectionCount: numbers('i32') };

/**
 * Remote addresses, key the four address words. `connectionCount` counts live connections. The row of the
 * unspecified address (all words 0) holds the totals of hosts that were dropped, and never has a rate.
 */
export class HostTable extends tableClass(HOST_COLUMNS, { capacity: 256, limit: 1 << 16 }) {}

export const SOCKET_ACCOUNT_COLUMNS = {
  /** Slot in OwnerTable, -1 none. */
  owner: numbers('i32'),
  /** Slot in HostTable of the remote end, -1 none. */
  host: numbers('i32'),
  /** ifindex of the local address; the loopback interface's for connections of this machine to itself; 0 unknown. */
  interfaceIndex: numbers('i32'),
  /** Payload bytes since accounting began, NaN where the tier does not count them. */
  txBytes: numbers('f64'),
  rxBytes: numbers('f64'),
  /** 1: closed since the sample before; its last bytes are counted, but it is no connection any more. */
  isClosed: numbers('u8'),
};

/** Columns beside `SocketTable`, same slots: what attribution knows of each live socket. */
export class SocketAccounts extends columnsClass(SOCKET_ACCOUNT_COLUMNS) {}

/** Everything that sstop's views and exports need of one machine at one moment. */
export interface NetworkSection extends Section {
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly owners: OwnerTable;
  /** Subject: slot in `owners`. */
  readonly traffic: TrafficTable;
  /** Parts of the owners' traffic that are of other groups than theirs. Undefined from an agent or a recording. */
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
  /** Undefined in a recording that does not say. */
  readonly parts: CollectionParts | undefined;
}
