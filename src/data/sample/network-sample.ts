import type { ExitedTable } from './exited-table.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { ProcessTable } from './process-table.ts';
import type { SectionError } from './snapshot.ts';
import type { SocketTable } from './socket-table.ts';

/** Collection tiers, best first. */
export type Tier = 'ebpf' | 'netlink' | 'packet' | 'proc';

/** What a byte is on a tier: whole IP packets, TCP payload, or not counted at all. */
export type CountingBasis = 'l3' | 'payload' | 'none';

/** What each part of a collection comes from: a tier is the best of them, and parts may fail one by one. */
export interface CollectionParts {
  readonly tcp: 'ebpf' | 'tcp_info' | 'packets' | 'none';
  readonly udp: 'ebpf' | 'packets' | 'none';
  /** How a socket's process is known: whoever used it last, whoever opened it, or who holds a descriptor. */
  readonly owners: 'last user' | 'creator' | 'descriptor';
  readonly processes: 'ebpf' | 'proc';
  /** Whether processes that come and go between two samples are seen. */
  readonly exited: boolean;
  /** Whose sockets are counted. */
  readonly scope: 'machine' | 'container' | 'network namespace';
}

/** What was refused by full tables or dropped by the kernel, since the start; 0 where nothing was. */
export interface LostTraffic {
  readonly bytes: number;
  readonly packets: number;
}

/** Slots of sockets whose final counters stand in the table; they are given back at the next collection. */
export interface ClosedSockets {
  readonly slots: Int32Array;
  readonly count: number;
}

/**
 * What the kernel said about sockets, processes and interfaces at one moment. The tables are the collector's own
 * and are valid until its next `collect`.
 */
export interface NetworkSample {
  /** Counts up by one with every collection, from 1. */
  readonly sequence: number;
  readonly monotonicMicros: number;
  readonly durationMicros: number;
  readonly tier: Tier;
  readonly counted: CountingBasis;
  readonly processes: ProcessTable;
  readonly sockets: SocketTable;
  readonly closed: ClosedSockets;
  readonly interfaces: InterfaceTable;
  /** Closing messages that the kernel had to drop, and rows refused by full tables, since the start. */
  readonly lostClosings: number;
  readonly lost: LostTraffic;
  readonly parts: CollectionParts;
  /** Who ended since the collection before, and was perhaps never seen alive. */
  readonly exited: ExitedTable;
  readonly errors: readonly SectionError[];
}
