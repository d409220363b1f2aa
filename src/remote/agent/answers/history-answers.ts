import { HistoryPieces } from '../../../data/recording/history-pieces.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../../kit/files/private-folder.ts';
import { historyHeaders, historyParts } from '../../wire/history-reply.ts';
import { type V2Payload, v2Bytes } from '../../wire/v2-frame.ts';
import { v2JsonPayload } from '../../wire/v2-reply.ts';
import type { V2Request } from '../../wire/v2-request.ts';

/** Waiting for the disk; more of them would only be late. */
const WAITING_LIMIT = 16;

/**
 * The reply to `get_history`. One piece is read at a time, for all clients: a disk that hangs holds one of the runtime's
 * threads, and no more.
 */
export class HistoryAnswers {
  readonly #pieces: HistoryPieces | undefined;
  readonly #hasToken: boolean;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `folder`: undefined where no history is kept. */
  constructor(folder: PrivateFolder | undefined, hasToken: boolean) {
    this.#pieces = folder === undefined ? undefined : new HistoryPieces(folder);
    this.#hasToken = hasToken;
  }

  /** Why there is none for a client; undefined: there is one. */
  get obstacle(): string | undefined {
    if (this.#pieces === undefined) return 'no history is kept; start the agent with --history';
    return this.#hasToken
      ? undefined
      : 'no history is served without a token; start the agent with SOCKTOP_TOKEN or --token-file';
  }

  /** Rejects with OpError: `NO_HISTORY`, `NO_TOKEN`, `BUSY`, `GONE`, and what the file system says. */
  async payload(request: Pick<V2Request, 'segment' | 'from' | 'length'>): Promise<V2Payload> {
    const { obstacle } = this;
    const pieces = this.#pieces;
    if (pieces === undefined || obstacle !== undefined) {
      const code = pieces === undefined ? 'NO_HISTORY' : 'NO_TOKEN';
      throw new OpError({ op: 'history', code, ...(obstacle === undefined ? {} : { message: obstacle }) });
    }
    if (this.#waiting >= WAITING_LIMIT) {
      throw new OpError({ op: 'history', code: 'BUSY', message: 'too many pending requests of this kind' });
    }
    this.#waiting++;
    const answer = this.#turn.then(() => read(pieces, request));
    this.#turn = answer.catch(() => undefined);
    return answer.finally(() => {
      this.#waiting--;
    });
  }
}

async function read(
  pieces: HistoryPieces,
  { segment, from = 0, length }: Pick<V2Request, 'segment' | 'from' | 'length'>,
): Promise<V2Payload> {
  if (segment === undefined) return v2JsonPayload(historyParts.write(await pieces.parts()));
  if (length === undefined) return v2JsonPayload(historyHeaders.write(await pieces.headers(segment, from)));
  return v2Bytes(await pieces.piece(segment, from, length));
}
