import type { Server, ServerWebSocket, SocketAddress, WebSocketHandler } from 'bun';
import { OpError, toOpError } from '../../../kit/errors/op-error.ts';
import { ipVersion } from '../../../kit/text/network-name.ts';
import { REQUEST_LIMIT_BYTES } from '../../wire/limits.ts';
import { V2_SUBPROTOCOL } from '../../wire/v2-request.ts';
import { contentTypeOf, negotiate } from '../metrics/negotiate.ts';
import { type Access, isLoopback, unmappedAddress, webPageSign } from './access.ts';
import { CloseCode, Connection, type ConnectionContext } from './client-connection.ts';
import type { MetricsAnswers } from './metrics-answers.ts';

/** WebSockets at once. */
const CONNECTIONS_LIMIT = 2048;
/** A connection that has not said all of its request by then is closed. */
const REQUEST_IDLE_SECONDS = 10;
/** A client that answers no ping for so long is gone. */
const CLIENT_IDLE_SECONDS = 120;
const BODY_LIMIT_BYTES = 4096;
/**
 * Where more than this waits in a WebSocket, the runtime drops what is added, pongs above all. A reply is begun only
 * where nothing waits, and is then taken whole, however long it is.
 */
const SOCKET_LIMIT_BYTES = 16 << 10;
/** How long clients have to hear that the agent ends. */
const STOP_WAIT_MILLIS = 500;

/**
 * One request for a connection that does not become a WebSocket: the runtime then reads no more of it, so that nobody
 * holds up the others with requests that are sent one behind the other without waiting.
 */
const LAST_ANSWER = { connection: 'close' } as const;

export interface ListenOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Undefined: every address. */
  readonly bindAddress: string | undefined;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
}

/** What the server puts together. */
interface ServerParts {
  readonly access: Access;
  readonly context: ConnectionContext;
  readonly metrics: MetricsAnswers;
}

/** The agent's HTTP server: WebSockets at /ws, pages at /metrics and /healthz. */
export class AgentServer {
  readonly #parts: ServerParts;
  readonly #connections: Set<Connection>;
  readonly #server: Server<Connection>;
  /** By the address that is listened on, which is all that counts where a name was given. */
  readonly isOnLoopback: boolean;

  /** Listens. Throws OpError whose message says in one line why it cannot. `connections` is what it keeps count in. */
  constructor(options: ListenOptions, parts: ServerParts, connections: Set<Connection>) {
    this.#parts = parts;
    this.#connections = connections;
    this.#server = this.#listen(options);
    this.isOnLoopback = isLoopback(boundAddress(this.#server));
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  /** Tells the clients, and resolves when they are gone. */
  async stop(): Promise<void> {
    void this.#server.stop(false);
    for (const connection of this.#connections) {
      connection.end(CloseCode.GOING_AWAY, 'agent stopped');
    }
    const until = performance.now() + STOP_WAIT_MILLIS;
    while (this.#connections.size > 0 && performance.now() < until) await Bun.sleep(5);
    await this.#server.stop(true);
  }

  #listen({ port, bindAddress, tls }: ListenOptions): Server<Connection> {
    const serve = (hostname: string): Server<Connection> =>
      Bun.serve({
        hostname,
        port,
        // Without it two agents share a port, and clients get now one and now the other.
        reusePort: false,
        idleTimeout: REQUEST_IDLE_SECONDS,
        maxRequestBodySize: BODY_LIMIT_BYTES,
        development: false,
        ...(tls && { tls: { cert: tls.certificatePem, key: tls.keyPem } }),
        fetch: (request, server) => this.#answer(request, server),
        error: (error) => this.#failed(error),
        websocket: this.#webSocket(),
      });
    try {
      if (bindAddress !== undefined) return serve(bindAddress);
      try {
        return serve('::');
      } catch (thrown) {
        // A kernel without IPv6.
        if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(toOpError('listen', thrown).code)) throw thrown;
        return serve('0.0.0.0');
      }
    } catch (thrown) {
      throw listenFailure(thrown, port, bindAddress);
    }
  }

  async #answer(request: Request, server: Server<Connection>): Promise<Response | undefined> {
    // The runtime joins headers that come twice; no host has a comma.
    if (request.headers.get('host')?.includes(',')) return plain(400, 'more than one Host header');
    // An invalid Host makes an invalid URL.
    const url = URL.parse(request.url);
    if (url === null) return plain(400, 'invalid Host header');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET is supported');
    switch (url.pathname) {
      case '/healthz':
        return plain(200, 'ok');
      case '/ws':
        return this.#authorized(request, url, server) ?? this.#upgrade(request, server);
      case '/metrics':
        return this.#authorized(request, url, server) ?? (await this.#metrics(request, server));
      default:
        return plain(404, 'not found; available: /ws, /metrics and /healthz');
    }
  }

  /** Undefined where the request may go on. */
  #authorized(request: Request, url: URL, server: Server<Connection>): Response | undefined {
    const { access, context } = this.#parts;
    const address = addressOf(request, server);
    const isOpenOnLoopback = !access.hasToken && this.isOnLoopback;
    const sign = webPageSign(url, request.headers, isOpenOnLoopback);
    if (sign !== undefined) {
      context.log.event('warning', 'web-page', { address, path: url.pathname, ...sign });
      return plain(403, 'requests from web pages are refused');
    }
    const authorization = request.headers.get('authorization');
    const verdict = access.judge(url, authorization, address, performance.now());
    if (verdict === 'granted') return undefined;
    context.log.event('warning', verdict === 'refused' ? 'wrong-token' : 'too-many-wrong-tokens', {
      address,
      path: url.pathname,
    });
    if (verdict === 'throttled') return plain(429, 'too many wrong tokens', { 'retry-after': '2' });
    return plain(401, 'token required', { 'www-authenticate': 'Bearer' });
  }

