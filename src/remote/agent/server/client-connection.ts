import { toOpError } from '../../../kit/errors/op-error.ts';
import { Allowance } from '../../../kit/limits/bounds.ts';
import { REQUEST_LIMIT_BYTES } from '../../wire/limits.ts';
import type { Frame } from '../../wire/original-protocol.ts';
import { STREAM_GREETING, StreamFrames, streamFrame, type V2Payload, v2Frame } from '../../wire/v2-frame.ts';
import { readV2Request } from '../../wire/v2-request.ts';
import type { OriginalAnswers, OriginalPeer } from '../answers/original-answers.ts';
import { errorPayload, type ProcessPosition, type V2Answers } from '../answers/v2-answers.ts';
import type { AgentLog } from './agent-log.ts';
import { CONTROL_BURST, CONTROL_REFILL_MILLIS, type RequestTurns, type SendBudget } from './client-limits.ts';

/** Limit of pending requests per client. */
export const PENDING_LIMIT = 32;
/** Of those, answers that are made at once for a client whose replies may come in any order. */
const BEGUN_LIMIT = 8;
/** A UTF-16 unit, the most that a character of a waiting request takes. */
const UNIT_BYTES = 2;

/** RFC 6455, 7.4.1. */
export const CloseCode = { GOING_AWAY: 1001, UNSUPPORTED: 1003, POLICY: 1008, TRY_LATER: 1013 } as const;

/** The side of a WebSocket that a connection needs. */
export interface Socket {
  /** Bytes taken; -1: taken, but they wait for the client to read; 0: dropped. */
  send(frame: Frame): number;
  close(code: number, reason: string): void;
  terminate(): void;
  /** Bytes that wait for the client to read, pongs included. */
  getBufferedAmount(): number;
}

/** What all connections share. */
export interface ConnectionContext {
  readonly original: Pick<OriginalAnswers, 'answer'>;
  readonly v2: Pick<V2Answers, 'answer'>;
  readonly log: AgentLog;
  readonly budget: SendBudget;
  readonly turns: RequestTurns;
}

type Outgoing = { readonly frame: Frame } | { readonly id: number; readonly payload: V2Payload };

/**
 * One client. Its requests wait for their turn, and no answer is begun while a reply waits in its socket: a client that
 * reads slowly costs one reply of memory, and one that never reads no more.
 */
export class Connection {
  readonly address: string;
  readonly isV2: boolean;
  readonly #context: ConnectionContext;
  readonly #position: ProcessPosition = { sequence: 0 };
  readonly #peer: OriginalPeer = { hasAskedProcesses: false };
  readonly #controlFrames = new Allowance(CONTROL_BURST, CONTROL_REFILL_MILLIS);
  /** Not begun yet. */
  readonly #requests: string[] = [];
  #requestUnits = 0;
  /** Answers that are being made. */
  #begunCount = 0;
  readonly #outgoing: Outgoing[] = [];
  #outgoingBytes = 0;
  #socket: Socket | undefined;
  #isBlocked = false;
  #isClosed = false;

  constructor(context: ConnectionContext, address: string, isV2: boolean) {
    this.#context = context;
    this.address = address;
    this.isV2 = isV2;
  }

  open(socket: Socket): void {
    this.#socket = socket;
  }

