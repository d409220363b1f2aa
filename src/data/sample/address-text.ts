import { isIpv4 } from './address.ts';

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
