import { OpError } from '../../kit/errors/op-error.ts';
import { shownUrl } from '../../kit/text/sanitize.ts';

/** Where an agent is. The token is apart from the URL, so that the rest may be shown. */
export interface AgentUrl {
  /** Without query: `wss://host:8443/ws`. */
  readonly url: string;
  /** Host as the user wrote it, without brackets; with its zone (`fe80::1%eth0`). */
  readonly hostName: string;
  /** Of a link-local address: the interface (RFC 4007); undefined: none is named. */
  readonly zone?: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** From `?token=`; never to be printed. */
  readonly token: string | undefined;
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };
const DEFAULT_PATH = '/ws';
const URL_LIMIT = 2048;
/** `[fe80::1%25eth0]` (RFC 6874), or as people write it with a mere `%`; no URL that the runtime knows holds a zone. */
const ZONE = /^([a-z]+:\/\/\[[0-9a-f:.]+)%(?:25)?([\w.~-]{1,15})(?=\])/i;

/** Reads `ws://HOST:PORT/ws` or `wss://...`; without a path it is `/ws`. OpError `BAD_URL`, which never holds a token. */
export function parseAgentUrl(text: string): AgentUrl {
  const zone = ZONE.exec(text)?.[2];
  const url = text.length <= URL_LIMIT ? URL.parse(text.replace(ZONE, '$1')) : null;
  if (url === null) throw bad(text, 'no URL; one is such as ws://HOST:3000/ws or wss://HOST:8443/ws');
  const defaultPort = DEFAULT_PORT[url.protocol];
  if (defaultPort === undefined) throw bad(text, 'an agent is reached by ws:// or wss://');
  if (url.hostname === '') throw bad(text, 'no host');
  if (url.username !== '' || url.password !== '') {
    throw bad(text, 'names and passwords are not sent; use --token-file, or ?token=');
  }
  const token = url.searchParams.get('token') ?? undefined;
  const path = url.pathname === '/' || url.pathname === '' ? DEFAULT_PATH : url.pathname;
  const hostName = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const host = zone === undefined ? url.host : url.host.replace(']', `%25${zone}]`);
  return {
    url: `${url.protocol}//${host}${path}`,
    hostName: zone === undefined ? hostName : `${hostName}%${zone}`,
    ...(zone === undefined ? {} : { zone }),
    port: url.port === '' ? defaultPort : Number(url.port),
    isEncrypted: url.protocol === 'wss:',
    token: token === '' ? undefined : token,
  };
}

/** The same agent, over TLS. */
export function encrypted(agent: AgentUrl): AgentUrl {
  if (agent.isEncrypted) return agent;
  const url = agent.url.replace(/^ws:/, 'wss:');
  // A URL without a port means another one now.
  return { ...agent, url, isEncrypted: true, port: parseAgentUrl(url).port };
}

function bad(text: string, why: string): OpError {
  return new OpError({ op: 'parse URL', code: 'BAD_URL', message: `'${shownUrl(text)}': ${why}` });
}
