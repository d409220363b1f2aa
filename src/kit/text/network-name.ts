/** A label of a name in the DNS (RFC 1123, 2.1); underscores are in use. A wildcard may be the first (RFC 6125). */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NAME_LENGTH = 253;
/** Signs of ASCII that are in no name: who makes names of URLs out of them is not asked. */
const FOREIGN_SIGN = /[\0-,/:-@[-^`{-\x7f]/;

/** A name or address as a certificate holds it. */
export interface NetworkName {
  readonly type: 'dns' | 'ip';
  /** Lower case, international names as punycode; addresses without brackets. */
  readonly value: string;
}

/** Undefined: neither a name of the DNS nor an IP address, with or without brackets for IPv6; a port is neither. */
export function networkNameOf(text: string): NetworkName | undefined {
  const bare = withoutBrackets(text);
  const version = bare.includes('%') ? 0 : ipVersion(bare);
  if (version === 6) return { type: 'ip', value: bare.toLowerCase() };
  if (bare !== text) return undefined;
  if (version === 4) return { type: 'ip', value: bare };
  const wildcard = text.startsWith('*.') ? '*.' : '';
  const written = text.slice(wildcard.length).replace(/\.$/, '');
  if (FOREIGN_SIGN.test(written)) return undefined;
  // Loaded here, because every start loads this file and none names an agent's certificate.
  const { domainToASCII } = process.getBuiltinModule('node:url');
  const name = domainToASCII(written).toLowerCase();
  const labels = name.split('.');
  const isName = name.length <= NAME_LENGTH - wildcard.length && labels.every((label) => LABEL.test(label));
  // Digits alone at the end make it a broken address.
  return isName && !/^\d+$/.test(labels.at(-1)!) ? { type: 'dns', value: `${wildcard}${name}` } : undefined;
}

/** `::1` for `[::1]`; the text itself where its brackets hold no IPv6 address. A zone stays. */
export function withoutBrackets(text: string): string {
  const inside = /^\[(.*)\]$/.exec(text)?.[1];
  return inside !== undefined && ipVersion(inside) === 6 ? inside : text;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[\da-f]{1,4}$/i;
const ZONE = /^[\da-z.:-]+$/i;
const GROUPS = 8;
/** Groups that an IPv4 address at the end stands for (RFC 4291, 2.2.3). */
const IPV4_GROUPS = 2;

/**
 * 4 or 6 for an address as text (RFC 4291, 2.2; IPv6 with or without a zone), 0 for anything else. The same answers as
 * `isIP` of node:net, which loads the runtime's streams: 12 ms of CPU.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  const zone = text.indexOf('%');
  if (zone >= 0 && !ZONE.test(text.slice(zone + 1))) return 0;
  const address = zone < 0 ? text : text.slice(0, zone);
  const gap = address.indexOf('::');
  if (gap < 0) return groupsIn(address, true) === GROUPS ? 6 : 0;
  const head = gap === 0 ? 0 : groupsIn(address.slice(0, gap), false);
  const tail = gap + 2 === address.length ? 0 : groupsIn(address.slice(gap + 2), true);
  return head + tail < GROUPS ? 6 : 0;
}

/** How many groups of 16 bits the text has; NaN: it has something else. */
function groupsIn(text: string, isEnd: boolean): number {
  const groups = text.split(':');
  const last = groups.at(-1)!;
  const hasIpv4 = isEnd && IPV4.test(last);
  const hex = hasIpv4 ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => GROUP.test(group))) return Number.NaN;
  return hex.length + (hasIpv4 ? IPV4_GROUPS : 0);
}
