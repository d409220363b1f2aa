import type { NetworkSection, OwnerTable } from '../../sample/network-section.ts';
import { OwnerGroups } from '../control-groups.ts';
import { HostTexts, OwnerTexts } from '../row-texts.ts';
import type { ScopeFilter } from '../scope.ts';

/** Names for `host:` and `svc:`. `hostName` is called for every host of a list: it should start no look-up. */
export interface FilterNames {
  readonly hostName?: (address: string) => string | undefined;
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
}

/** Figures that terms compare, by row, in lists that have them; NaN unknown. */
export interface FilterColumns {
  /** Bytes per second. */
  readonly up?: Float64Array;
  readonly down?: Float64Array;
  readonly connections?: Int32Array;
  /** Microseconds, a share of 1, a count. */
  rttOf?(row: number): number;
  retransmittedOf?(row: number): number;
  dropsOf?(row: number): number;
}

/** Input of a filter while one list is built. Borrowed until the next `begin`. */
export interface FilterContext {
  readonly section: NetworkSection;
  readonly inScope: ScopeFilter;
  readonly columns: FilterColumns;
}

/** Decides which owners a list shows. */
export interface OwnerFilter {
  /** Call once before the rows of a list are tested. */
  begin?(context: FilterContext): void;
  /** `row` is the owner's row in the context's columns. */
  matches(owners: OwnerTable, slot: number, row: number): boolean;
}

/** Lower-case texts of owners and hosts, cached; shared by all filters of a program. */
export class FilterCaches {
  readonly ownerTexts = new OwnerTexts();
  readonly groups = new OwnerGroups();
  readonly hostTexts = new HostTexts();
}
