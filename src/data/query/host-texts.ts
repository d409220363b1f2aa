import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import type { HostTable } from '../sample/network-section.ts';

const words = new Uint32Array(ADDRESS_WORDS);

/** Address of each remote host as text, made once for as long as its row lives. */
export class HostTexts {
  readonly #texts: string[] = [];
  readonly #serials: number[] = [];

  /** As `addressText`; empty for the row of the hosts that were dropped. */
  of(hosts: HostTable, slot: number): string {
    const serial = hosts.slots.serial[slot]!;
    if (this.#serials[slot] !== serial) {
      this.#serials[slot] = serial;
      this.#texts[slot] = textOf(hosts, slot);
    }
    return this.#texts[slot]!;
  }
}

function textOf({ slots }: HostTable, slot: number): string {
  words[0] = slots.keyWord(slot, 0);
  words[1] = slots.keyWord(slot, 1);
  words[2] = slots.keyWord(slot, 2);
  words[3] = slots.keyWord(slot, 3);
  const isDropped = words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] === 0;
  return isDropped ? '' : addressText(words, 0);
}
