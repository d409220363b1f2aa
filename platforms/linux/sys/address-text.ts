import { isIP } from 'node:net';

/**
 * An address as text (RFC 4291, 2.2; a zone behind `%` is ignored) as four words of data/sample/address.ts; undefined
 * where it is none.
 */
export function addressWords(text: string): [number, number, number, number] | undefined {
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  const version = isIP(address);
  if (version === 4) return [0, 0, 0xffff, ipv4Word(address)];
  return version === 6 ? ipv6Words(address) : undefined;
}

function ipv4Word(address: string): number {
  return address.split('.').reduce((word, part) => word * 256 + Number(part), 0);
}

function ipv6Words(address: string): [number, number, number, number] {
  const [head = '', tail] = address.split('::', 2);
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - left.length - right.length).fill(0);
  const all = [...left, ...middle, ...right];
  const word = (n: number): number => all[n * 2]! * 65536 + all[n * 2 + 1]!;
  return [word(0), word(1), word(2), word(3)];
}

/** 16-bit groups; dotted IPv4 at the end is two. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const word = ipv4Word(part);
    return [Math.floor(word / 65536), word % 65536];
  });
}
