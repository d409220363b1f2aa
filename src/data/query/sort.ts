/** What rows can be ordered by. `rate` is both directions together; `total` the bytes since start. */
export const SORT_KEYS = [
  'rate',
  'download',
  'upload',
  'pid',
  'name',
  'connections',
  'total',
  'download-total',
  'upload-total',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  readonly key: SortKey;
  /** Against the key's natural direction. */
  readonly isReversed: boolean;
}

/** pid and name rise, everything else falls: the largest stands first. */
export function isNaturallyAscending(key: SortKey): boolean {
  return key === 'pid' || key === 'name';
}

/** The direction in force. */
export function isAscending(sort: Sort): boolean {
  return isNaturallyAscending(sort.key) !== sort.isReversed;
}

export function isSortKey(text: string): text is SortKey {
  return (SORT_KEYS as readonly string[]).includes(text);
}
