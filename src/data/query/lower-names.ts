import type { OwnerTable } from '../sample/network-section.ts';

/** Lower-cased names by owner slot, made anew when a name changed: what lists are ordered by. */
export class LowerNames {
  readonly #lower: string[] = [];
  readonly #names: string[] = [];

  of(owners: OwnerTable, slot: number): string {
    const name = owners.names[slot] ?? '';
    if (this.#names[slot] !== name) {
      this.#names[slot] = name;
      this.#lower[slot] = name.toLowerCase();
    }
    return this.#lower[slot]!;
  }
}
