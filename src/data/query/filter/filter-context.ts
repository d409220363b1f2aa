import type { NetworkSection, OwnerTable } from '../../sample/network-section.ts';
import { OwnerGroups } from '../control-groups.ts';
import { OwnerTexts } from '../owner-texts.ts';
import type { ScopeFilter } from '../scope.ts';
import { HostTexts } from '../socket-texts.ts';

/**
 * Who knows names, for `host:` and `svc:`. `hostName` is asked for every remote host of a list, so it should answer
 * from what is known and start no look-up.
 */
export interface FilterNames {
  readonly hostName?: (address: string) => string | undefined;
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
}

/** The columns of a list that `up`, `down` and `conns` compare, by row; bytes per second, NaN unknown. */
export interface FilterColumns {
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly connections: Int32Array;
  /** What `rtt`, `retrans` and `drops` compare, of lists that know it: microseconds, a share of 1, a count. */
  rttOf?(row: number): number;
  retransmittedOf?(row: number): number;
  dropsOf?(row: number): number;
}

/** What a filter looks at while one list is made. Borrowed until the next `begin`. */
export interface FilterContext {
  readonly section: NetworkSection;
  readonly inScope: ScopeFilter;
  readonly columns: FilterColumns;
}

/** Decides which owners a list shows. */
export interface OwnerFilter {
  /** Once before the rows of a list are asked about. */
  begin?(context: FilterContext): void;
  /** `row` is the owner's row in the context's columns. */
  matches(owners: OwnerTable, slot: number, row: number): boolean;
}

/** Texts of owners and hosts that filters look at, made once: to be shared by all filters of a program. */
export class FilterCaches {
  readonly ownerTexts = new OwnerTexts();
  readonly groups = new OwnerGroups();
  readonly hostTexts = new HostTexts();
}
