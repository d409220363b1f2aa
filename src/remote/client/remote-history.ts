import type { HistoryHeaders, HistoryPart } from '../../data/recording/history-pieces.ts';
import type { RecordedBytes } from '../../data/recording/recording-file.ts';
import type { AskTotalsPage } from '../../data/recording/totals-files.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { setNewest } from '../../kit/limits/bounds.ts';

/** What a session answers about the agent's history; each rejects with an OpError. */
export interface HistorySession {
  historyParts(): Promise<readonly HistoryPart[]>;
  historyHeaders(segment: number, from: number): Promise<HistoryHeaders>;
  historyPiece(segment: number, from: number, length: number): Promise<Uint8Array>;
  totalsPage: AskTotalsPage;
}

const PIECE_BYTES = 128 << 10;
/** Pieces that are kept: playing goes forward, and a seek reads the first line of an epoch too. */
const PIECES_LIMIT = 16;
/** Of all members of a history; those beyond are read as part of a piece. */
const HEADERS_LIMIT = 1 << 15;

interface Part extends HistoryPart {
  readonly start: number;
}

/**
 * The history of an agent as one recording, as long as it was when it was opened. What is read comes in pieces of
 * bounded size; the heads of members, by which a history is searched, come many at a time.
 */
export class RemoteHistory implements RecordedBytes {
  readonly path: string;
  readonly isHistory = true;
  readonly sizeBytes: number;
  readonly #session: () => HistorySession;
  readonly #parts: readonly Part[];
  /** By place. */
  readonly #headers = new Map<number, Uint8Array>();
  readonly #asked = new Set<number>();
  /** By place, the one read last at the end. */
  readonly #pieces = new Map<number, Uint8Array>();

  private constructor(path: string, session: () => HistorySession, parts: readonly Part[]) {
    this.path = path;
    this.#session = session;
    this.#parts = parts;
    this.sizeBytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** `session`: the one there is now; throws where there is none. Rejects with an OpError of one line. */
  static async open(path: string, session: () => HistorySession): Promise<RemoteHistory> {
    let start = 0;
    const parts: Part[] = [];
    for (const part of await session().historyParts()) {
      parts.push({ ...part, start });
      start += part.sizeBytes;
    }
    if (!Number.isSafeInteger(start)) throw new OpError({ op: 'read history', code: 'BAD_VALUE' });
    if (start > 0) return new RemoteHistory(path, session, parts);
    throw new OpError({ op: 'read history', code: 'EMPTY', message: 'the agent has no history yet' });
  }

  partEnd(position: number): number {
    const part = this.#partAt(position);
    return part === undefined ? this.sizeBytes : part.start + part.sizeBytes;
  }

  async read(into: Uint8Array, position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, into.length, this.sizeBytes - position));
    const header = await this.#headerAt(position);
    if (header !== undefined && header.length >= wanted) {
      into.set(header.subarray(0, wanted));
      return into.subarray(0, wanted);
    }
    let filled = 0;
    while (filled < wanted) {
      const bytes = await this.#pieceAt(position + filled);
      const taken = bytes.subarray(0, wanted - filled);
      into.set(taken, filled);
      filled += taken.length;
    }
    return into.subarray(0, filled);
  }

  async close(): Promise<void> {
    this.#headers.clear();
    this.#pieces.clear();
  }

  /** Asks for those of a part at its start; undefined: no member begins there, as far as the agent says. */
  async #headerAt(position: number): Promise<Uint8Array | undefined> {
    const part = this.#partAt(position);
    if (part === undefined) return undefined;
    if (part.start === position && !this.#asked.has(part.start)) await this.#askHeaders(part);
    return this.#headers.get(position);
  }

  async #askHeaders(part: Part): Promise<void> {
    this.#asked.add(part.start);
    let from: number | undefined = 0;
    while (from !== undefined && this.#headers.size < HEADERS_LIMIT) {
      const found: HistoryHeaders | undefined = await orGone(
        this.#session().historyHeaders(part.number, from),
      );
      const known = this.#headers.size;
      for (const { offset, bytes } of found?.headers ?? []) {
        if (offset < part.sizeBytes) this.#headers.set(part.start + offset, bytes);
      }
      // Ends where the agent goes back or finds no more headers.
      const next: number | undefined = found?.next;
      from = next !== undefined && next > from && this.#headers.size > known ? next : undefined;
    }
  }

  /** The bytes there are at a place, up to the end of its piece; at least one. */
  async #pieceAt(position: number): Promise<Uint8Array> {
    const part = this.#partAt(position)!;
    const offset = position - part.start;
    const pieceStart = offset - (offset % PIECE_BYTES);
    const key = part.start + pieceStart;
    const length = Math.min(PIECE_BYTES, part.sizeBytes - pieceStart);
    let bytes = this.#pieces.get(key);
    if (bytes === undefined) {
      bytes = new Uint8Array(length);
      const read = await orGone(this.#session().historyPiece(part.number, pieceStart, length));
      if (read !== undefined) bytes.set(read.subarray(0, length));
    }
    setNewest(this.#pieces, key, bytes, PIECES_LIMIT);
    return bytes.subarray(offset - pieceStart);
  }

  #partAt(position: number): Part | undefined {
    return this.#parts.findLast(({ start }) => start <= position);
  }
}

/** Undefined: the agent has deleted that part since; it reads as a gap. */
async function orGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (toOpError('read history', thrown).code === 'GONE') return undefined;
    throw thrown;
  }
}
