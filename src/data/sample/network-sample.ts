import type { InterfaceTable } from './interface-table.ts';
import type { ProcessTable } from './process-table.ts';
import type { SectionError } from './snapshot.ts';
import type { SocketTable } from './socket-table.ts';

/** Collection tiers, best first. */
export type Tier = 'ebpf' | 'netlink' | 'packet' | 'proc';

/** What a byte is on a tier: whole IP packets, TCP payload, or not counted at all. */
export type CountingBasis = 'l3' | 'payload' | 'none';

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
  readonly errors: readonly SectionError[];
}
