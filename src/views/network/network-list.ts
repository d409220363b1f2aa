import type { FilterNames } from '../../data/query/filter/filter-context.ts';
import type { FilterExpression } from '../../data/query/filter/filter-expression.ts';
import { freezeNetwork } from '../../data/query/freeze.ts';
import type { Scope } from '../../data/query/scope.ts';
import type { NetworkRates } from '../../data/rates/network-rates.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';

/** What the network views show: one machine's counters and the rates made of them. */
export interface NetworkData {
  readonly header: SnapshotHeader;
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /**
   * False while a collection writes to the section's tables: then rows already listed may be read, and new lists
   * wait for the sample.
   */
  readonly isStable: boolean;
}

/** A copy that stays as it is while the source goes on. Only of stable data. */
export function frozen(data: NetworkData): NetworkData {
  return { header: data.header, ...freezeNetwork(data.section, data.rates), isStable: true };
}

/** A row whichever rank it has now: a slot of the table that it comes from, and that slot's serial. */
export interface Identity {
  readonly slot: number;
  readonly serial: number;
}

/** By what a list is ordered; `key` is one of the list's own. */
export interface ListSort {
  readonly key: string;
  readonly isReversed: boolean;
}

/** Who knows names; every answer comes at once, from what is known. */
export interface NameLookup extends FilterNames {
  /** As `hostName`, and asks for it if it is not known yet. */
  host(address: string): string | undefined;
  country(address: string): string | undefined;
}

/** What a list is made of. */
export interface ListInput {
  readonly data: NetworkData;
  readonly scope: Scope;
  /** Undefined: everything. */
  readonly filter: FilterExpression | undefined;
  readonly names: NameLookup;
  /** Bytes instead of rates (the process list). */
  readonly isCumulative: boolean;
  /** Processes below their parents (the process list). */
  readonly isTree: boolean;
  /** Branches of the tree that show their first row alone. */
  readonly folded: readonly Identity[];
  /** The owner whose connections are listed; -1 none. */
  readonly owner: number;
}

/** How a list is drawn. */
export interface ListLook {
  readonly sort: ListSort;
  readonly viewport: Viewport;
  readonly theme: Theme;
  readonly ascii: boolean;
  readonly units: RateUnits;
  /** Whether an owner's rate is over the alert's threshold. */
  readonly alarmOf: (owner: number) => Alarm;
}

/** `new`: it has just crossed the threshold. */
export type Alarm = 'none' | 'new' | 'on';

/** What a press hits: the row of a rank, or a header and the key that it sorts by. */
export type ListHit =
  | { readonly part: 'row'; readonly row: number }
  | { readonly part: 'header'; readonly key: string };

/**
 * One of sstop's tables. It holds buffers of its own, made anew by `rebuild` and read by every frame until the
 * next; one list serves one screen.
 */
export interface NetworkList {
  /** The round of the sort key; the first is what the list starts with. */
  readonly sortKeys: readonly string[];
  readonly count: number;
  /** Rows before the filter took some away. */
  readonly unfilteredCount: number;
  rebuild(input: ListInput): void;
  /** The row at a rank, undefined past the end. */
  identityAt(sort: ListSort, rank: number): Identity | undefined;
  /** -1 where it is not listed. */
  rankOf(sort: ListSort, identity: Identity): number;
  /** Every row in that order, as numbers of the list's own rows: for exports. */
  order(sort: ListSort): Int32Array;
  render(area: Rect, buffer: Buffer, look: ListLook): void;
  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined;
}
