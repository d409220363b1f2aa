import { HistoryPieces } from '../../../data/recording/history-pieces.ts';
import { totalsPagesOf } from '../../../data/recording/totals-files.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../../kit/files/private-folder.ts';
import { historyHeaders, historyParts, totalsPage } from '../../wire/history-reply.ts';
import { type V2Payload, v2Bytes } from '../../wire/v2-frame.ts';
import { v2JsonPayload } from '../../wire/v2-reply.ts';
import type { V2Request } from '../../wire/v2-request.ts';

/** `period`: totals are asked for. */
type HistoryRequest = Pick<V2Request, 'period' | 'before' | 'segment' | 'from' | 'length'>;

/** Waiting for the disk; more of them would only be late. */
const WAITING_LIMIT = 16;

/**
 * The replies to `get_history` and `get_totals`. One piece is read at a time, for all clients: a disk that hangs holds
 * one of the runtime's threads, and no more.
 */
export class HistoryAnswers {
  readonly #folder: PrivateFolder | undefined;
  readonly #hasToken: boolean;
  readonly #missing: string;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `folder`: undefined where there is no history, `missing` says why. */
  constructor(
    folder: PrivateFolder | undefined,
    hasToken: boolean,
    missing = 'no history is kept; start the agent with --history',
  ) {
    this.#folder = folder;
    this.#hasToken = hasToken;
    this.#missing = missing;
  }

  /** Why there is none for a client; undefined: there is one. */
  get obstacle(): string | undefined {
    if (this.#folder === undefined) return this.#missing;
    return this.#hasToken
      ? undefined
      : 'no history is served without a token; start the agent with SOCKTOP_TOKEN or --token-file';
  }

  /** Rejects with OpError: `NO_HISTORY`, `NO_TOKEN`, `BUSY`, `GONE`, and what the file system says. */
  async payload(request: HistoryRequest): Promise<V2Payload> {
    const { obstacle } = this;
    const folder = this.#folder;
    if (folder === undefined || obstacle !== undefined) {
      const code = folder === undefined ? 'NO_HISTORY' : 'NO_TOKEN';
      throw new OpError({ op: 'history', code, ...(obstacle === undefined ? {} : { message: obstacle }) });
    }
    if (this.#waiting >= WAITING_LIMIT) {
      throw new OpError({ op: 'history', code: 'BUSY', message: 'too many pending requests of this kind' });
    }
    this.#waiting++;
    const answer = this.#turn.then(() => read(folder, request));
    this.#turn = answer.catch(() => undefined);
    return answer.finally(() => {
      this.#waiting--;
    });
  }
}

async function read(
  folder: PrivateFolder,
  { period, before, segment, from = 0, length }: HistoryRequest,
): Promise<V2Payload> {
  if (period !== undefined) {
    return v2JsonPayload(totalsPage.write(await totalsPagesOf(folder)(period, before)));
  }
  const pieces = new HistoryPieces(folder);
  if (segment === undefined) return v2JsonPayload(historyParts.write(await pieces.parts()));
  if (length === undefined) return v2JsonPayload(historyHeaders.write(await pieces.headers(segment, from)));
  return v2Bytes(await pieces.piece(segment, from, length));
}
