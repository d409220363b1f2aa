import { close as closeDescriptor } from 'node:fs';
import { fileError, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import type { OpenFile } from '../../kit/files/user-file.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import type { HistoryLine } from './history-line.ts';
import { LOCK_NAME, type Segment, segmentNamed, segmentsIn } from './history-segments.ts';
import {
  encodeMemberHeader,
  FIGURED_HEADER_BYTES,
  FIGURES_LIMIT,
  type MemberHeader,
  RecordingMember,
  type TimedFigures,
} from './recorded-member.ts';
import { WRITE_REASONS } from './recording-file.ts';
import { TrafficTotals } from './totals.ts';
import { keepTotals, loadTotals } from './totals-files.ts';

/** What a history may take. */
export interface HistoryBounds {
  readonly sizeBytes: number;
  readonly ageMillis: number;
  /** Between two samples; what is written is put on the disk as often. */
  readonly intervalMillis: number;
}

interface HistoryOutside {
  readonly wallMillis: () => number;
  /** Locks an open file for this program; false: another one has it. */
  readonly lock: (descriptor: number) => Promise<boolean>;
  /** Told once, when nothing more can be written. */
  readonly failed: (error: OpError) => void;
}

interface OpenSegment extends Segment {
  readonly file: OpenFile;
  sizeBytes: number;
}

interface ClosedSegment extends Segment {
  readonly sizeBytes: number;
}

interface OpenMember {
  readonly deflate: RecordingMember;
  readonly startsAt: number;
  readonly header: MemberHeader;
  readonly wallMillis: number;
  readonly figures: TimedFigures[];
  lastMicros: number;
}

/** A segment is a sixteenth of the whole, by size and by time: so much goes at once when the oldest one goes. */
const SEGMENTS = 16;
const SEGMENT_MOST_BYTES = 16 << 20;
/** A longer line is left out. */
const LINE_SHARE = 4;
const MEMBER_MICROS = 15 * 60e6;
/** A clock that was set ahead may be set back again: nothing is removed for its age until it has stood so long. */
const STEP_MILLIS = 3_600_000;
const DOUBT_MICROS = 3_600e6;
/** What ends a member: the rest of the last block, its check sum and its length. */
const MEMBER_END_BYTES = 32;
/** Written once and kept for days: level 6 makes 15 % less than level 4 of lines of 1 to 5 KB, in 0.1 ms. */
const LEVEL = 6;
/** It looks 8 KB back: of 300 processes that makes 8 % more than 32 KB do, and takes 125 KB of memory in place of 385. */
const WINDOW_BITS = 13;

/**
 * Writes a history: a folder of recordings, of which the oldest goes when the size or the age is reached. Every line is
 * on the disk within an interval. Work is done on the runtime's threads, one thing at a time: while the disk hangs
 * `isBusy` stays true and lines are to be left out. The first failure ends the history, and the program goes on.
 */
export class HistoryWriter {
  readonly #folder: PrivateFolder;
  readonly #lock: number;
  readonly #bounds: HistoryBounds;
  readonly #outside: HistoryOutside;
  readonly #closed: ClosedSegment[];
  #number: number;
  #segment: OpenSegment | undefined;
  #member: OpenMember | undefined;
  #work: Promise<void> = Promise.resolve();
  #isBusy = false;
  #isClosed = false;
  #syncedMicros = Number.NEGATIVE_INFINITY;
  /** When the steady clock began, by the wall clock. */
  #beginningMillis = Number.NaN;
  #doubtedUntilMicros = Number.NEGATIVE_INFINITY;
  #isClockDoubted = false;
  #error: OpError | undefined;
  /** Told of each sample of the network by who samples; written with the lines. */
  readonly totals = new TrafficTotals();

  private constructor(
    folder: PrivateFolder,
    lock: number,
    segments: ClosedSegment[],
    bounds: HistoryBounds,
    outside: HistoryOutside,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#closed = segments;
    this.#number = (segments.at(-1)?.number ?? 0) + 1;
    this.#bounds = bounds;
    this.#outside = outside;
  }

  /** Opens or creates the folder, and keeps its bounds. OpError: `LOCKED`, or as `PrivateFolder.toWrite`. */
  static async open(path: string, bounds: HistoryBounds, outside: HistoryOutside): Promise<HistoryWriter> {
    const folder = PrivateFolder.toWrite(path);
    let lock: number | undefined;
    try {
      lock = await folder.lockFile(LOCK_NAME);
      if (!(await outside.lock(lock))) {
        throw new OpError({
          op: 'lock',
          code: 'LOCKED',
          message: 'another program keeps its history there',
        });
      }
      const segments: ClosedSegment[] = [];
      for (const segment of segmentsIn(await folder.names())) {
        const sizeBytes = await sizeOf(folder, segment);
        if (sizeBytes !== undefined) segments.push({ ...segment, sizeBytes });
      }
      const writer = new HistoryWriter(folder, lock, segments, bounds, outside);
      await writer.#makeRoom(0);
      await loadTotals(folder, writer.totals, writer.totals.openFiles(outside.wallMillis()));
      writer.totals.due(outside.wallMillis());
      return writer;
    } catch (thrown) {
      if (lock !== undefined) closeDescriptor(lock);
      folder.close();
      throw folderError(path, thrown);
    }
  }

  /** Whether a line is still on its way to the disk: the next one is to be left out. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Why nothing more is written. */
  get error(): OpError | undefined {
    return this.#error;
  }

  /** Of all segments. */
  get sizeBytes(): number {
    return this.#closed.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.#segment?.sizeBytes ?? 0);
  }

  /** Whether the next line has to say everything. Not while busy. */
  needsWhole({ epoch, monotonicMicros, wallMillis }: SnapshotHeader): boolean {
    const member = this.#member;
    if (member === undefined || this.#isSegmentFull(wallMillis)) return true;
    const { header, figures, lastMicros } = member;
    return (
      figures.length >= FIGURES_LIMIT ||
      epoch !== header.epoch ||
      monotonicMicros < lastMicros ||
      monotonicMicros - header.firstMicros > MEMBER_MICROS
    );
  }

  /** Takes a line, which is whole where `needsWhole` said so; undefined: there is none. Not while busy. */
  write(line: HistoryLine | undefined, isWhole: boolean): void {
    if (this.#error !== undefined || this.#isClosed) return;
    this.#isBusy = true;
    const keep = keepTotals(this.#folder, this.totals, this.#outside.wallMillis());
    this.#work = this.#write(line, isWhole)
      .then(keep)
      .then(
        () => {
          this.#isBusy = false;
        },
        (thrown: unknown) => this.#fail(thrown),
      );
  }

  /** Resolves when what was taken is written, or cannot be. */
  async flushed(): Promise<void> {
    await this.#work;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#work;
    try {
      if (this.#error === undefined) {
        await this.#endSegment();
        await keepTotals(this.#folder, this.totals, this.#outside.wallMillis(), true)();
      } else this.#member?.deflate.discard();
    } catch (thrown) {
      this.#fail(thrown);
    }
    closeDescriptor(this.#lock);
    this.#folder.close();
  }

  async #write(line: HistoryLine | undefined, isWhole: boolean): Promise<void> {
    if (line === undefined) {
      // What changed since the line before is not known to a reader.
      await this.#endMember();
      await this.#makeRoom(0);
      return;
    }
    this.#heedClock(line);
    if (isWhole) await this.#beginMember(line);
    const member = this.#member;
    if (member === undefined) return;
    await member.deflate.add(line.bytes);
    const bytes = Buffer.concat(member.deflate.take());
    const headerBytes = isWhole ? FIGURED_HEADER_BYTES : 0;
    if (bytes.length + headerBytes > this.#bounds.sizeBytes / LINE_SHARE) {
      // What follows could not be read without it.
      member.deflate.discard();
      this.#member = undefined;
      return;
    }
    await this.#makeRoom(bytes.length + headerBytes + MEMBER_END_BYTES);
    await this.#append(member, line, bytes);
  }

  async #beginMember(line: HistoryLine): Promise<void> {
    await this.#endMember();
    if (this.#isSegmentFull(line.wallMillis)) await this.#endSegment();
    this.#segment ??= await this.#beginSegment(line.wallMillis);
    const { epoch, monotonicMicros: firstMicros, wallMillis } = line;
    this.#member = {
      deflate: new RecordingMember(LEVEL, true, WINDOW_BITS),
      startsAt: this.#segment.sizeBytes,
      header: { snapshotCount: 0, lengthBytes: 0, epoch, firstMicros, lastMicros: firstMicros },
      ...{ wallMillis, figures: [], lastMicros: firstMicros },
    };
  }

  /** The header goes last: until it says so, the line is not there. */
  async #append(member: OpenMember, line: HistoryLine, bytes: Uint8Array): Promise<void> {
    const segment = this.#segment!;
    const isFirst = member.figures.length === 0;
    const secondsSinceFirst = (line.monotonicMicros - member.header.firstMicros) / 1e6;
    member.figures.push({ ...line.figures, secondsSinceFirst });
    member.lastMicros = line.monotonicMicros;
    const header = headerOf(member, 0);
    if (isFirst) {
      await segment.file.write(Buffer.concat([header, bytes]), member.startsAt);
      segment.sizeBytes += header.length + bytes.length;
    } else {
      await segment.file.write(bytes, segment.sizeBytes);
      segment.sizeBytes += bytes.length;
      await segment.file.write(header, member.startsAt);
    }
    if (line.monotonicMicros - this.#syncedMicros < this.#bounds.intervalMillis * 900) return;
    this.#syncedMicros = line.monotonicMicros;
    await segment.file.sync();
  }

  async #endMember(): Promise<void> {
    const member = this.#member;
    const segment = this.#segment;
    this.#member = undefined;
    if (member === undefined || segment === undefined) return;
    const bytes = Buffer.concat(await member.deflate.end());
    await segment.file.write(bytes, segment.sizeBytes);
    segment.sizeBytes += bytes.length;
    await segment.file.write(headerOf(member, segment.sizeBytes - member.startsAt), member.startsAt);
  }

  async #beginSegment(wallMillis: number): Promise<OpenSegment> {
    const segment = segmentNamed(this.#number++, wallMillis);
    const file = await this.#folder.create(segment.name);
    await this.#folder.sync();
    return { ...segment, file, sizeBytes: 0 };
  }

  async #endSegment(): Promise<void> {
    await this.#endMember();
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment === undefined) return;
    const { file, ...closed } = segment;
    this.#closed.push(closed);
    await file.sync();
    await file.close();
  }

  #isSegmentFull(wallMillis: number): boolean {
    if (this.#segment === undefined) return false;
    const { sizeBytes, startWallMillis } = this.#segment;
    const { sizeBytes: size, ageMillis } = this.#bounds;
    return (
      sizeBytes >= Math.min(SEGMENT_MOST_BYTES, size / SEGMENTS) ||
      wallMillis - startWallMillis >= ageMillis / SEGMENTS ||
      wallMillis < startWallMillis
    );
  }

  /** Removes the oldest segments until so many bytes more are within the size, and those beyond the age. */
  async #makeRoom(bytes: number): Promise<void> {
    const nowMillis = this.#outside.wallMillis();
    for (;;) {
      const [oldest] = this.#closed;
      if (oldest === undefined) return;
      // Those of the future, by a clock that was set back since, are older than the one behind them.
      const { startWallMillis } = this.#closed.find((each) => each.startWallMillis <= nowMillis) ?? oldest;
      const isTooOld = !this.#isClockDoubted && startWallMillis < nowMillis - this.#bounds.ageMillis;
      if (!isTooOld && this.sizeBytes + bytes <= this.#bounds.sizeBytes) return;
      await this.#folder.remove(oldest.name);
      this.#closed.shift();
    }
  }

  #heedClock({ wallMillis, monotonicMicros }: HistoryLine): void {
    const beginningMillis = wallMillis - monotonicMicros / 1000;
    const isSetAhead = beginningMillis - this.#beginningMillis > STEP_MILLIS;
    if (isSetAhead) this.#doubtedUntilMicros = monotonicMicros + DOUBT_MICROS;
    this.#beginningMillis = beginningMillis;
    this.#isClockDoubted = monotonicMicros < this.#doubtedUntilMicros;
  }

  #fail(thrown: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = folderError(this.#folder.path, thrown);
    this.#member?.deflate.discard();
    this.#member = undefined;
    this.#outside.failed(this.#error);
  }
}

function headerOf({ header, wallMillis, figures, lastMicros }: OpenMember, lengthBytes: number): Uint8Array {
  const told = { ...header, lengthBytes, snapshotCount: figures.length, lastMicros };
  return encodeMemberHeader(told, wallMillis, figures);
}

/** Undefined: no file of a history, whatever its name says. */
async function sizeOf(folder: PrivateFolder, { name }: Segment): Promise<number | undefined> {
  try {
    const file = await folder.read(name);
    await file.close();
    return file.sizeBytes;
  } catch {
    return undefined;
  }
}

function folderError(path: string, thrown: unknown): OpError {
  const error = toOpError('write history', thrown);
  if (error.op === 'open folder') return error;
  return fileError('write history', `cannot write a history to '${path}'`, thrown, WRITE_REASONS);
}
