import type { FilterNames } from '../../data/query/filter/filter-context.ts';
import type { FilterExpression } from '../../data/query/filter/filter-expression.ts';
import type { Scope } from '../../data/query/scope.ts';
import { freezeNetwork, type NetworkRates } from '../../data/rates/network-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';

/** Data of the network views: counters of one machine and their rates. */
export interface NetworkData {
  readonly header: SnapshotHeader;
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /** False while a collection writes to the tables: listed rows may be read, new lists wait for the sample. */
  readonly isStable: boolean;
}

/** Returns a copy that does not change while sampling continues. Only for stable data. */
export function frozen(data: NetworkData): NetworkData {
  return { header: data.header, ...freezeNetwork(data.section, data.rates), isStable: true };
}

/** Identity of a row, independent of its rank: the slot in its table, and the slot's serial. */
export interface Identity {
  readonly slot: number;
  readonly serial: number;
}

/** Sort order; `key` is one of the list's sort keys. */
export interface ListSort {
  readonly key: string;
  readonly isReversed: boolean;
}

/** Names from the cache; never waits for a lookup. */
export interface NameLookup extends FilterNames {
  /** Like `hostName`; starts a lookup if the name is unknown. */
  host(address: string): string | undefined;
  country(address: string): string | undefined;
  /** False: show addresses instead of names. */
  areShown?(): boolean;
}

export interface ListInput {
  readonly data: NetworkData;
  readonly scope: Scope;
  /** Undefined: everything. */
  readonly filter: FilterExpression | undefined;
  readonly names: NameLookup;
  /** Bytes instead of rates (the process list). */
  readonly isCumulative: boolean;
  /** Process tree (the process list). */
  readonly isTree: boolean;
  /** Grouping of the process table; undefined: one row per process. */
  readonly groupBy: Grouping | undefined;
  /** Folded branches of the tree. */
  readonly folded: readonly Identity[];
  /** The owner whose connections are listed; -1 none. */
  readonly owner: number;
}

/** How a list is drawn. */
export interface ListLook {
  readonly sort: ListSort;
  readonly viewport: Viewport;
  readonly theme: Theme;
  readonly units: RateUnits;
  /** Whether an owner's rate is above the alert threshold. */
  readonly alarmOf: (owner: number) => Alarm;
}

/** `new`: just crossed the threshold. */
export type Alarm = 'none' | 'new' | 'on';

/** Target of a click: a row by rank, or a column title and its sort key. */
export type ListHit =
  | { readonly part: 'row'; readonly row: number }
  | { readonly part: 'header'; readonly key: string };

/** One of sstop's tables, for one screen. Every frame reads its buffers, until the next `rebuild`. */
export interface NetworkList {
  /** Sort keys in the order of the key `s`; the first is the default. */
  readonly sortKeys: readonly string[];
  readonly count: number;
  /** Number of rows without the filter. */
  readonly unfilteredCount: number;
  rebuild(input: ListInput): void;
  /** The row at a rank; undefined: past the end. */
  identityAt(sort: ListSort, rank: number): Identity | undefined;
  /** Rank of a row; -1: not listed. */
  rankOf(sort: ListSort, identity: Identity): number;
  /** All rows in that order, as row indexes of the list, for exports. */
  order(sort: ListSort): Int32Array;
  render(area: Rect, buffer: Buffer, look: ListLook): void;
  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined;
}
