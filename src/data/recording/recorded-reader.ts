import { createGunzip, type Gunzip } from 'node:zlib';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { LineAssembler, type RecordedLine } from './recorded-line.ts';
import { decodeMemberHeader, isGzip, MEMBER_HEADER_BYTES } from './recorded-member.ts';
import type { RecordedBytes } from './recording-file.ts';

/** A line and when it comes, in time since the start of the recording. */
export interface PlacedLine extends RecordedLine {
  readonly positionMillis: number;
}

/** What deflate may blow up by 1,032: so much text, at most, comes at once. */
const READ_BYTES = 16_384;
/** From a line to one whose monotonic time is earlier: recordings put together. */
const GAP_MILLIS = 1000;

interface OpenMember {
  readonly inflater: RecordedInflater;
  readonly end: number;
  /** Whether `end` is its own, so that another may follow. */
  readonly isBounded: boolean;
}

/** Reads the lines of a recording one after another, from any member on, in bounded memory. */
export class RecordedReader {
  /** What was wrong with a member whose rest was passed over, the first of them. */
  damage: OpError | undefined;
  /** The file ends inside a snapshot, as a killed recorder leaves it. */
  endsEarly = false;
  readonly #file: RecordedBytes;
  readonly #assembler = new LineAssembler();
  readonly #bytes = new Uint8Array(READ_BYTES);
  #lines: RecordedLine[] = [];
  #member: OpenMember | undefined;
  #offset = 0;
  #positionMillis = 0;
  #lastMicros = Number.NaN;
  #lastWallMillis = Number.NaN;

  constructor(file: RecordedBytes) {
    this.#file = file;
  }

  /** How far the file has been read. */
  get offset(): number {
    return this.#offset;
  }

  /** Goes on at a member, whose first line comes at that time. */
  seek(offset: number, positionMillis: number): void {
    this.#leaveMember();
    this.#lines = [];
    this.#offset = offset;
    this.#positionMillis = positionMillis;
    this.#lastMicros = Number.NaN;
  }

  /** The next line, undefined at the end. Goes on behind a damaged member (`damage`). Rejects if reading fails. */
  async next(): Promise<PlacedLine | undefined> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return this.#place(line);
      if (this.#member === undefined && this.#offset >= this.#file.sizeBytes) return undefined;
      await this.#readOn();
    }
  }

  /** What was wrong with a line that `next` gave: the rest of its member is passed over too. */
  noteDamage(thrown: unknown): void {
    this.damage ??= toOpError('read recording', thrown);
    this.#lines = [];
    if (this.#member !== undefined) this.#offset = this.#member.end;
    this.#leaveMember();
  }

  close(): void {
    this.#leaveMember();
    this.#offset = this.#file.sizeBytes;
    this.#lines = [];
  }

  async #readOn(): Promise<void> {
    this.#member ??= await this.#openMember();
    const { inflater, end, isBounded } = this.#member;
    const bytes = await this.#file.read(this.#bytes, this.#offset, Math.min(READ_BYTES, end - this.#offset));
    const isLast = bytes.length === 0;
    try {
      this.#offset += bytes.length;
      if (isLast) await inflater.end();
      else await inflater.write(bytes);
      if (!isLast) return;
      if (this.#assembler.isInsideLine) throw endedEarly();
      this.#offset = end;
      this.#leaveMember();
    } catch (thrown) {
      this.#endAt(end, isBounded, toOpError('read recording', thrown));
    }
  }

  /** Lines that came out before the damage are whole and stay. */
  #endAt(end: number, isBounded: boolean, error: OpError): void {
    // A history is being written, or its writer was killed: what is whole is all there is.
    if (error.code === 'TRUNCATED' && !isBounded) this.endsEarly = !this.#file.isHistory;
    else this.damage ??= error;
    this.#offset = end;
    this.#leaveMember();
  }

  /** A header's word on its length is taken if another member begins there, or the file ends. */
  async #openMember(): Promise<OpenMember> {
    const sizeBytes = this.#file.partEnd(this.#offset);
    const header = decodeMemberHeader(await this.#file.read(this.#bytes, this.#offset, MEMBER_HEADER_BYTES));
    const stated = this.#offset + (header?.lengthBytes ?? 0);
    const next = stated < sizeBytes ? await this.#file.read(this.#bytes, stated, 3) : undefined;
    const isStated = header !== undefined && header.lengthBytes > MEMBER_HEADER_BYTES && stated <= sizeBytes;
    const isBounded = isStated && (next === undefined || isGzip(next));
    const inflater = new RecordedInflater((bytes) => this.#assembler.push(bytes, this.#lines));
    return { inflater, end: isBounded ? stated : sizeBytes, isBounded };
  }

  #leaveMember(): void {
    this.#member?.inflater.close();
    this.#member = undefined;
    this.#assembler.reset();
  }

  #place(line: RecordedLine): PlacedLine {
    const { monotonicMicros, wallMillis } = line.recorded.header;
    if (!Number.isNaN(this.#lastMicros)) {
      const micros = monotonicMicros - this.#lastMicros;
      const gapMillis = this.#file.isHistory ? wallGap(this.#lastWallMillis, wallMillis) : GAP_MILLIS;
      this.#positionMillis += micros >= 0 ? micros / 1000 : gapMillis;
    }
    this.#lastMicros = monotonicMicros;
    this.#lastWallMillis = wallMillis;
    return { ...line, positionMillis: this.#positionMillis };
  }
}

/** Between two parts of a history whose monotonic times do not follow each other: the machine was started anew. */
export function wallGap(beforeMillis: number, afterMillis: number): number {
  const gap = afterMillis - beforeMillis;
  return gap >= 0 ? gap : GAP_MILLIS;
}

function endedEarly(): OpError {
  return new OpError({ op: 'read recording', code: 'TRUNCATED', message: 'truncated' });
}

const CHUNK_BYTES = 1 << 16;

/** Decompresses gzip data as it comes, on zlib's threads; what comes out of one `write` is bounded by its input. */
class RecordedInflater {
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  #fail: (thrown: unknown) => void = () => undefined;
  #hasEnded = false;

  /** `take` gets the text; what it throws is what `write` rejects with. */
  constructor(take: (bytes: Uint8Array) => void) {
    this.#gunzip.on('data', (bytes: Uint8Array) => {
      try {
        take(bytes);
      } catch (thrown) {
        this.#fail(thrown);
      }
    });
    this.#gunzip.on('error', (thrown) => this.#fail(damaged(thrown)));
    this.#gunzip.on('end', () => {
      this.#hasEnded = true;
    });
  }

  /** Resolves when everything that these bytes tell has been given out. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#hasEnded) return;
    await this.#done((done) => {
      this.#gunzip.write(bytes, done);
    });
  }

  /** No more will come: rejects if the data ended early or its check sum is wrong. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    await this.#done((done) => {
      this.#gunzip.once('end', () => done());
      this.#gunzip.end();
    });
  }

  close(): void {
    this.#fail = () => undefined;
    this.#gunzip.close();
  }

  async #done(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      start((error) => (error ? reject(damaged(error)) : resolve()));
    });
  }
}

function damaged(cause: unknown): OpError {
  const isCut = toOpError('decompress', cause).code === 'Z_BUF_ERROR';
  return new OpError({
    op: 'read recording',
    code: isCut ? 'TRUNCATED' : 'DAMAGED',
    message: isCut ? 'truncated' : 'damaged',
    cause,
  });
}
