import type { OwnerTable } from '../sample/network-section.ts';
import type { OwnerFilter } from './filter/filter-context.ts';
import { OwnerTexts } from './owner-texts.ts';

export type { OwnerFilter } from './filter/filter-context.ts';

/** The seed's filter: plain text, case-insensitive, anywhere in name, command line or PID. Empty matches all. */
export class TextFilter implements OwnerFilter {
  readonly needle: string;
  readonly #texts: OwnerTexts;

  /** `texts` is the cache to share between the filters that typing makes one after another. */
  constructor(needle: string, texts: OwnerTexts = new OwnerTexts()) {
    this.needle = needle.toLowerCase();
    this.#texts = texts;
  }

  matches(owners: OwnerTable, slot: number): boolean {
    return this.needle === '' || this.#texts.of(owners, slot).includes(this.needle);
  }
}
