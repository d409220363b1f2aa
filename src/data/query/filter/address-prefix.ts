import { isIP } from 'node:net';
import type { SlotTable } from '../../../kit/table/slot-table.ts';
import { ADDRESS_WORDS } from '../../sample/address.ts';
import { readAddress } from '../../sample/address-words.ts';
import type { AddressPrefix } from './filter-term.ts';

const PREFIX = /^([0-9a-f:.]+)\/(\d{1,3})$/i;
const IPV4_MAPPED_BITS = 96;

/** Reads `10.0.0.0/8`, `2001:db8::/32` (RFC 4632, RFC 4291); bits behind the prefix do not matter. */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const match = PREFIX.exec(text);
  if (match === null) return undefined;
  const address = match[1]!;
  const version = isIP(address);
  const bits = Number(match[2]);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const words = new Uint32Array(ADDRESS_WORDS);
  readAddress(address, words);
  // `::ffff:10.0.0.0/104` counts all 128 bits already.
  return { text: text.toLowerCase(), words, bits: version === 4 ? bits + IPV4_MAPPED_BITS : bits };
}

/** Whether the address that is a slot's key (four words) begins with the prefix. */
export function hasPrefix({ words, bits }: AddressPrefix, slots: SlotTable, slot: number): boolean {
  for (const word of WORDS) {
    const left = bits - word * 32;
    if (left <= 0) return true;
    const shift = left >= 32 ? 0 : 32 - left;
    if ((slots.keyWord(slot, word) ^ words[word]!) >>> shift !== 0) return false;
  }
  return true;
}

const WORDS = [0, 1, 2, 3] as const;
