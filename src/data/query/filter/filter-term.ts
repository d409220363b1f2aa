import type { SlotTable } from '../../../kit/table/slot-table.ts';
import { ipVersion } from '../../../kit/text/network-name.ts';
import { readAddress } from '../../sample/address.ts';
import type { Grouping } from '../../sample/process-table.ts';
import { ADDRESS_WORDS } from '../../schema/network-columns.ts';

/** What terms can test. `text` is a term without a key. */
export const FILTER_KEYS = [
  'port',
  'host',
  'proto',
  'state',
  'up',
  'down',
  'conns',
  'rtt',
  'retrans',
  'drops',
  'user',
  'svc',
  'group',
  'pid',
  'program',
  'container',
  'unit',
] as const;

export type FilterKey = (typeof FILTER_KEYS)[number];

/** How a number is compared; `:` is written for `=` where a term lists several numbers. */
export type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** Whether a text may match anywhere, or must be equal. */
export type TextMatch = 'contains' | 'equals';

/** A range of addresses: the first `bits` of the four words (IPv4 as IPv4-mapped, so 96 and more). */
interface AddressPrefix {
  /** As it was written. */
  readonly text: string;
  readonly words: Uint32Array;
  readonly bits: number;
}

/** Terms about owners; texts of all terms are in lower case. */
export type OwnerTermTest =
  | { readonly key: 'text'; readonly text: string }
  | { readonly key: 'pid'; readonly comparison: Comparison; readonly values: readonly number[] }
  | { readonly key: NamedKey; readonly match: TextMatch; readonly text: string };

/** Keys of the groups of a process. */
export type NamedKey = Grouping | 'group';

/** Terms about sockets; states as `stateName` has them. */
export type SocketTermTest =
  | { readonly key: 'port'; readonly comparison: Comparison; readonly values: readonly number[] }
  | { readonly key: 'proto'; readonly protocols: readonly ('tcp' | 'udp')[] }
  | { readonly key: 'state'; readonly states: readonly string[] }
  | { readonly key: 'svc'; readonly match: TextMatch; readonly text: string }
  | { readonly key: 'host'; readonly match: TextMatch; readonly text: string }
  | { readonly key: 'network'; readonly prefix: AddressPrefix };

/** Terms about the figures of a row: bytes per second, connections, microseconds, a share of 1, drops. */
export interface FigureTermTest {
  readonly key: 'up' | 'down' | 'conns' | 'rtt' | 'retrans' | 'drops';
  readonly comparison: Comparison;
  readonly value: number;
}

/** Content of a term, without its `!`. */
export type FilterTest = OwnerTermTest | SocketTermTest | FigureTermTest;

export interface FilterTerm {
  readonly isNegated: boolean;
  readonly test: FilterTest;
}

/** Terms that must all hold. */
export type Alternative = readonly FilterTerm[];

/** The invalid part of a filter's text: UTF-16 columns from `from` to before `to`, and what is accepted there. */
export interface FilterError {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/** NaN (unknown) never matches. */
export function compare(comparison: Comparison, a: number, b: number): boolean {
  switch (comparison) {
    case '=':
      return a === b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

/** Whether one of the values matches. */
export function anyOf(comparison: Comparison, value: number, values: readonly number[]): boolean {
  for (const each of values) if (compare(comparison, value, each)) return true;
  return false;
}

const PREFIX = /^([0-9a-f:.]+)\/(\d{1,3})$/i;
const IPV4_MAPPED_BITS = 96;

/** Reads `10.0.0.0/8`, `2001:db8::/32` (RFC 4632, RFC 4291); bits behind the prefix do not matter. */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const match = PREFIX.exec(text);
  if (match === null) return undefined;
  const address = match[1]!;
  const version = ipVersion(address);
  const bits = Number(match[2]);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const words = new Uint32Array(ADDRESS_WORDS);
  readAddress(address, words);
  // `::ffff:10.0.0.0/104` already counts all 128 bits.
  return { text: text.toLowerCase(), words, bits: version === 4 ? bits + IPV4_MAPPED_BITS : bits };
}

/** Whether the address in a slot's key (four words) has this prefix. */
export function hasPrefix({ words, bits }: AddressPrefix, slots: SlotTable, slot: number): boolean {
  for (const word of WORDS) {
    const left = bits - word * 32;
    if (left <= 0) return true;
    const shift = left >= 32 ? 0 : 32 - left;
    if ((slots.keyWord(slot, word) ^ words[word]!) >>> shift !== 0) return false;
  }
  return true;
}

const WORDS = [0, 1, 2, 3] as const;
