import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';
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

const OWNERS_LIMIT = 1 << 17;
const TRAFFIC_LIMIT = 1 << 18;
const HOSTS_LIMIT = 1 << 16;

/**
 * Who traffic is counted for, one slot each: a process (key: pid, start ticks low and high word) or a group of
 * sockets without one. Exited processes keep their row. Whoever a process with sockets descends from has a row too.
 */
export class OwnerTable {
  readonly slots: SlotTable;
  kind: Uint8Array;
  /** 0 where there is no process. */
  pid: Int32Array;
  ppid: Int32Array;
  startTicks: Float64Array;
  /** -1 unknown. */
  uid: Int32Array;
  hasExited: Uint8Array;
  /** Live sockets that are no listeners, and listening ones (unconnected bound UDP sockets included). */
  connectionCount: Int32Array;
  listenerCount: Int32Array;
  /** Task name or what the group is called; neither sanitised nor shortened. */
  readonly names: string[] = [];
  /** User name, or the number as text. */
  readonly users: (string | undefined)[] = [];
  /** Command line, arguments joined by a space; undefined: unknown (gone, not permitted, kernel thread). */
  readonly commandLines: (string | undefined)[] = [];
  /** Control group path (the unified hierarchy's, else the one of systemd's); undefined: unknown. */
  readonly cgroups: (string | undefined)[] = [];

  constructor() {
    this.slots = new SlotTable(256, OWNERS_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.kind = new Uint8Array(n);
    this.pid = new Int32Array(n);
    this.ppid = new Int32Array(n);
    this.startTicks = new Float64Array(n);
    this.uid = new Int32Array(n);
    this.hasExited = new Uint8Array(n);
    this.connectionCount = new Int32Array(n);
    this.listenerCount = new Int32Array(n);
  }

  #grow(n: number): void {
    this.kind = lengthened(this.kind, new Uint8Array(n));
    this.pid = lengthened(this.pid, new Int32Array(n));
    this.ppid = lengthened(this.ppid, new Int32Array(n));
    this.startTicks = lengthened(this.startTicks, new Float64Array(n));
    this.uid = lengthened(this.uid, new Int32Array(n));
    this.hasExited = lengthened(this.hasExited, new Uint8Array(n));
    this.connectionCount = lengthened(this.connectionCount, new Int32Array(n));
    this.listenerCount = lengthened(this.listenerCount, new Int32Array(n));
  }
}

/**
 * Cumulative bytes of a subject (an owner or a remote host) over one interface, key (subject slot, ifindex, 0, 0);
 * ifindex 0: the local address belongs to no interface known. Only ever grows while the epoch lasts.
 */
export class TrafficTable {
  readonly slots: SlotTable;
  subject: Int32Array;
  interfaceIndex: Int32Array;
  txBytes: Float64Array;
  rxBytes: Float64Array;
  txSegments: Float64Array;
  rxSegments: Float64Array;
  /** IP and transport headers of those segments, by address family; 0 on tiers that count whole packets. */
  txHeaderBytes: Float64Array;
  rxHeaderBytes: Float64Array;
  /** The part of txBytes and rxBytes whose owner was inferred from the endpoint. */
  inferredTxBytes: Float64Array;
  inferredRxBytes: Float64Array;

  constructor() {
    this.slots = new SlotTable(512, TRAFFIC_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.subject = new Int32Array(n);
    this.interfaceIndex = new Int32Array(n);
    this.txBytes = new Float64Array(n);
    this.rxBytes = new Float64Array(n);
    this.txSegments = new Float64Array(n);
    this.rxSegments = new Float64Array(n);
    this.txHeaderBytes = new Float64Array(n);
    this.rxHeaderBytes = new Float64Array(n);
    this.inferredTxBytes = new Float64Array(n);
    this.inferredRxBytes = new Float64Array(n);
  }

  #grow(n: number): void {
    this.subject = lengthened(this.subject, new Int32Array(n));
    this.interfaceIndex = lengthened(this.interfaceIndex, new Int32Array(n));
    this.txBytes = lengthened(this.txBytes, new Float64Array(n));
    this.rxBytes = lengthened(this.rxBytes, new Float64Array(n));
    this.txSegments = lengthened(this.txSegments, new Float64Array(n));
    this.rxSegments = lengthened(this.rxSegments, new Float64Array(n));
    this.txHeaderBytes = lengthened(this.txHeaderBytes, new Float64Array(n));
    this.rxHeaderBytes = lengthened(this.rxHeaderBytes, new Float64Array(n));
    this.inferredTxBytes = lengthened(this.inferredTxBytes, new Float64Array(n));
    this.inferredRxBytes = lengthened(this.inferredRxBytes, new Float64Array(n));
  }
}

/**
 * Remote addresses, key the four address words. `connectionCount` counts live connections. The row of the
 * unspecified address (all words 0) holds the totals of hosts that were dropped, and never has a rate.
 */
export class HostTable {
  readonly slots: SlotTable;
  connectionCount: Int32Array;

  constructor() {
    this.slots = new SlotTable(256, HOSTS_LIMIT, (capacity) => {
      this.connectionCount = lengthened(this.connectionCount, new Int32Array(capacity));
    });
    this.connectionCount = new Int32Array(this.slots.capacity);
  }
}

/** Columns beside `SocketTable`, same slots: what attribution knows of each live socket. */
export interface SocketAccounts {
  /** Slot in OwnerTable, -1 none. */
  readonly owner: Int32Array;
  /** Slot in HostTable of the remote end, -1 none. */
  readonly host: Int32Array;
  /** ifindex of the local address; the loopback interface's for connections of this machine to itself; 0 unknown. */
  readonly interfaceIndex: Int32Array;
  /** Payload bytes since accounting began, NaN where the tier does not count them. */
  readonly txBytes: Float64Array;
  readonly rxBytes: Float64Array;
  /** 1: closed since the sample before; its last bytes are counted, but it is no connection any more. */
  readonly isClosed: Uint8Array;
}

/** Everything that sstop's views and exports need of one machine at one moment. */
export interface NetworkSection extends Section {
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly owners: OwnerTable;
  /** Subject: slot in `owners`. */
  readonly traffic: TrafficTable;
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
