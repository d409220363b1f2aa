import { createHash, timingSafeEqual } from 'node:crypto';
import { Allowance, setNewest } from '../../../kit/limits/bounds.ts';
import { ipVersion } from '../../../kit/text/network-name.ts';

/** Wrong tokens that one address may show at once, and how long it takes until it may show one more. */
const BURST = 10;
const REFILL_MILLIS = 1000;
/** Addresses whose failures are remembered, the longest untouched first out. */
const ADDRESSES_LIMIT = 4096;
/** Longer ones are not looked at. */
const TOKEN_LIMIT = 1024;
const BEARER = /^Bearer +(\S+) *$/i;

/** `throttled`: the address has failed too often and is not looked at for a moment. */
type Verdict = 'granted' | 'refused' | 'throttled';

/**
 * Who may ask. A token is compared by its hash and in constant time. An address that has shown too many wrong ones is
 * refused for a moment whatever it shows, so that nobody can try a dictionary; IPv6 addresses count by their /64.
 */
export class Access {
  readonly #hash: Buffer | undefined;
  /** Wrong tokens that an address may still show. */
  readonly #failures = new Map<string, Allowance>();

  constructor(token: string | undefined) {
    this.#hash = token === undefined ? undefined : sha256(token);
  }

  get hasToken(): boolean {
    return this.#hash !== undefined;
  }

  /** Looks at `?token=` and at `Authorization: Bearer`; times are of the monotonic clock. */
  judge(url: URL, authorization: string | null, address: string, nowMillis: number): Verdict {
    const hash = this.#hash;
    if (hash === undefined) return 'granted';
    const network = networkOf(address);
    const failures = this.#failures.get(network) ?? new Allowance(BURST, REFILL_MILLIS);
    if (!failures.has(nowMillis)) return 'throttled';
    const bearer = BEARER.exec(authorization ?? '')?.[1];
    const shown = [url.searchParams.get('token'), bearer].filter((token) => isToken(token));
    if (shown.some((token) => timingSafeEqual(sha256(token), hash))) return 'granted';
    failures.take(nowMillis);
    setNewest(this.#failures, network, failures, ADDRESSES_LIMIT);
    return 'refused';
  }
}

function isToken(token: string | null | undefined): token is string {
  return token !== null && token !== undefined && token !== '' && token.length <= TOKEN_LIMIT;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** An IPv4 address, mapped or not, as it is; the first four groups of an IPv6 one. */
function networkOf(address: string): string {
  const unmapped = unmappedAddress(address);
  if (!unmapped.includes(':')) return unmapped;
  const [head = '', tail = ''] = address.split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? Math.max(0, 8 - front.length - back.length) : 0;
  return [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':');
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address that an IPv6 socket has mapped (RFC 4291, 2.5.5.2) as IPv4 writes it; any other as it is. */
export function unmappedAddress(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

/** Whether only this machine reaches an address, which is one that a socket is bound to, never a name. */
export function isLoopback(address: string): boolean {
  return address === '::1' || unmappedAddress(address).startsWith('127.');
}

/** Names have at most 253 bytes; what a page chose needs no more of the log. */
const VALUE_LIMIT = 300;

/** What of a request only a browser sends, or only one that was led here under another name. */
type WebPageSign = { readonly origin: string } | { readonly host: string };

/**
 * What says that a web page is behind a request, if anything does. Browsers let any page open a WebSocket to any
 * address, and say `Origin`, which no client of ours sends. A page whose own name was made to resolve to this machine
 * (DNS rebinding) reads /metrics like its own server: where `isOpenOnLoopback`, the host is therefore to be an IP
 * address or `localhost`.
 */
export function webPageSign(url: URL, headers: Headers, isOpenOnLoopback: boolean): WebPageSign | undefined {
  const origin = url.pathname === '/ws' ? headers.get('origin') : null;
  if (origin !== null) return { origin: origin.slice(0, VALUE_LIMIT) };
  if (!isOpenOnLoopback || isOwnName(url.hostname)) return undefined;
  return { host: url.hostname.slice(0, VALUE_LIMIT) };
}

function isOwnName(hostname: string): boolean {
  return hostname === 'localhost' || ipVersion(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
