import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { toOpError } from '../../kit/errors/op-error.ts';
import type { Figures } from '../sample/snapshot.ts';

/**
 * A recording is a row of gzip members (RFC 1952), each of some snapshots; the first line of each needs nothing from
 * those before. Their headers carry a subfield, so that a reader can hop from one to the next:
 *
 *     0      1f 8b 08 04  mtime(4)  00 ff     gzip, FEXTRA, no operating system
 *     10     XLEN = 44
 *     12     'S' 'S'  LEN = 40
 *     16     u32 version   u32 snapshots
 *     24     u32 length low   u32 length high     bytes of the whole member, 0 while it is written
 *     32     f64 epoch
 *     40     f64 first monotonic time   f64 last monotonic time   (microseconds)
 *     56     deflate data, then CRC-32 and length of the text
 *
 * Snapshots, length and last time are written when the member is complete: a killed recorder leaves them 0.
 *
 * A member of a history has a second subfield with what a time line shows of each of its lines. It, the snapshots and
 * the last time are written anew with every line:
 *
 *     56     'S' 'F'  LEN = 360
 *     60     60 times: u16 seconds since the first line   u8 CPU   u8 memory   u8 pressure   u8 network
 *     420    deflate data
 *
 * CPU, memory and pressure count half percents. The network is 8 * log2(1 + bytes per second). 255 is unknown.
 */
export const MEMBER_HEADER_BYTES = 56;
/** Of a member of a history. */
export const FIGURED_HEADER_BYTES = 420;
/** Lines that a member of a history has at most. */
export const FIGURES_LIMIT = 60;
const FIGURE_BYTES = 6;
const FIGURES_AT = MEMBER_HEADER_BYTES + 4;
const FIGURES_ID = 0x46;
const UNKNOWN_FIGURE = 255;
const STEPS_PER_PERCENT = 2;
const STEPS_PER_DOUBLING = 8;
const MEMBER_TRAILER_BYTES = 8;
const MEMBER_VERSION = 1;

const EXTRA_AT = 10;
const FIELD_AT = 16;
const TWO_32 = 2 ** 32;
/** SI1 and SI2 of the subfield. */
const SUBFIELD_ID = 0x53;

export interface MemberHeader {
  /** Snapshots in it; 0: not known, because it was never completed. */
  readonly snapshotCount: number;
  /** Of the whole member, header and trailer included; 0: not known. */
  readonly lengthBytes: number;
  readonly epoch: number;
  readonly firstMicros: number;
  /** Equal to `firstMicros` while not known. */
  readonly lastMicros: number;
}

/** Figures and when they were taken. */
export interface TimedFigures extends Figures {
  readonly secondsSinceFirst: number;
}

/** Whether gzip data begins there (RFC 1952, 2.3.1: ID1, ID2, CM). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** `figures`: of a history, in the order of the lines. */
export function encodeMemberHeader(
  header: MemberHeader,
  wallMillis: number,
  figures?: readonly TimedFigures[],
): Uint8Array {
  const length = figures === undefined ? MEMBER_HEADER_BYTES : FIGURED_HEADER_BYTES;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x1f, 0x8b, 8, 4]);
  view.setUint32(4, Math.max(0, Math.floor(wallMillis / 1000)) % TWO_32, true);
  bytes[9] = 0xff;
  view.setUint16(EXTRA_AT, length - EXTRA_AT - 2, true);
  bytes.fill(SUBFIELD_ID, EXTRA_AT + 2, EXTRA_AT + 4);
  view.setUint16(EXTRA_AT + 4, MEMBER_HEADER_BYTES - FIELD_AT, true);
  view.setUint32(FIELD_AT, MEMBER_VERSION, true);
  view.setUint32(FIELD_AT + 4, header.snapshotCount, true);
  view.setUint32(FIELD_AT + 8, header.lengthBytes % TWO_32, true);
  view.setUint32(FIELD_AT + 12, Math.floor(header.lengthBytes / TWO_32), true);
  view.setFloat64(FIELD_AT + 16, header.epoch, true);
  view.setFloat64(FIELD_AT + 24, header.firstMicros, true);
  view.setFloat64(FIELD_AT + 32, header.lastMicros, true);
  if (figures !== undefined) encodeFigures(bytes, view, figures);
  return bytes;
}

function encodeFigures(bytes: Uint8Array, view: DataView, figures: readonly TimedFigures[]): void {
  bytes.set([SUBFIELD_ID, FIGURES_ID], MEMBER_HEADER_BYTES);
  view.setUint16(MEMBER_HEADER_BYTES + 2, FIGURES_LIMIT * FIGURE_BYTES, true);
  for (const [at, each] of figures.slice(0, FIGURES_LIMIT).entries()) {
    const offset = FIGURES_AT + at * FIGURE_BYTES;
    view.setUint16(offset, Math.min(0xffff, Math.round(each.secondsSinceFirst)), true);
    bytes[offset + 2] = percentSteps(each.cpuPercent);
    bytes[offset + 3] = percentSteps(each.memoryPercent);
    bytes[offset + 4] = percentSteps(each.pressurePercent);
    bytes[offset + 5] = stepOf(Math.log2(1 + each.networkBytesPerSecond) * STEPS_PER_DOUBLING);
  }
}

function percentSteps(percent: number): number {
  return stepOf(Math.min(100, percent) * STEPS_PER_PERCENT);
}

function stepOf(value: number): number {
  return value >= 0 ? Math.min(UNKNOWN_FIGURE - 1, Math.round(value)) : UNKNOWN_FIGURE;
}

