import { gunzipSync } from 'node:zlib';
import { readProtobuf } from './protobuf-fields.ts';

/**
 * A client of the original protocol, written from its message tables alone: nothing here is shared with the agent. It is
 * what says whether the original client would understand.
 */

/** A reply as it came. */
export interface OriginalFrame {
  readonly isText: boolean;
  readonly isGzip: boolean;
  /** Inflated. */
  readonly payload: Buffer;
}

/** A row of `get_processes`. */
export interface OriginalRow {
  readonly pid: number;
  readonly name: string;
  readonly cpuUsage: number;
  readonly memBytes: number;
}

export interface OriginalClientOptions {
  readonly token?: string;
  /** PEM of the certificate to trust: `wss`. */
  readonly ca?: string;
  readonly host?: string;
}

export class OriginalClient {
  /** Set when the connection has closed. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #frames: OriginalFrame[] = [];
  readonly #waiting: PromiseWithResolvers<OriginalFrame>[] = [];
  readonly #arrivals: PromiseWithResolvers<void>[] = [];
  readonly #closing = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.#arrived(data);
    socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason };
      this.#closing.resolve(this.closed);
      for (const { reject } of this.#arrivals.splice(0)) reject(new Error(`closed: ${code} ${reason}`));
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`closed: ${code} ${reason}`));
    };
  }

  /** Rejects where the agent refuses the upgrade. */
  static async open(port: number, options: OriginalClientOptions = {}): Promise<OriginalClient> {
    const { token, ca, host = '127.0.0.1' } = options;
    const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
    const url = `${ca === undefined ? 'ws' : 'wss'}://${host}:${port}/ws${query}`;
    const socket = ca === undefined ? new WebSocket(url) : new WebSocket(url, { tls: { ca } });
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error('no connection'));
      socket.onclose = () => reject(new Error('closed'));
    });
    return new OriginalClient(socket);
  }

  /** When the connection has closed. */
  get closing(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.#closing.promise;
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  /** The next reply. */
  next(): Promise<OriginalFrame> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    const waiting = Promise.withResolvers<OriginalFrame>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async ask(request: string): Promise<OriginalFrame> {
    this.send(request);
    return this.next();
  }

  /** Asks, and waits for a reply without looking into it. */
  async receive(request: string): Promise<void> {
    this.send(request);
    const arrived = Promise.withResolvers<void>();
    this.#arrivals.push(arrived);
    await arrived.promise;
  }

  /** A JSON reply. */
  async json<T>(request: string): Promise<T> {
    const { payload } = await this.ask(request);
    return JSON.parse(payload.toString('utf8')) as T;
  }

  async processes(): Promise<{ readonly count: number; readonly rows: readonly OriginalRow[] }> {
    return decodeProcesses((await this.ask('get_processes')).payload);
  }

  close(): void {
    this.#socket.close();
  }

  #arrived(data: string | ArrayBuffer): void {
    const arrival = this.#arrivals.shift();
    if (arrival === undefined) this.#keep(frameOf(data));
    else arrival.resolve();
  }

  #keep(frame: OriginalFrame): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#frames.push(frame);
    else waiting.resolve(frame);
  }
}

function frameOf(data: string | ArrayBuffer): OriginalFrame {
  if (typeof data === 'string') return { isText: true, isGzip: false, payload: Buffer.from(data) };
  const bytes = Buffer.from(data);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return { isText: false, isGzip, payload: isGzip ? gunzipSync(bytes) : bytes };
}

/** `Processes{uint64 process_count=1; repeated Process rows=2}`. */
function decodeProcesses(bytes: Uint8Array): {
  readonly count: number;
  readonly rows: readonly OriginalRow[];
} {
  let count = 0;
  const rows: OriginalRow[] = [];
  for (const { number, value } of readProtobuf(bytes)) {
    if (number === 1 && typeof value === 'bigint') count = Number(value);
    if (number === 2 && value instanceof Uint8Array) rows.push(decodeProcess(value));
  }
  return { count, rows };
}

/** `Process{uint32 pid=1; string name=2; float cpu_usage=3; uint64 mem_bytes=4}`. */
function decodeProcess(bytes: Uint8Array): OriginalRow {
  const row = { pid: 0, name: '', cpuUsage: 0, memBytes: 0 };
  for (const { number, value } of readProtobuf(bytes)) {
    if (number === 1 && typeof value === 'bigint') row.pid = Number(value);
    if (number === 2 && value instanceof Uint8Array) row.name = Buffer.from(value).toString('utf8');
    if (number === 3 && value instanceof Uint8Array) row.cpuUsage = Buffer.from(value).readFloatLE();
    if (number === 4 && typeof value === 'bigint') row.memBytes = Number(value);
  }
  return row;
}
