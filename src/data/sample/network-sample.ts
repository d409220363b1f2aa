import type { SectionError } from '../schema/section-facts.ts';
import type { ExitedTable } from './exited-table.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { ProcessTable } from './process-table.ts';
import type { SocketTable } from './socket-table.ts';

/** Collection tiers, best first. */
export const TIERS = ['ebpf', 'netlink', 'packet', 'proc'] as const;
export type Tier = (typeof TIERS)[number];

/** What a byte is on a tier: whole IP packets, TCP payload, or not counted at all. */
export const COUNTING_BASES = ['l3', 'payload', 'none'] as const;
export type CountingBasis = (typeof COUNTING_BASES)[number];

/** What each part of a collection comes from: a tier is the best of them, and parts may fail one by one. */
const PART_WORDS = {
  tcp: ['ebpf', 'tcp_info', 'packets', 'none'],
  udp: ['ebpf', 'packets', 'none'],
  /** How a socket's process is known: whoever used it last, whoever opened it, or who holds a descriptor. */
  owners: ['last user', 'creator', 'descriptor'],
  processes: ['ebpf', 'proc'],
  /** Whose sockets are counted. */
  scope: ['machine', 'container', 'network namespace'],
} as const;
type PartName = keyof typeof PART_WORDS;

/** What each part of a collection comes from, by the words of `PART_WORDS`. */
export type CollectionParts = { readonly [Name in PartName]: (typeof PART_WORDS)[Name][number] } & {
  /** Whether processes that come and go between two samples are seen. */
  readonly exited: boolean;
};

/** The same from outside; undefined where a word is missing, or none that this version knows. */
export function collectionPartsOf(
  words: Readonly<Partial<Record<PartName | 'exited', unknown>>>,
): CollectionParts | undefined {
  const known = Object.entries(PART_WORDS).map(([name, list]) => [
    name,
    (list as readonly unknown[]).find((word) => word === words[name as PartName]),
  ]);
  if (known.some(([, word]) => word === undefined)) return undefined;
  // In the order that exports have them.
  const { scope, ...others } = Object.fromEntries(known) as CollectionParts;
  return { ...others, exited: words.exited === true, scope };
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