/** The figures of the lines that a header tells; none where it is not one of a history. */
export function decodeFigures(bytes: Uint8Array): readonly TimedFigures[] {
  const header = decodeMemberHeader(bytes);
  if (header === undefined || bytes.length < FIGURED_HEADER_BYTES || !hasFigures(bytes)) return [];
  const count = Math.min(header.snapshotCount, FIGURES_LIMIT);
  return Array.from({ length: count }, (_, at) => {
    const offset = FIGURES_AT + at * FIGURE_BYTES;
    const [low = 0, high = 0, cpu, memory, pressure, network = UNKNOWN_FIGURE] = bytes.subarray(offset);
    return {
      secondsSinceFirst: low + high * 256,
      cpuPercent: percentOf(cpu),
      memoryPercent: percentOf(memory),
      pressurePercent: percentOf(pressure),
      networkBytesPerSecond:
        network === UNKNOWN_FIGURE ? Number.NaN : 2 ** (network / STEPS_PER_DOUBLING) - 1,
    };
  });
}

function percentOf(step = UNKNOWN_FIGURE): number {
  return step === UNKNOWN_FIGURE ? Number.NaN : step / STEPS_PER_PERCENT;
}

function hasFigures(bytes: Uint8Array): boolean {
  return (
    bytes[EXTRA_AT]! + bytes[EXTRA_AT + 1]! * 256 === FIGURED_HEADER_BYTES - EXTRA_AT - 2 &&
    bytes[MEMBER_HEADER_BYTES] === SUBFIELD_ID &&
    bytes[MEMBER_HEADER_BYTES + 1] === FIGURES_ID
  );
}

/** Wall time at which a member begins, in whole seconds; NaN where none is told. */
export function memberWallMillis(bytes: Uint8Array): number {
  const seconds = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true);
  return seconds === 0 ? Number.NaN : seconds * 1000;
}

/** The header; undefined where no recorder wrote the member, or a later version did. Checks every value. */
export function decodeMemberHeader(bytes: Uint8Array): MemberHeader | undefined {
  if (bytes.length < MEMBER_HEADER_BYTES || !isGzip(bytes) || bytes[3] !== 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, MEMBER_HEADER_BYTES);
  const isOurs =
    [MEMBER_HEADER_BYTES, FIGURED_HEADER_BYTES].includes(view.getUint16(EXTRA_AT, true) + EXTRA_AT + 2) &&
    bytes[EXTRA_AT + 2] === SUBFIELD_ID &&
    bytes[EXTRA_AT + 3] === SUBFIELD_ID &&
    view.getUint16(EXTRA_AT + 4, true) === MEMBER_HEADER_BYTES - FIELD_AT &&
    view.getUint32(FIELD_AT, true) === MEMBER_VERSION;
  if (!isOurs) return undefined;
  const lengthBytes = view.getUint32(FIELD_AT + 8, true) + view.getUint32(FIELD_AT + 12, true) * TWO_32;
  const header = {
    snapshotCount: view.getUint32(FIELD_AT + 4, true),
    lengthBytes,
    epoch: view.getFloat64(FIELD_AT + 16, true),
    firstMicros: view.getFloat64(FIELD_AT + 24, true),
    lastMicros: view.getFloat64(FIELD_AT + 32, true),
  };
  const { epoch, firstMicros, lastMicros } = header;
  if (!Number.isFinite(epoch) || !(firstMicros >= 0) || !(lastMicros >= firstMicros)) return undefined;
  return lastMicros < Number.MAX_SAFE_INTEGER ? header : undefined;
}

/**
 * Level 4: of a machine with 150 sockets 15.8 KB a snapshot in 0.9 ms, where level 1 needs 21.9 KB and level 6
 * 14.7 KB in 1.2 ms. The work is done by zlib's threads.
 */
const LEVEL = 4;

/** Compresses the lines of one gzip member. What it has given out after each line is enough to read that line. */
export class RecordingMember {
  readonly #deflate: DeflateRaw;
  #output: Uint8Array[] = [];
  #crc = 0;
  #textBytes = 0;
  #fail: (thrown: unknown) => void = () => undefined;

  /** `flushesEach`: gives out each text with its `add`; else with `flush`. `windowBits`: zlib's, how far back it looks. */
  constructor(level = LEVEL, flushesEach = false, windowBits: number = constants.Z_DEFAULT_WINDOWBITS) {
    const flush = flushesEach ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH;
    this.#deflate = createDeflateRaw({ level, flush, windowBits });
    this.#deflate.on('data', (bytes: Uint8Array) => {
      this.#output.push(bytes);
    });
    this.#deflate.on('error', (thrown) => this.#fail(thrown));
  }

  async add(text: Uint8Array): Promise<void> {
    this.#crc = crc32(text, this.#crc);
    this.#textBytes += text.length;
    await this.#done((done) => {
      this.#deflate.write(text, done);
    });
  }

  /** The bytes of everything added since the last call. */
  async flush(): Promise<Uint8Array[]> {
    await this.#done((done) => {
      this.#deflate.flush(constants.Z_SYNC_FLUSH, done);
    });
    return this.take();
  }

  /** What was given out since the last call. */
  take(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /** The last bytes and the trailer (RFC 1952, 2.3.1). */
  async end(): Promise<Uint8Array[]> {
    await this.#done((done) => {
      this.#deflate.once('end', done);
      this.#deflate.end();
    });
    const trailer = new DataView(new ArrayBuffer(MEMBER_TRAILER_BYTES));
    trailer.setUint32(0, this.#crc, true);
    trailer.setUint32(4, this.#textBytes >>> 0, true);
    return [...this.take(), new Uint8Array(trailer.buffer)];
  }

  /** Frees zlib's memory; for members that will not be ended. */
  discard(): void {
    this.#deflate.close();
  }

  async #done(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = (thrown) => reject(toOpError('compress recording', thrown));
      start((error) => (error ? this.#fail(error) : resolve()));
    });
  }
}
