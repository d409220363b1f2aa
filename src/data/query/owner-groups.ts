import type { OwnerTable } from '../sample/network-section.ts';
import { type ControlGroup, controlGroupOf } from './groups.ts';

/** Control group of each owner, read from its path once, and again when the path changed. */
export class OwnerGroups {
  readonly #groups: (ControlGroup | undefined)[] = [];
  readonly #paths: (string | undefined)[] = [];
  readonly #lowerNames: string[] = [];

  /** Undefined: its path is not known. */
  of(owners: OwnerTable, slot: number): ControlGroup | undefined {
    const path = owners.cgroups[slot];
    if (this.#paths[slot] !== path) {
      this.#paths[slot] = path;
      const group = controlGroupOf(path);
      this.#groups[slot] = group;
      this.#lowerNames[slot] = (group?.name ?? '').toLowerCase();
    }
    return this.#groups[slot];
  }

  /** Name of its group in lower case; empty: none known. */
  lowerNameOf(owners: OwnerTable, slot: number): string {
    this.of(owners, slot);
    return this.#lowerNames[slot] ?? '';
  }
}
