import { isIP } from 'node:net';

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
  return hostname === 'localhost' || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