  #upgrade(request: Request, server: Server<Connection>): Response | undefined {
    const { context } = this.#parts;
    const address = addressOf(request, server);
    if (this.#connections.size >= CONNECTIONS_LIMIT) {
      context.log.event('warning', 'too-many-clients', { address });
      return plain(503, 'too many clients', { 'retry-after': '10' });
    }
    const offers = (request.headers.get('sec-websocket-protocol') ?? '').split(',');
    const isV2 = offers.some((offer) => offer.trim() === V2_SUBPROTOCOL);
    const data = new Connection(context, address, isV2);
    const headers = isV2 ? { 'sec-websocket-protocol': V2_SUBPROTOCOL } : {};
    if (server.upgrade(request, { data, headers })) return undefined;
    return plain(426, 'WebSocket upgrade required', { upgrade: 'websocket' });
  }

  async #metrics(request: Request, server: Server<Connection>): Promise<Response> {
    const format = negotiate(request.headers.get('accept'));
    const page = await this.#parts.metrics.page(format, server.pendingRequests - 1);
    if (page === undefined) {
      this.#parts.context.log.event('warning', 'too-many-scrapes', { address: addressOf(request, server) });
      return plain(503, 'too many unread scrapes', { 'retry-after': '10' });
    }
    return new Response(page, { headers: { 'content-type': contentTypeOf(format), ...LAST_ANSWER } });
  }

  #webSocket(): WebSocketHandler<Connection> {
    const { log } = this.#parts.context;
    return {
      maxPayloadLength: REQUEST_LIMIT_BYTES,
      idleTimeout: CLIENT_IDLE_SECONDS,
      sendPings: true,
      backpressureLimit: SOCKET_LIMIT_BYTES,
      // A client that reads a long reply slowly may go on pinging.
      closeOnBackpressureLimit: false,
      perMessageDeflate: false,
      open: (socket) => {
        const connection = socket.data;
        this.#connections.add(connection);
        connection.open(socket);
        const protocol = connection.isV2 ? V2_SUBPROTOCOL : 'original';
        log.event('info', 'client-connected', { address: connection.address, protocol });
      },
      message: (socket, message) => socket.data.take(message),
      ping: (socket) => socket.data.takeControlFrame(performance.now()),
      pong: (socket) => socket.data.takeControlFrame(performance.now()),
      drain: (socket) => socket.data.drained(),
      close: (socket, code, reason) => this.#gone(socket, code, reason),
    };
  }

  #gone(socket: ServerWebSocket<Connection>, code: number, reason: string): void {
    const connection = socket.data;
    this.#connections.delete(connection);
    connection.closed();
    const { log } = this.#parts.context;
    log.event('info', 'client-gone', { address: connection.address, code, reason: reason || undefined });
  }

  #failed(error: Error): Response {
    const { op, code, message } = toOpError('answer', error);
    this.#parts.context.log.event('error', 'request-failed', { op, code, message });
    return plain(500, 'internal error');
  }
}

/** Address that the socket is bound to; `url` and `hostname` contain the requested one, which may be a name. */
function boundAddress(server: Server<Connection>): string {
  // Not in the types of this version of the runtime.
  const { address } = server as Server<Connection> & { readonly address?: SocketAddress | null };
  if (address) return address.address;
  throw new OpError({ op: 'listen', code: 'NO_ADDRESS', message: 'the runtime does not report its port' });
}

function addressOf(request: Request, server: Server<Connection>): string {
  return unmappedAddress(server.requestIP(request)?.address ?? '');
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain', ...LAST_ANSWER, ...headers },
  });
}

function listenFailure(thrown: unknown, port: number, bindAddress: string | undefined): OpError {
  const { code } = toOpError('listen', thrown);
  const where = `port ${port}${bindAddress === undefined ? '' : ` of ${bindAddress}`}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is in use: choose another one with --port`,
    EACCES: `${where} needs privileges: choose a port above 1023, or add CAP_NET_BIND_SERVICE`,
    EAFNOSUPPORT: `cannot listen on ${where}: this machine has no addresses of that kind; is IPv6 switched off?`,
    EADDRNOTAVAIL: `${bindAddress ?? 'the address'} is not an address of this machine`,
  };
  // For a name or a zone that means nothing the runtime gives whatever code the system call before left behind.
  const isName = bindAddress !== undefined && (ipVersion(bindAddress) === 0 || bindAddress.includes('%'));
  const otherwise = isName
    ? `'${bindAddress}' is not an address of this machine or a name for one`
    : `cannot listen on ${where} (${code})`;
  const message = reasons[code] ?? otherwise;
  return new OpError({ op: 'listen', code, message, cause: thrown });
}
