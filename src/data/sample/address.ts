import { ipVersion } from '../../kit/text/network-name.ts';

/**
 * Addresses are four 32-bit words, each the big-endian value of four network bytes:
 *
 *   2001:db8::1   [0x20010db8, 0, 0, 1]
 *   10.0.0.5      [0, 0, 0x0000ffff, 0x0a000005]     IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2)
 *
 * In a column of addresses, those of slot s start at `s * ADDRESS_WORDS`.
 */

/** The third word of every IPv4-mapped address. */
export const IPV4_MAPPED_WORD = 0x0000ffff;

export function isIpv4(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === IPV4_MAPPED_WORD;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(words: Uint32Array, at: number): boolean {
  if (isIpv4(words, at)) return words[at + 3]! >>> 24 === 127;
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 1;
}

/** 0.0.0.0 or ::. */
export function isUnspecifiedAddress(words: Uint32Array, at: number): boolean {
  return isIpv4(words, at)
    ? words[at + 3] === 0
    : words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}

/** Text of an address: dotted decimal for IPv4 (mapped too), RFC 5952 for IPv6 (`2001:db8::1`, no brackets). */
export function addressText(words: Uint32Array, at: number): string {
  if (isIpv4(words, at)) return ipv4Text(words[at + 3]!);
  const groups: number[] = [];
  for (let i = 0; i < 4; i++) {
    const word = words[at + i]!;
    groups.push(word >>> 16, word & 0xffff);
  }
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** The first of the longest runs of zero groups (RFC 5952, 4.2.3). */
function longestZeroRun(groups: readonly number[]): readonly [start: number, length: number] {
  let bestStart = 0;
  let bestLength = 0;
  let length = 0;
  for (let i = 0; i < groups.length; i++) {
    length = groups[i] === 0 ? length + 1 : 0;
    if (length > bestLength) {
      bestLength = length;
      bestStart = i - length + 1;
    }
  }
  return [bestStart, bestLength];
}

/** Reads an address (RFC 4291, 2.2; without its zone) into `words[0..4)`. False, and nothing is written: it is none. */
export function readAddress(text: string, words: Uint32Array): boolean {
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  const version = ipVersion(address);
  if (version === 4) words.set([0, 0, IPV4_MAPPED_WORD, ipv4Word(address)]);
  else if (version === 6) words.set(ipv6Words(address));
  return version !== 0;
}

function ipv4Word(address: string): number {
  return address.split('.').reduce((word, part) => word * 256 + Number(part), 0);
}

function ipv6Words(address: string): number[] {
  const [head = '', tail] = address.split('::', 2);
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - left.length - right.length).fill(0);
  const all = [...left, ...middle, ...right];
  return [0, 2, 4, 6].map((at) => all[at]! * 65_536 + all[at + 1]!);
}

/** 16-bit groups; dotted IPv4 at the end is two of them. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const word = ipv4Word(part);
    return [Math.floor(word / 65_536), word % 65_536];
  });
}
