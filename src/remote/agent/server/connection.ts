import type { Frame } from '../../wire/original-frame.ts';
import { type V2Payload, v2Frame } from '../../wire/v2-frame.ts';
import { readV2Request } from '../../wire/v2-request.ts';
import type { OriginalAnswers, OriginalPeer } from '../answers/original-answers.ts';
import { errorPayload, type ProcessPosition, type V2Answers } from '../answers/v2-answers.ts';
import type { AgentLog } from './agent-log.ts';
import type { SendBudget } from './send-budget.ts';

/** Requests of one client that are not answered yet; whoever sends more does not wait for answers. */
export const PENDING_LIMIT = 32;

/** RFC 6455, 7.4.1. */
export const CloseCode = { GOING_AWAY: 1001, UNSUPPORTED: 1003, POLICY: 1008, TRY_LATER: 1013 } as const;

/** The side of a WebSocket that a connection needs. */
export interface Socket {
  /** Bytes taken; -1: taken, but they wait for the client to read; 0: dropped. */
  send(frame: Frame): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** What all connections share. */
export interface ConnectionContext {
  readonly original: Pick<OriginalAnswers, 'answer'>;
  readonly v2: Pick<V2Answers, 'answer'>;
  readonly log: AgentLog;
  readonly budget: SendBudget;
}

type Outgoing = { readonly frame: Frame } | { readonly id: number; readonly payload: V2Payload };

/**
 * One client. At most one reply waits in its socket: the next one is handed over when the client has read, so that a
 * client that reads slowly costs one reply of memory, and one that never reads no more.
 */
export class Connection {
  readonly address: string;
  readonly isV2: boolean;
  readonly #context: ConnectionContext;
  readonly #position: ProcessPosition = { sequence: 0 };
  readonly #peer: OriginalPeer = { hasAskedProcesses: false };
  readonly #outgoing: Outgoing[] = [];
  #socket: Socket | undefined;
  /** Requests that are not answered, and answers that are not sent. */
  #pending = 0;
  /** The original's replies go out in the order of its requests. */
  #turn: Promise<void> = Promise.resolve();
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
    if (typeof message !== 'string') this.refuse(CloseCode.UNSUPPORTED, 'a request is a text frame');
    else if (this.#pending < PENDING_LIMIT) this.#answer(message);
    else this.refuse(CloseCode.POLICY, 'too many requests that wait for an answer');
  }

  /** The client has read. */
  drained(): void {
    this.#context.budget.release(this);
    this.#isBlocked = false;
    this.#send();
  }

  /** The socket has closed, whoever closed it. */
  closed(): void {
    this.#isClosed = true;
    this.#outgoing.length = 0;
    this.#context.budget.release(this);
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
    const wasBlocked = this.#isBlocked;
    const socket = this.#socket;
    this.closed();
    if (wasBlocked) socket?.terminate();
    else socket?.close(code, reason);
  }

  #answer(text: string): void {
    this.#pending++;
    if (this.isV2) this.#takeV2(text);
    else this.#takeOriginal(text);
  }

  #takeOriginal(text: string): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#isClosed) return;
      const frame = await this.#context.original.answer(text, this.#peer);
      this.#enqueue({ frame });
    });
  }

  #takeV2(text: string): void {
    const request = readV2Request(text);
    const answer =
      'error' in request
        ? Promise.resolve(errorPayload(request.error))
        : this.#context.v2.answer(request, this.#position);
    void answer.then((payload) => this.#enqueue({ id: request.id, payload }));
  }

  #enqueue(outgoing: Outgoing): void {
    if (this.#isClosed) return;
    this.#outgoing.push(outgoing);
    this.#send();
  }

  #send(): void {
    while (!this.#isBlocked && !this.#isClosed) {
      const next = this.#outgoing.shift();
      if (next === undefined) return;
      this.#pending--;
      const frame = 'frame' in next ? next.frame : v2Frame(next.id, next.payload);
      const taken = this.#socket?.send(frame) ?? 0;
      if (taken === 0) this.refuse(CloseCode.TRY_LATER, 'a reply could not be sent');
      if (taken >= 0) continue;
      this.#isBlocked = true;
      this.#context.budget.hold(this, frame.length);
    }
  }
}
