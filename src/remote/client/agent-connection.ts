import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { OpError } from '../../kit/errors/op-error.ts';
import { V2_SUBPROTOCOL } from '../wire/v2-request.ts';
import type { AgentUrl } from './agent-url.ts';
import { isCertificateError, readPeerCertificate, refusal, type Trust, tlsOptions } from './trust.ts';

/** Where to connect and how. */
export interface ConnectionTarget {
  readonly agent: AgentUrl;
  /** For `wss://`. */
  readonly trust: Trust;
  /** Sent as `Authorization: Bearer`; never printed. */
  readonly token: string | undefined;
  /** The token is sent in the URL as well: the original agent knows no other place. */
  readonly hasTokenInUrl: boolean;
}

export type Protocol = 'socktop.v2' | 'original' | 'shell';

/** A way to an agent, open or on the way to be. */
export interface AgentLine {
  /** Sends a request; false: the connection is not open. */
  send(text: string): boolean;
  /** Closes the connection without waiting; passes `error` to the listener. */
  end(error: OpError): void;
}

/** Callbacks of a connection; `closed` is called once, last. */
export interface ConnectionListener {
  /** `hasOldAgent`: there is an agent, but one that knows no `--stdio`, so that a shell replies. */
  opened(protocol: Protocol, hasOldAgent?: boolean): void;
  received(frame: string | Uint8Array<ArrayBuffer>): void;
  closed(error: OpError): void;
  /** Whether a reply is pending. */
  isWaiting(): boolean;
}

/** Connect timeout, including the WebSocket upgrade. */
const CONNECT_MILLIS = 5000;
const PING_MILLIS = 1000;
/** Without data for this long while pings are sent, the connection is lost. */
const SILENCE_MILLIS = 5000;
/** Pings stop after this time without requests, so that an idle client causes no wakeups. */
const IDLE_MILLIS = 3000;

/** One WebSocket connection to an agent. */
export class Connection implements AgentLine {
  readonly #target: ConnectionTarget;
  readonly #listener: ConnectionListener;
  #socket: WebSocket;
  #relay: ZoneRelay | undefined;
  readonly #connectTimer: ReturnType<typeof setTimeout>;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #heardMillis = 0;
  #sentMillis = 0;
  #pingedMillis = 0;
  #failure: { readonly message: string; readonly code: string } | undefined;
  #isOpen = false;
  #isEnded = false;

