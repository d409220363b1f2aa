import { readAddress } from '../../src/data/sample/address.ts';
import { ipVersion } from '../../src/kit/text/network-name.ts';
import { unspecified } from './socket-fact.ts';

/** An end of a socket as a program prints it. */
export interface Endpoint {
  /** Empty: any address, or one that is cut. */
  readonly host: string;
  /** 0: any port, or one that is cut. */
  readonly port: number;
  /** False: the text may be truncated, so it does not identify the owner. */
  readonly isWhole: boolean;
}

const PORT_MAX = 65_535;
const IPV4_END = /^(\*|[\d.]+)[.:](\*|\d{1,5})$/;
const IPV6_END = /^(\*(?=[.:])|\[[^[\]]*\](?=:)|[^[*]+(?=\.))[.:](\*|\d{1,5})$/;
const ANY: Endpoint = { host: '', port: 0, isWhole: true };
const UNKNOWN: Endpoint = { host: '', port: 0, isWhole: false };

/**
 * `127.0.0.1:443`, `*:5353`, `::1.443`, `fe80::1%en0.443`, `*.*`, `[::1]:443`: a colon before the port after IPv4 and
 * brackets, else a dot. `isCutHost` and `isCutPort`: whether that part may have been longer.
 */
export function parseEndpoint(
  text: string,
  isIpv6: boolean,
  {
    isCutHost = false,
    isCutPort = false,
  }: { readonly isCutHost?: boolean; readonly isCutPort?: boolean } = {},
): Endpoint {
  const parts = (isIpv6 ? IPV6_END : IPV4_END).exec(text);
  if (parts === null) return text === '*' ? ANY : UNKNOWN;
  const [, written = '', portText = ''] = parts;
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  const port = portText === '*' ? 0 : Number(portText);
  if (port > PORT_MAX) return UNKNOWN;
  if (isCutPort) return UNKNOWN;
  if (host === '*') return port === 0 ? ANY : { host: '', port, isWhole: true };
  // A port at the end of the text is whole even where the address before it is not.
  if (isCutHost || ipVersion(withoutZone(host)) !== (isIpv6 ? 6 : 4))
    return { host: '', port, isWhole: false };
  return { host, port, isWhole: true };
}

/** Writes the address as words; the unspecified address if there is none. */
export function storeAddress({ host }: Endpoint, words: Uint32Array, isIpv6: boolean): void {
  if (host === '' || !readAddress(host, words)) unspecified(words, isIpv6);
}

/** The interface that a link-local address names behind `%`; empty: none. */
export function zoneOf({ host }: Endpoint): string {
  const at = host.indexOf('%');
  return at < 0 ? '' : host.slice(at + 1);
}

function withoutZone(host: string): string {
  const at = host.indexOf('%');
  return at < 0 ? host : host.slice(0, at);
}
