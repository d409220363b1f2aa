import { OpError } from '../../kit/errors/op-error.ts';
import { notAgentUrl, shownUrl } from '../../kit/text/sanitize.ts';

/** Address of an agent. The token is kept apart, so that the URL can be printed. */
export interface AgentUrl {
  /** Without query: `wss://host:8443/ws`. */
  readonly url: string;
  /** Host as the user wrote it, without brackets; with its zone (`fe80::1%eth0`). */
  readonly hostName: string;
  /** Interface of a link-local address (RFC 4007); undefined: none given. */
  readonly zone?: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** From `?token=`. Never print it. */
  readonly token: string | undefined;
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };
const DEFAULT_PATH = '/ws';
const URL_LIMIT = 2048;
/** `[fe80::1%25eth0]` (RFC 6874), also with a plain `%`. The runtime's URL parser does not support zones. */
const ZONE = /^([a-z]+:\/\/\[[0-9a-f:.]+)%(?:25)?([\w.~-]{1,15})(?=\])/i;

/** Parses `ws://HOST:PORT/ws` or `wss://...`; the default path is `/ws`. Throws OpError `BAD_URL` without the token. */
export function parseAgentUrl(text: string): AgentUrl {
  const zone = ZONE.exec(text)?.[2];
  if (text.length > URL_LIMIT) throw bad(`'${shownUrl(text)}': URL longer than ${URL_LIMIT} characters`);
  const url = URL.parse(text.replace(ZONE, '$1'));
  const defaultPort = url === null ? undefined : DEFAULT_PORT[url.protocol];
  if (url === null || defaultPort === undefined || url.hostname === '') throw bad(notAgentUrl(text));
  if (url.username !== '' || url.password !== '') {
    throw bad(`'${shownUrl(text)}': user name and password are not supported; use --token-file or ?token=`);
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

/** Returns the same agent with a wss:// URL. */
export function encrypted(agent: AgentUrl): AgentUrl {
  if (agent.isEncrypted) return agent;
  const url = agent.url.replace(/^ws:/, 'wss:');
  // The default port differs between ws and wss.
  return { ...agent, url, isEncrypted: true, port: parseAgentUrl(url).port };
}

function bad(message: string): OpError {
  return new OpError({ op: 'parse URL', code: 'BAD_URL', message });
}
