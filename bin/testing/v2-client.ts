import { v2ReplyId } from '../../src/remote/wire/v2-frame.ts';
import { decodeV2Reply, type V2Answer } from '../../src/remote/wire/v2-reply.ts';
import {
  type AskedV2Request,
  printV2Request,
  V2_SUBPROTOCOL,
  type V2RequestName,
} from '../../src/remote/wire/v2-request.ts';

export type V2Question = Omit<AskedV2Request, 'id' | 'request'>;

/** What may come for a request. */
export type V2AnswerTo<N extends V2RequestName> = Extract<V2Answer, { readonly reply: N | 'error' }>;

/** Asks an agent in `socktop.v2`, one request or several at once. */
export class V2Client {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (frame: Uint8Array) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      const frame = new Uint8Array(data as ArrayBuffer);
      const id = v2ReplyId(frame);
      this.#waiting.get(id)?.(frame);
      this.#waiting.delete(id);
    };
  }

  static async open(port: number, token?: string): Promise<V2Client> {
    const query = token === undefined ? '' : `?token=${token}`;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws${query}`, [V2_SUBPROTOCOL]);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new TypeError('no connection'));
    });
    return new V2Client(socket);
  }

  async ask<N extends V2RequestName>(request: N, question: V2Question = {}): Promise<V2AnswerTo<N>> {
    const id = ++this.#lastId;
    const arrived = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(id, arrived.resolve);
    this.#socket.send(printV2Request({ ...question, id, request }));
    const frame = await arrived.promise;
    return decodeV2Reply(request, frame) as V2AnswerTo<N>;
  }

  close(): void {
    this.#socket.close();
  }
}