  constructor(target: ConnectionTarget, listener: ConnectionListener) {
    this.#target = target;
    this.#listener = listener;
    this.#socket = this.#open([V2_SUBPROTOCOL]);
    this.#connectTimer = setTimeout(() => {
      this.end(new OpError({ op: 'connect', code: 'DEADLINE', message: 'connection timed out' }));
    }, CONNECT_MILLIS);
  }

  send(text: string): boolean {
    if (!this.#isOpen || this.#isEnded) return false;
    this.#socket.send(text);
    this.#sentMillis = performance.now();
    this.#pingTimer ??= this.#startPings();
    return true;
  }

  end(error: OpError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#pingTimer);
    // When we close, tell the agent, but do not wait for its reply.
    if (error.code === 'CLOSED') this.#socket.close(1000);
    else this.#socket.terminate();
    if (error.code !== 'CLOSED') this.#relay?.close();
    this.#listener.closed(error);
  }

  #open(protocols: readonly string[]): WebSocket {
    const { agent } = this.#target;
    this.#relay?.close();
    if (agent.zone !== undefined) this.#relay = new ZoneRelay(agent.hostName, agent.port);
    const socket = new WebSocket(urlOf(this.#target, this.#relay?.port), optionsOf(this.#target, protocols));
    socket.binaryType = 'arraybuffer';
    this.#listen(socket);
    return socket;
  }

  #listen(socket: WebSocket): void {
    socket.addEventListener('open', () => this.#opened());
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      this.#heardMillis = performance.now();
      if (this.#isEnded) return;
      if (typeof data === 'string') this.#listener.received(data);
      else if (data instanceof ArrayBuffer) this.#listener.received(new Uint8Array(data));
    });
    socket.addEventListener('pong', () => {
      this.#heardMillis = performance.now();
    });
    socket.addEventListener('error', (event) => {
      this.#failure = failureOf(event, this.#target);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      const failure = this.#relay?.failure ?? this.#failure;
      if (this.#isEnded) return;
      if (this.#isOpen || failure === undefined) this.end(closingOf(code, reason));
      else if (failure.code === OFFER_IGNORED) this.#openWithoutOffer();
      else void this.#refused(failure);
    });
  }

  /** The original agent ignores the offered subprotocol, and the WebSocket API then gives up: connects without an offer. */
  #openWithoutOffer(): void {
    this.#failure = undefined;
    this.#socket = this.#open([]);
  }

  #opened(): void {
    if (this.#isEnded) return;
    clearTimeout(this.#connectTimer);
    this.#isOpen = true;
    this.#heardMillis = performance.now();
    this.#listener.opened(this.#socket.protocol === V2_SUBPROTOCOL ? 'socktop.v2' : 'original');
  }

  /** Adds the refused certificate to the error. */
  async #refused({ code, message }: { readonly code: string; readonly message: string }): Promise<void> {
    const { agent, trust } = this.#target;
    if (!isCertificateError(code)) {
      this.end(new OpError({ op: 'connect', code, message }));
      return;
    }
    const peer = await readPeerCertificate(agent, CONNECT_MILLIS).catch(() => undefined);
    this.end(refusal(agent, trust, code, peer, Date.now()));
  }

  #startPings(): ReturnType<typeof setInterval> {
    this.#heardMillis = performance.now();
    this.#pingedMillis = this.#heardMillis;
    return setInterval(() => this.#ping(), PING_MILLIS);
  }

  #ping(): void {
    const now = performance.now();
    // This program itself stood still (a stopped job, a slow machine): the silence is its own.
    if (now - this.#pingedMillis > 2 * PING_MILLIS) this.#heardMillis = now;
    this.#pingedMillis = now;
    if (now - this.#heardMillis > SILENCE_MILLIS) {
      const seconds = SILENCE_MILLIS / 1000;
      this.end(
        new OpError({ op: 'ping', code: 'SILENT', message: `no reply from the agent for ${seconds} s` }),
      );
    } else if (now - this.#sentMillis > IDLE_MILLIS && !this.#listener.isWaiting()) {
      clearInterval(this.#pingTimer);
      this.#pingTimer = undefined;
    } else {
      this.#socket.ping();
    }
  }
}

function urlOf({ agent, token, hasTokenInUrl }: ConnectionTarget, relayPort: number | undefined): string {
  const url =
    relayPort === undefined
      ? agent.url
      : agent.url.replace(/\/\/\[[^\]]*\](:\d+)?/, `//127.0.0.1:${relayPort}`);
  return hasTokenInUrl && token !== undefined ? `${url}?token=${encodeURIComponent(token)}` : url;
}

function optionsOf(
  { agent, trust, token }: ConnectionTarget,
  protocols: readonly string[],
): Bun.WebSocketOptions {
  // A zone is valid only on this machine: neither the Host header nor a certificate contains it.
  const address = agent.zone === undefined ? undefined : agent.hostName.slice(0, -agent.zone.length - 1);
  const host = address === undefined ? undefined : `[${address}]:${agent.port}`;
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const tls = agent.isEncrypted ? tlsOptions(trust) : undefined;
  return {
    protocols: [...protocols],
    // The protocol itself compresses, within limits; compression by WebSocket would have none.
    perMessageDeflate: false,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(host === undefined ? {} : { host }),
    },
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...tls,
            checkServerIdentity: (name: string, certificate: PeerCertificate) =>
              tls.checkServerIdentity(address ?? name, certificate),
          },
        }),
  };
}

