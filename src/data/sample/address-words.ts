import { ipVersion } from '../../kit/text/ip-version.ts';
import { IPV4_MAPPED_WORD } from './address.ts';

/**
 * Reads an address as text (RFC 4291, 2.2; a zone behind `%` is ignored) into `words[0..4)`, laid out as
 * data/sample/address.ts says. False, and `words` untouched, where the text is no address.
 */
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
