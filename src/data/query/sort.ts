import type { PROCESS_FIELDS } from './process-fields.ts';
import type { SortKeyOf } from './row-fields.ts';

/** What the process table can be ordered by. */
export type SortKey = SortKeyOf<typeof PROCESS_FIELDS>;

/** An order by one of a list's own keys. */
export interface SortBy<Key extends string> {
  readonly key: Key;
  /** Against the key's natural direction. */
  readonly isReversed: boolean;
}

/** Order of the process table. */
export type Sort = SortBy<SortKey>;
