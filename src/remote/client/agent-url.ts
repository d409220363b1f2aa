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
  /** For `ssh://`: what ssh is told; undefined: a WebSocket. */
  readonly ssh?: SshDestination;
}

/** Where ssh is to go. Each part is a word that ssh can take for nothing else. */
export interface SshDestination {
  /** Host name, address, or a `Host` of the user's ssh configuration. */
  readonly host: string;
  /** Undefined: ssh decides. */
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** Folder there with the history to serve, see `sshHistoryFolder`; undefined: the agent decides. */
  readonly historyFolder?: string;
}

/** An absolute path that every login shell takes as one word, as it is. */
const PLAIN_PATH = /^\/[\w./+,:@=-]{0,1023}$/;

/** A folder that is named for the other machine. Throws OpError `BAD_URL`. */
export function sshHistoryFolder(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  throw bad(
    `--history with ssh:// names a folder on that machine; accepted: an absolute path of letters, digits and . _ - + , : @ =`,
  );
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 };
const DEFAULT_PATH = '/ws';
const URL_LIMIT = 2048;
/** `[fe80::1%25eth0]` (RFC 6874), also with a plain `%`. The runtime's URL parser does not support zones. */
const ZONE = /^([a-z]+:\/\/\[[0-9a-f:.]+)%(?:25)?([\w.~-]{1,15})(?=\])/i;

const SSH_PORT = 22;
const PORT_LIMIT = 65_535;
const SSH = /^ssh:\/\//i;
/** No part begins with `-`, and none holds a space, a quote, `$` or anything else that a shell would read. */
const SSH_URL =
  /^ssh:\/\/(?:([\w][\w.+-]{0,63})@)?(?:([\w][\w.-]{0,252})|\[([\da-f:.]+(?:%[\w.-]{1,15})?)\])(?::(\d{1,5}))?\/?$/i;

/** Parses `ssh://[USER@]HOST[:PORT]`. Throws OpError `BAD_URL`. */
function parseSshUrl(text: string): AgentUrl {
  const [, user, name, address, portText] = SSH_URL.exec(text) ?? [];
  const host = name ?? address;
  const port = portText === undefined ? undefined : Number(portText);
  if (host === undefined || port === 0 || (port ?? 0) > PORT_LIMIT) {
    throw bad(`'${shownUrl(text)}' is not a valid ssh:// URL; accepted: ssh://[USER@]HOST[:PORT]`);
  }
  const shownHost = address === undefined ? host : `[${host}]`;
  return {
    url: `ssh://${user === undefined ? '' : `${user}@`}${shownHost}${port === undefined ? '' : `:${port}`}`,
    hostName: host,
    port: port ?? SSH_PORT,
    isEncrypted: true,
    token: undefined,
    ssh: { host, user, port },
  };
}

/** Parses `ws://HOST:PORT/ws`, `wss://...` or `ssh://[USER@]HOST[:PORT]`. OpError `BAD_URL` without the token. */
export function parseAgentUrl(text: string): AgentUrl {
  const zone = ZONE.exec(text)?.[2];
  if (text.length > URL_LIMIT) throw bad(`'${shownUrl(text)}': URL longer than ${URL_LIMIT} characters`);
  if (SSH.test(text)) return parseSshUrl(text);
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
