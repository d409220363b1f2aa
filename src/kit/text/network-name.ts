import { domainToASCII } from 'node:url';
import { ipVersion } from './ip-version.ts';

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
