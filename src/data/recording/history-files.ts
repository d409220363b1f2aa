import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import type { OpenFile } from '../../kit/files/user-file.ts';
import { LOCK_NAME, type Segment, segmentsIn } from './history-segments.ts';
import { isGzip } from './recorded-member.ts';
import type { RecordedBytes } from './recording-file.ts';

/** One part of a history, and where it begins among the bytes of all. */
interface Part extends Segment {
  readonly file: OpenFile;
  readonly start: number;
}

const FIRST_BYTES = 3;

/** The files of a history as one recording: as many, and as long, as they were when it was opened. */
export class HistoryFiles implements RecordedBytes {
  readonly path: string;
  readonly isHistory = true;
  readonly sizeBytes: number;
  readonly #parts: readonly Part[];

  private constructor(path: string, parts: readonly Part[]) {
    this.path = path;
    this.#parts = parts;
    this.sizeBytes = parts.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  }

  /** Rejects with an OpError of one line: the folder cannot be read, or has no history (`EMPTY`). */
  static async open(path: string): Promise<HistoryFiles> {
    const folder = PrivateFolder.toRead(path);
    const parts: Part[] = [];
    try {
      let start = 0;
      for (const segment of segmentsIn(await folder.names())) {
        const file = await openedPart(folder, segment.name);
        if (file === undefined) continue;
        parts.push({ ...segment, file, start });
        start += file.sizeBytes;
      }
      if (parts.length > 0) return new HistoryFiles(path, parts);
      const isNew = (await folder.names()).includes(LOCK_NAME);
      const message = `'${path}' has no history${isNew ? ' yet' : ''}`;
      throw new OpError({ op: 'read recording', code: 'EMPTY', message });
    } catch (thrown) {
      for (const { file } of parts) await file.close();
      throw toOpError('read recording', thrown);
    } finally {
      folder.close();
    }
  }

  partEnd(position: number): number {
    const part = this.#partAt(position);
    return part === undefined ? this.sizeBytes : part.start + part.file.sizeBytes;
  }

  /** Across the ends of parts. */
  async read(into: Uint8Array, position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, into.length, this.sizeBytes - position));
    let filled = 0;
    while (filled < wanted) {
      const part = this.#partAt(position + filled);
      if (part === undefined) break;
      const at = position + filled - part.start;
      const most = Math.min(wanted - filled, part.file.sizeBytes - at);
      const bytes = await part.file.read(into.subarray(filled, filled + Math.max(0, most)), at);
      // Shorter than it was: somebody else has cut it.
      if (bytes.length === 0) into.subarray(filled, filled + most).fill(0);
      filled += bytes.length === 0 ? most : bytes.length;
    }
    return into.subarray(0, filled);
  }

  async close(): Promise<void> {
    for (const { file } of this.#parts) await file.close();
  }

  #partAt(position: number): Part | undefined {
    return this.#parts.findLast(({ start }) => start <= position);
  }
}

/** Undefined: gone meanwhile, empty, or no file of a history whatever its name says. */
async function openedPart(folder: PrivateFolder, name: string): Promise<OpenFile | undefined> {
  try {
    const file = await folder.read(name);
    const first = await file.read(new Uint8Array(FIRST_BYTES), 0);
    if (isGzip(first)) return file;
    await file.close();
    return undefined;
  } catch {
    return undefined;
  }
}