  /** A frame came. */
  take(message: string | Uint8Array): void {
    if (this.#isClosed) return;
    if (typeof message !== 'string') this.refuse(CloseCode.UNSUPPORTED, 'requests must be text frames');
    else if (this.#pendingCount < PENDING_LIMIT) this.#queue(message);
    else this.refuse(CloseCode.POLICY, 'too many pending requests');
  }

  /** A ping came, which the runtime has answered, or a pong. Time is of the monotonic clock. */
  takeControlFrame(nowMillis: number): void {
    if (this.#isClosed) return;
    if (this.#controlFrames.take(nowMillis)) this.#account();
    else this.refuse(CloseCode.POLICY, 'too many pings');
  }

  /** The client has read something. */
  drained(): void {
    if (this.#isClosed) return;
    this.#isBlocked = this.#bufferedBytes > 0;
    this.#send();
    this.#waitForTurn();
  }

  /** The socket was closed by either side. */
  closed(): void {
    this.#isClosed = true;
    this.#requests.length = 0;
    this.#outgoing.length = 0;
    this.#context.turns.leave(this);
    this.#context.budget.hold(this, 0);
  }

  /** Ends the connection with a reason, for the client and for the log. */
  refuse(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#context.log.event('warning', 'client-refused', { address: this.address, reason });
    this.end(code, reason);
  }

  /** Ends the connection; a client that does not read is not waited for. */
  end(code: number, reason: string): void {
    if (this.#isClosed) return;
    const socket = this.#socket;
    const isBehind = this.#isBlocked || this.#bufferedBytes > 0;
    this.closed();
    if (isBehind) socket?.terminate();
    else socket?.close(code, reason);
  }

  /** Begins the answer to the request that has waited longest; true where another one could be begun. */
  beginOne(): boolean {
    const text = this.#canBegin ? this.#requests.shift() : undefined;
    if (text === undefined) return false;
    this.#requestUnits -= text.length;
    this.#begunCount++;
    void this.#answer(text).then((outgoing) => this.#finish(outgoing));
    this.#account();
    return this.#canBegin;
  }

  get #bufferedBytes(): number {
    return this.#socket?.getBufferedAmount() ?? 0;
  }

  get #pendingCount(): number {
    return this.#requests.length + this.#begunCount + this.#outgoing.length;
  }

  /** The original's replies go out in the order of its requests: one is made after the other. */
  get #canBegin(): boolean {
    const isReady = !this.#isBlocked && !this.#isClosed && this.#requests.length > 0;
    return isReady && this.#begunCount < (this.isV2 ? BEGUN_LIMIT : 1);
  }

  #queue(text: string): void {
    this.#requests.push(text);
    this.#requestUnits += text.length;
    this.#account();
    this.#waitForTurn();
  }

  #waitForTurn(): void {
    if (this.#canBegin) this.#context.turns.wait(this);
  }

  /** What cannot be read costs as much as what can: an error is an answer too. Never rejects. */
  async #answer(text: string): Promise<Outgoing> {
    if (!this.isV2) return { frame: await this.#context.original.answer(text, this.#peer) };
    const request = readV2Request(text);
    const payload =
      'error' in request
        ? errorPayload(request.error)
        : await this.#context.v2.answer(request, this.#position);
    return { id: request.id, payload };
  }

  #finish(outgoing: Outgoing): void {
    this.#begunCount--;
    if (this.#isClosed) return;
    this.#outgoing.push(outgoing);
    this.#outgoingBytes += bytesOf(outgoing);
    this.#send();
    this.#waitForTurn();
  }

  #send(): void {
    while (!this.#isBlocked && !this.#isClosed) {
      const next = this.#outgoing.shift();
      if (next === undefined) break;
      this.#outgoingBytes -= bytesOf(next);
      const frame = 'frame' in next ? next.frame : v2Frame(next.id, next.payload);
      const taken = this.#socket?.send(frame) ?? 0;
      if (taken === 0) this.refuse(CloseCode.TRY_LATER, 'a reply could not be sent');
      else if (taken < 0) this.#isBlocked = true;
    }
    this.#account();
  }

  #account(): void {
    if (this.#isClosed) return;
    const bytes = this.#requestUnits * UNIT_BYTES + this.#outgoingBytes + this.#bufferedBytes;
    this.#context.budget.hold(this, bytes);
  }
}

function bytesOf(outgoing: Outgoing): number {
  return 'frame' in outgoing ? outgoing.frame.length : outgoing.payload.bytes.length;
}

/** Both directions of a stream of bytes, such as standard input and output. */
export interface ByteStream {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly writableLength: number };
}

/** The client at the other end of a stream. Its end is the stream's, in either direction. */
export class StreamClient {
  /** Resolves at the end of the stream: true where the client ended it, false where it had to be refused. */
  readonly served: Promise<boolean>;
  readonly #frames = new StreamFrames(REQUEST_LIMIT_BYTES);
  readonly #decoder = new TextDecoder();
  readonly #connection: Connection;

  constructor(context: ConnectionContext, { input, output }: ByteStream) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.served = promise;
    this.#connection = new Connection(context, 'standard input', true);
    const end = (isWish: boolean): void => {
      this.#connection.closed();
      input.removeAllListeners('data');
      resolve(isWish);
    };
    this.#connection.open(new OutputSocket(output, () => end(false)));
    output.on('drain', () => this.#connection.drained());
    // Writing fails when the client has gone.
    output.on('error', () => end(true));
    output.write(STREAM_GREETING);
    input.on('error', () => end(true));
    input.on('end', () => end(true));
    input.on('close', () => end(true));
    input.on('data', (chunk: Uint8Array) => this.#take(chunk));
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const message of this.#frames.take(chunk)) this.#connection.take(this.#decoder.decode(message));
    } catch (thrown) {
      this.#connection.refuse(0, toOpError('decode', thrown).message);
    }
  }
}

/** The output as a connection knows a socket: there are no codes, so an end is an end. */
class OutputSocket implements Socket {
  readonly #output: ByteStream['output'];
  readonly #end: () => void;

  constructor(output: ByteStream['output'], end: () => void) {
    this.#output = output;
    this.#end = end;
  }

  send(frame: Parameters<Socket['send']>[0]): number {
    const bytes = streamFrame(typeof frame === 'string' ? new TextEncoder().encode(frame) : frame);
    return this.#output.write(bytes) ? bytes.length : -1;
  }

  close(): void {
    this.#end();
  }

  terminate(): void {
    this.#end();
  }

  getBufferedAmount(): number {
    return this.#output.writableLength;
  }
}
