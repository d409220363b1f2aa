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

export type Protocol = 'socktop.v2' | 'original';

/** Told what happens; `closed` is the last call, and comes once. */
interface ConnectionListener {
  opened(protocol: Protocol): void;
  received(frame: string | Uint8Array<ArrayBuffer>): void;
  closed(error: OpError): void;
  /** Whether a request has not been answered. */
  isWaiting(): boolean;
}

/** No connection takes longer, the agent's answer to the upgrade included. */
const CONNECT_MILLIS = 5000;
const PING_MILLIS = 1000;
/** Nothing heard for so long while pings go out: the other end is gone. */
const SILENCE_MILLIS = 5000;
/** Without requests for so long, no more pings: an idle client wakes nobody. */
const IDLE_MILLIS = 3000;

/** One WebSocket connection to an agent, from its first byte to its end. */
export class Connection {
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
      this.end(new OpError({ op: 'connect', code: 'DEADLINE', message: 'no answer to the connection' }));
    }, CONNECT_MILLIS);
  }

  /** A request; false: the connection is not open. */
  send(text: string): boolean {
    if (!this.#isOpen || this.#isEnded) return false;
    this.#socket.send(text);
    this.#sentMillis = performance.now();
    this.#pingTimer ??= this.#startPings();
    return true;
  }

  /** Closes it without waiting; `error` says why to the listener. */
  end(error: OpError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#pingTimer);
    // A wish of our own is told to the agent; who does not answer is not waited for.
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
      this.#failure = failureOf(event, this.#target.token !== undefined);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      const failure = this.#relay?.failure ?? this.#failure;
      if (this.#isEnded) return;
      if (this.#isOpen || failure === undefined) this.end(closingOf(code, reason));
      else if (failure.code === OFFER_IGNORED) this.#openWithoutOffer();
      else void this.#refused(failure);
    });
  }

  /** The WebSocket API ends a connection whose offer was ignored, as the original agent does: once more without. */
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

  /** Of a certificate that was refused, tells which one it was. */
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
        new OpError({ op: 'ping', code: 'SILENT', message: `the agent has not answered for ${seconds} s` }),
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
  // A zone means something on this machine alone: the agent is told the address without, and a certificate has none.
  const address = agent.zone === undefined ? undefined : agent.hostName.slice(0, -agent.zone.length - 1);
  const host = address === undefined ? undefined : `[${address}]:${agent.port}`;
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const tls = agent.isEncrypted ? tlsOptions(trust) : undefined;
  return {
    protocols: [...protocols],
    // What is compressed is bounded by the protocol's own limits; a second compression would not be.
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
const STATUS = /Expected 101 status code: (\d{3})/;

/** What went wrong before there was a connection; Bun tells the status of HTTP in the message alone. */
function failureOf(event: Event, hasToken: boolean): { readonly message: string; readonly code: string } {
  const { message, error } = 'message' in event ? (event as ErrorEvent) : { message: '', error: undefined };
  const inner: unknown = error;
  const code =
    typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string'
      ? inner.code
      : undefined;
  const status = STATUS.exec(message)?.[1];
  if (message.endsWith('Missing client protocol')) return { code: OFFER_IGNORED, message };
  if (status !== undefined) return { code: `HTTP_${status}`, message: statusReason(status, hasToken) };
  if (message.endsWith('Response headers too large')) {
    return { code: 'HEADERS_TOO_LONG', message: 'what answers there is no agent: its headers are too long' };
  }
  const word = code ?? /Failed to connect (E[A-Z]+)/.exec(message)?.[1] ?? 'UNKNOWN';
  // Names of the parser of HTTP, which has read something else.
  if (word.startsWith('HPE_')) return { code: word, message: 'what answers there is no agent' };
  return { code: word, message: SYSTEM_REASONS[word] ?? `no connection (${word})` };
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: no agent listens there',
  ECONNRESET: 'the other end closed the connection; does it speak TLS?',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPROTO: 'what answers there does not speak TLS; is it ws:// then?',
  ETIMEDOUT: 'no answer to the connection',
  UNKNOWN: 'no connection',
};

function statusReason(status: string, hasToken: boolean): string {
  if (status === '401') return `the agent needs ${hasToken ? 'another' : 'a'} token (HTTP 401)`;
  if (status === '403') return 'forbidden, perhaps under this name; try an IP address (HTTP 403)';
  if (status === '404') return 'there is no agent at this path (HTTP 404); is /ws missing?';
  if (status === '429') return 'the agent has had too many wrong tokens from here (HTTP 429)';
  if (status === '503') return 'the agent has as many clients as it takes (HTTP 503)';
  return `what answers there is no agent (HTTP ${status})`;
}

/** Why an open connection was closed. The reason is the peer's text, so only known codes are told. */
function closingOf(code: number, _reason: string): OpError {
  const message =
    code === 1000 || code === 1001
      ? 'the agent has closed the connection'
      : code === 1009
        ? 'a message was too long'
        : 'the connection broke';
  return new OpError({ op: 'connection', code: `CLOSED_${code}`, message });
}

/**
 * A way to an address with a zone (`fe80::1%eth0`, RFC 4007), which no URL of a WebSocket can hold: a port of loopback
 * whose first connection goes on to that address, byte by byte; the port is closed then.
 */
class ZoneRelay {
  readonly port: number;
  /** Why there is no way on; undefined: there is, or nobody knows yet. */
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