const OFFER_IGNORED = 'OFFER_IGNORED';
/** What Bun says of a reply that switches protocols, but not to this one. */
const UPGRADE = /: (Missing|Invalid|Mismatch) [\w ]+$/;
const STATUS = /Expected 101 status code: (\d{3})/;

/** Error of a failed connect; Bun reports the HTTP status only in the message. */
function failureOf(
  event: Event,
  { agent, token }: Pick<ConnectionTarget, 'agent' | 'token'>,
): { readonly message: string; readonly code: string } {
  const { message, error } = 'message' in event ? (event as ErrorEvent) : { message: '', error: undefined };
  const inner: unknown = error;
  const code =
    typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string'
      ? inner.code
      : undefined;
  const status = STATUS.exec(message)?.[1];
  if (message.endsWith('Missing client protocol')) return { code: OFFER_IGNORED, message };
  if (status !== undefined)
    return { code: `HTTP_${status}`, message: statusReason(status, token !== undefined) };
  if (message.endsWith('Response headers too large')) {
    return { code: 'HEADERS_TOO_LONG', message: 'not an agent: its response headers are too long' };
  }
  const word = code ?? /Failed to connect (E[A-Z]+)/.exec(message)?.[1] ?? 'UNKNOWN';
  // Codes of the HTTP parser: the reply was not HTTP.
  if (word.startsWith('HPE_')) return { code: word, message: 'not an agent' };
  if (UPGRADE.test(message)) return { code: 'BAD_UPGRADE', message: 'not an agent: it opens no WebSocket' };
  const hint = word === 'ECONNRESET' && !agent.isEncrypted ? '; does it need wss://?' : '';
  return { code: word, message: `${SYSTEM_REASONS[word] ?? `no connection (${word})`}${hint}` };
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: no agent there',
  ECONNRESET: 'connection closed by the other end',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'DNS lookup failed; try again',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'network unreachable',
  EAFNOSUPPORT: 'this machine has no addresses of that kind; is IPv6 switched off?',
  EPROTO: 'the server does not speak TLS; try ws://',
  ETIMEDOUT: 'connection timed out',
  UNKNOWN: 'no connection',
};

function statusReason(status: string, hasToken: boolean): string {
  if (status === '401') return `the agent needs ${hasToken ? 'another' : 'a'} token (HTTP 401)`;
  if (status === '403') return 'refused, perhaps because of the host name; try an IP address (HTTP 403)';
  if (status === '404') return 'no agent at this path (HTTP 404); is /ws missing?';
  if (status === '429') return 'too many wrong tokens from this address (HTTP 429); try later';
  if (status === '503') return 'the agent has too many clients (HTTP 503); try later';
  return `not an agent (HTTP ${status})`;
}

/** Why an open connection was closed. The reason is text of the peer, so only known codes are used. */
function closingOf(code: number, _reason: string): OpError {
  const message =
    code === 1000 || code === 1001
      ? 'connection closed by the agent'
      : code === 1009
        ? 'message too long'
        : 'connection lost';
  return new OpError({ op: 'connection', code: `CLOSED_${code}`, message });
}

/**
 * A way to an address with a zone (`fe80::1%eth0`, RFC 4007), which no URL of a WebSocket can hold: a port of loopback
 * whose first connection goes on to that address, byte by byte; the port is closed then.
 */
class ZoneRelay {
  readonly port: number;
  /** Why retrying is useless; undefined: it is not, or unknown. */
  failure: { readonly message: string; readonly code: string } | undefined;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(host: string, port: number) {
    this.#server = createServer((near) => {
      this.#server.close();
      if (this.#sockets.length > 0) near.destroy();
      else this.#join(near, connect({ host, port }));
    });
    this.#server.listen(0, '127.0.0.1');
    const { port: own } = this.#server.address() as AddressInfo;
    this.port = own;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    this.#sockets.push(near, far);
    near.pipe(far);
    far.pipe(near);
    far.on('error', ({ message, code = 'UNKNOWN' }: NodeJS.ErrnoException) => {
      this.failure ??= { message, code };
      near.destroy();
    });
    near.on('error', () => far.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }
}
