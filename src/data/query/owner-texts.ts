import type { OwnerTable } from '../sample/network-section.ts';

/** Longer command lines are searched only up to here, to bound the cost of a row. */
const COMMAND_LINE_LENGTH = 4096;

/** Lower-case text of every owner that was requested, rebuilt when its row, name or command line changes. */
export class OwnerTexts {
  readonly #texts: string[] = [];
  readonly #serials: number[] = [];
  readonly #names: string[] = [];
  readonly #commandLines: (string | undefined)[] = [];

  of(owners: OwnerTable, slot: number): string {
    const serial = owners.slots.serial[slot]!;
    const name = owners.names[slot]!;
    const commandLine = owners.commandLines[slot];
    const known = this.#texts[slot];
    if (
      known !== undefined &&
      this.#serials[slot] === serial &&
      this.#names[slot] === name &&
      this.#commandLines[slot] === commandLine
    ) {
      return known;
    }
    const pid = owners.pid[slot]! > 0 ? String(owners.pid[slot]) : '';
    const text = `${name}\n${(commandLine ?? '').slice(0, COMMAND_LINE_LENGTH)}\n${pid}`.toLowerCase();
    this.#texts[slot] = text;
    this.#serials[slot] = serial;
    this.#names[slot] = name;
    this.#commandLines[slot] = commandLine;
    return text;
  }
}

/** Lower-case names by owner slot, rebuilt when a name changes; for sorting. */
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
