import { isIpv4, readAddress } from '../sample/address.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';

/**
 * The special-purpose registries (RFC 6890 and the IANA tables it started, with RFC 8190, 9602, 9637), the narrowest
 * range first where ranges are nested; 'global' is an exception within a wider one. Deprecated ranges that once were
 * unicast of the Internet (6to4's 192.88.99.0/24, 2002::/16) and anycast services (AS112, AMT) stay global.
 */
const RANGES = [
  ['0.0.0.0/32', 'unspecified'],
  ['0.0.0.0/8', 'reserved'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'cgnat'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.9/32', 'global'],
  ['192.0.0.10/32', 'global'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmark'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  // Addresses behind NAT64 (RFC 6052) are the Internet's; the local-use prefix (RFC 8215) is a network's own.
  ['64:ff9b::/96', 'global'],
  ['64:ff9b:1::/48', 'private'],
  ['2001:1::1/128', 'global'],
  ['2001:1::2/128', 'global'],
  ['2001:1::3/128', 'global'],
  ['2001:2::/48', 'benchmark'],
  ['2001:3::/32', 'global'],
  ['2001:4:112::/48', 'global'],
  ['2001:20::/28', 'global'],
  ['2001:30::/28', 'global'],
  ['2001::/32', 'global'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['2000::/3', 'global'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  // Site-local, the private range of old (RFC 3879).
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  // Discard-only, SRv6 identifiers, IPv4-compatible: no more than what IANA never gave to anybody (RFC 4291, 2.4).
  ['::/0', 'reserved'],
] as const;

/** What an address is by its range alone, where it is not one of the public Internet's. */
export type AddressRange = Exclude<(typeof RANGES)[number][1], 'global'>;

/** A prefix as words to compare: `(address & mask) === value`, word by word. */
interface Prefix {
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  readonly range: AddressRange | undefined;
}

/** Of both versions, made when the first address is looked up. */
let ipv4Prefixes: readonly Prefix[] | undefined;
let ipv6Prefixes: readonly Prefix[] | undefined;

/** The special range that the address at `words[at..at + 4)` is in; undefined for one of the public Internet. */
export function addressRange(words: Uint32Array, at: number): AddressRange | undefined {
  const isFour = isIpv4(words, at);
  if (isFour) ipv4Prefixes ??= prefixesOf((prefix) => !prefix.includes(':'));
  else ipv6Prefixes ??= prefixesOf((prefix) => prefix.includes(':'));
  for (const prefix of (isFour ? ipv4Prefixes : ipv6Prefixes) ?? [])
    if (isWithin(words, at, prefix)) return prefix.range;
  return undefined;
}

function isWithin(words: Uint32Array, at: number, { mask, value }: Prefix): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    if ((words[at + i]! & mask[i]!) >>> 0 !== value[i]!) return false;
  }
  return true;
}

function prefixesOf(isMeant: (prefix: string) => boolean): readonly Prefix[] {
  return RANGES.filter(([prefix]) => isMeant(prefix)).map(([prefix, range]) => prefixOf(prefix, range));
}

function prefixOf(text: string, range: AddressRange | 'global'): Prefix {
  const slash = text.indexOf('/');
  const value = new Uint32Array(ADDRESS_WORDS);
  readAddress(text.slice(0, slash), value);
  // IPv4 lies in the last of the four words, behind 96 bits of the mapped prefix.
  const bits = Number(text.slice(slash + 1)) + (isIpv4(value, 0) ? 96 : 0);
  return { mask: maskOf(bits), value, range: range === 'global' ? undefined : range };
}

function maskOf(bits: number): Uint32Array {
  return Uint32Array.from({ length: ADDRESS_WORDS }, (_, word) => {
    const set = Math.min(32, Math.max(0, bits - word * 32));
    return set === 0 ? 0 : 0xffffffff << (32 - set);
  });
}
