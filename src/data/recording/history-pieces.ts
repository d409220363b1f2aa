import { OpError } from '../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../kit/files/private-folder.ts';
import type { OpenFile } from '../../kit/files/user-file.ts';
import { segmentsIn } from './history-segments.ts';
import { decodeMemberHeader, FIGURED_HEADER_BYTES, isGzip } from './recorded-member.ts';

/** A part of a history as another machine may ask for it. */
export interface HistoryPart {
  readonly number: number;
  readonly sizeBytes: number;
}

/** The heads of the members of a part, from a place on. */
export interface HistoryHeaders {
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** Where the next ones are; undefined: there are none, or what follows can only be read. */
  readonly next: number | undefined;
}

/** So much at once: a reply is bounded whatever is asked for. */
const PIECE_LIMIT_BYTES = 256 << 10;
const HEADERS_LIMIT = 256;

/** Reads a history piece by piece, for another machine. All rejects with OpError, `GONE` where a part is no more. */
export class HistoryPieces {
  readonly #folder: PrivateFolder;

  constructor(folder: PrivateFolder) {
    this.#folder = folder;
  }

  /** The parts there are, the oldest first. */
  async parts(): Promise<readonly HistoryPart[]> {
    const parts: HistoryPart[] = [];
    for (const { name, number } of segmentsIn(await this.#folder.names())) {
      const sizeBytes = await this.#within(name, async (file) => {
        const first = await file.read(new Uint8Array(3), 0);
        return isGzip(first) ? file.sizeBytes : 0;
      }).catch(() => 0);
      if (sizeBytes > 0) parts.push({ number, sizeBytes });
    }
    return parts;
  }

  async headers(number: number, from: number): Promise<HistoryHeaders> {
    return this.#within(await this.#nameOf(number), async (file) => {
      const headers: { offset: number; bytes: Uint8Array }[] = [];
      let offset = from;
      while (offset < file.sizeBytes && headers.length < HEADERS_LIMIT) {
        const bytes = await file.read(new Uint8Array(FIGURED_HEADER_BYTES), offset);
        const header = decodeMemberHeader(bytes);
        if (header === undefined) return { headers, next: undefined };
        headers.push({ offset, bytes });
        if (header.lengthBytes === 0) return { headers, next: undefined };
        offset += header.lengthBytes;
      }
      return { headers, next: offset < file.sizeBytes ? offset : undefined };
    });
  }

  /** Fewer bytes only at the end of the part. */
  async piece(number: number, from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#within(await this.#nameOf(number), async (file) => {
      return file.read(new Uint8Array(Math.min(PIECE_LIMIT_BYTES, length)), from);
    });
  }

  async #nameOf(number: number): Promise<string> {
    const found = segmentsIn(await this.#folder.names()).find((segment) => segment.number === number);
    if (found === undefined) throw gone();
    return found.name;
  }

  async #within<T>(name: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const file = await this.#folder.read(name);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }
}

function gone(): OpError {
  return new OpError({
    op: 'read history',
    code: 'GONE',
    message: 'this part of the history has been deleted',
  });
}
