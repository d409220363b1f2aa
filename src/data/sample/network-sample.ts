import type { Section } from '../schema/section-facts.ts';
import type { Failures, StackCounters } from './failures.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { ExitedTable, ProcessTable } from './process-table.ts';
import type { SocketTable } from './socket-table.ts';

/** Collection tiers of each system that can be watched, best first: the one place where they are named. */
export const TIERS_OF = {
  linux: ['ebpf', 'netlink', 'packet', 'proc'],
  macos: ['pcblist', 'nettop', 'netstat'],
} as const;
export const TIERS = [...TIERS_OF.linux, ...TIERS_OF.macos] as const;
export type Tier = (typeof TIERS)[number];
export type MacosTier = (typeof TIERS_OF.macos)[number];

/** Which bytes a tier counts: whole IP packets, TCP payload, or none. */
export const COUNTING_BASES = ['l3', 'payload', 'none'] as const;
export type CountingBasis = (typeof COUNTING_BASES)[number];

/** What each tier counts. */
export const COUNTED_BY: Readonly<Record<Tier, CountingBasis>> = {
  ...{ ebpf: 'l3', netlink: 'payload', packet: 'l3', proc: 'none' },
  ...{ pcblist: 'payload', nettop: 'payload', netstat: 'payload' },
};

/** Sources of each part of a collection. A tier combines the best ones; parts may fail separately. */
const PART_WORDS = {
  tcp: ['ebpf', 'tcp_info', 'packets', 'none', 'pcblist', 'nettop', 'netstat'],
  udp: ['ebpf', 'packets', 'none', 'pcblist', 'nettop', 'netstat'],
  /** How the process of a socket is found: its last user, its creator, or a holder of a descriptor. */
  owners: ['last user', 'creator', 'descriptor'],
  processes: ['ebpf', 'proc', 'ps'],
  /** Whose sockets are counted. */
  scope: ['machine', 'container', 'network namespace'],
  /** What names of remote hosts are learned from, beside reverse lookups. */
  names: ['ebpf', 'packets', 'none'],
} as const;
type PartName = keyof typeof PART_WORDS;

/** Source of each part of a collection, as words of `PART_WORDS`. */
export type CollectionParts = { readonly [Name in PartName]: (typeof PART_WORDS)[Name][number] } & {
  /** Whether processes that start and exit between two samples are seen. */
  readonly exited: boolean;
};

/** What a part is that a sender does not tell. */
const WITHOUT: Readonly<Record<string, string>> = { names: 'none' };

/** Parses untrusted words; undefined: a word is missing or unknown. */
export function collectionPartsOf(
  words: Readonly<Partial<Record<PartName | 'exited', unknown>>>,
): CollectionParts | undefined {
  const known = Object.entries(PART_WORDS).map(([name, list]) => [
    name,
    // Older senders know nothing of names.
    (list as readonly unknown[]).find((word) => word === (words[name as PartName] || WITHOUT[name])),
  ]);
  if (known.some(([, word]) => word === undefined)) return undefined;
  // In the order that exports have them.
  const { scope, names, ...others } = Object.fromEntries(known) as CollectionParts;
  return { ...others, exited: words.exited === true, scope, names };
}

/** Traffic dropped by full tables or by the kernel since the start; 0: none. */
export interface LostTraffic {
  readonly bytes: number;
  readonly packets: number;
}

/** What a collection says of itself, besides its rows. */
export interface CollectionFacts {
  readonly tier: Tier;
  /** `none` also where the tier counts and its counters could not be read this time. */
  readonly counted: CountingBasis;
  /** Closing messages that the kernel had to drop, and rows refused by full tables, since the start. */
  readonly lostClosings: number;
  readonly lost: LostTraffic;
}

/** Slots of closed sockets with their final counters; freed at the next collection. */
export interface ClosedSockets {
  readonly slots: Int32Array;
  readonly count: number;
}

/**
 * Sockets, processes and interfaces as reported by the kernel at one time. The tables belong to the collector and are
 * valid until its next `collect`.
 */
export interface NetworkSample extends Section, CollectionFacts {
  readonly processes: ProcessTable;
  /** Undefined: the table has them all. */
  readonly processCount?: number;
  readonly sockets: SocketTable;
  readonly closed: ClosedSockets;
  readonly interfaces: InterfaceTable;
  readonly parts: CollectionParts;
  /** Processes that exited since the previous collection, perhaps never seen alive. */
  readonly exited: ExitedTable;
  /** Failures counted in the kernel; undefined: the tier does not. */
  readonly failures?: Failures | undefined;
  /** Undefined: not read. */
  readonly stack?: StackCounters | undefined;
}
