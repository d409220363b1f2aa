import type { OwnerTable } from '../sample/network-section.ts';

/** Decides which owners a view shows. */
export interface OwnerFilter {
  matches(owners: OwnerTable, slot: number): boolean;
}

/** Longer command lines are searched up to here, so that one row's cost is bounded. */
const COMMAND_LINE_LENGTH = 4096;

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

/** Lower-cased text of every owner that was asked for, made anew when its row, name or command line changed. */
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
