import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import type { NetworkSection } from '../sample/network-section.ts';

/** fe80::/10 (RFC 4291, 2.5.6). */
const LINK_LOCAL_PREFIX = 0xfe80 >>> 6;

/** Whether an address means nothing without the interface that it is reached by. */
export function isLinkLocal(words: Uint32Array, at: number): boolean {
  return words[at]! >>> 22 === LINK_LOCAL_PREFIX;
}

/** The interface that a socket's link-local addresses are reached by; empty: it has none, or it is not known. */
export function linkScope({ sockets, accounts, interfaces }: NetworkSection, slot: number): string {
  const at = slot * ADDRESS_WORDS;
  if (!isLinkLocal(sockets.remoteAddress, at) && !isLinkLocal(sockets.localAddress, at)) return '';
  const link = interfaces.slots.find(accounts.interfaceIndex[slot]!, 0, 0, 0);
  return link < 0 ? '' : (interfaces.names[link] ?? '');
}

/** As `addressText`, of a link-local address with its interface: `fe80::1%eth0` (RFC 4007, 11). */
export function scopedAddressText(words: Uint32Array, at: number, scope: string): string {
  const text = addressText(words, at);
  return scope !== '' && isLinkLocal(words, at) ? `${text}%${scope}` : text;
}
