/** What terms can ask about. `text` is a term without a key. */
export const FILTER_KEYS = [
  'port',
  'host',
  'proto',
  'state',
  'up',
  'down',
  'conns',
  'user',
  'svc',
  'group',
  'pid',
] as const;

export type FilterKey = (typeof FILTER_KEYS)[number];

/** How a number is compared; `:` is written for `=` where a term lists several numbers. */
export type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** Whether a text is looked for anywhere, or has to be the whole. */
export type TextMatch = 'contains' | 'equals';

/** A range of addresses: the first `bits` of the four words (IPv4 as IPv4-mapped, so 96 and more). */
export interface AddressPrefix {
  /** As it was written. */
  readonly text: string;
  readonly words: Uint32Array;
  readonly bits: number;
}

/** Terms about owners; texts of all terms are in lower case. */
export type OwnerTermTest =
  | { readonly key: 'text'; readonly text: string }
  | { readonly key: 'pid'; readonly comparison: Comparison; readonly values: readonly number[] }
  | { readonly key: 'user'; readonly match: TextMatch; readonly text: string }
  | { readonly key: 'group'; readonly match: TextMatch; readonly text: string };

/** Terms about sockets; states as `stateName` has them. */
export type SocketTermTest =
  | { readonly key: 'port'; readonly comparison: Comparison; readonly values: readonly number[] }
  | { readonly key: 'proto'; readonly protocols: readonly ('tcp' | 'udp')[] }
  | { readonly key: 'state'; readonly states: readonly string[] }
  | { readonly key: 'svc'; readonly match: TextMatch; readonly text: string }
  | { readonly key: 'host'; readonly match: TextMatch; readonly text: string }
  | { readonly key: 'network'; readonly prefix: AddressPrefix };

/** Terms about the figures of a row: bytes per second, connections. */
export interface FigureTermTest {
  readonly key: 'up' | 'down' | 'conns';
  readonly comparison: Comparison;
  readonly value: number;
}

/** What a term says, without its `!`. */
export type FilterTest = OwnerTermTest | SocketTermTest | FigureTermTest;

/** One term of a filter. */
export interface FilterTerm {
  readonly isNegated: boolean;
  readonly test: FilterTest;
}

/** Terms that have to hold together. */
export type Alternative = readonly FilterTerm[];

/** Where a filter's text is wrong: UTF-16 columns `from` to before `to`, and what is accepted there. */
export interface FilterError {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}
