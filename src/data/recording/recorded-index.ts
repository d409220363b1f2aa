import { higher } from '../rates/rate-columns.ts';
import type { HistoryMoment } from '../sample/snapshot.ts';
import { TimeSlice } from '../source/source.ts';
import {
  decodeFigures,
  decodeMemberHeader,
  FIGURED_HEADER_BYTES,
  isGzip,
  MEMBER_HEADER_BYTES,
  type MemberHeader,
  memberWallMillis,
} from './recorded-member.ts';
import { wallGap } from './recorded-reader.ts';
import type { RecordedBytes } from './recording-file.ts';

/** A place at which reading can begin. */
export interface SeekPoint {
  readonly offset: number;
  /** Time since the start of the recording. */
  readonly positionMillis: number;
  /** The first member of the same epoch, where its counters began. */
  readonly epochOffset: number;
  readonly epochPositionMillis: number;
}

/** A member of a history: where it is in time. */
interface Placed {
  readonly positionMillis: number;
  readonly wallMillis: number;
}

const START: SeekPoint = { offset: 0, positionMillis: 0, epochOffset: 0, epochPositionMillis: 0 };
/** Where it is full every other member is forgotten, again and again: seeking then reads a little more. */
const POINTS_LIMIT = 1 << 16;
/** More than a time line has columns, by far: a week of samples every 10 s has 60,480. */
const MOMENTS_LIMIT = 1 << 17;
/** Between two members whose times do not follow each other (recordings put together). */
const GAP_MILLIS = 1000;

/**
 * The members of a recording, found by hopping from header to header, without decompressing. Where a header says no
 * length (the last member of a killed recorder, a file that was compressed anew) hopping ends: from there on it can
 * only be read.
 */
export class RecordedIndex {
  readonly #file: RecordedBytes;
  readonly #limit: number;
  #points: SeekPoint[] = [];
  /** One member in so many becomes a point. */
  #stride = 1;
  #memberCount = 0;
  #snapshotCount = 0;
  /** End of the last member whose end is known. */
  #endMillis = 0;
  /** The furthest place in the file whose time is known: what the whole is estimated by. */
  #knownOffset = 0;
  #knownMillis = 0;
  #isExact = false;
  #isClosed = false;
  /** Of a history: its lines, the oldest first. */
  moments: HistoryMoment[] = [];
  readonly #placed: Placed[] = [];

  constructor(file: RecordedBytes, pointsLimit = POINTS_LIMIT) {
    this.#file = file;
    this.#limit = pointsLimit;
  }

  /** Whether the end is known: all members hopped over, or read to the end. */
  get isDurationExact(): boolean {
    return this.#isExact;
  }

  /** NaN while nothing is known; an estimate by the share of the file that is known until the end is. */
  get durationMillis(): number {
    if (this.#isExact) return this.#endMillis;
    if (this.#knownOffset === 0) return Number.NaN;
    return (this.#knownMillis * this.#file.sizeBytes) / this.#knownOffset;
  }

  /** Where the last member ends whose end is known. */
  get lastKnownMillis(): number {
    return this.#endMillis;
  }

  /** Mean time between snapshots as far as known; NaN unknown. */
  get intervalMillis(): number {
    return this.#snapshotCount < 2 ? Number.NaN : this.#endMillis / (this.#snapshotCount - 1);
  }

  /** Reads all headers, and gives the place where hopping ended before the end, if it did. */
  async scan(): Promise<number | undefined> {
    const slice = new TimeSlice();
    const buffer = new Uint8Array(FIGURED_HEADER_BYTES);
    let offset = 0;
    let previous: MemberHeader | undefined;
    let previousWallMillis = Number.NaN;
    let epoch = START;
    while (offset < this.#file.sizeBytes && !this.#isClosed) {
      const bytes = await this.#file.read(buffer, offset, buffer.length);
      const header = decodeMemberHeader(bytes);
      const wallMillis = header === undefined ? Number.NaN : memberWallMillis(bytes);
      const positionMillis =
        this.#endMillis +
        gapMillis(
          previous,
          header,
          this.#file.isHistory ? wallGap(previousWallMillis, wallMillis) : GAP_MILLIS,
        );
      if (header?.epoch !== previous?.epoch) {
        epoch = { offset, positionMillis, epochOffset: offset, epochPositionMillis: positionMillis };
      }
      this.#add({ ...epoch, offset, positionMillis });
      if (this.#file.isHistory && header !== undefined) this.#note(bytes, positionMillis, wallMillis);
      const isWhole = header !== undefined && (await this.#isWhole(offset, header));
      const end = isWhole ? offset + header.lengthBytes : this.#endOfPart(offset);
      if (header === undefined ? end === undefined : end === undefined && !this.#file.isHistory)
        return offset;
      offset = end ?? this.#file.sizeBytes;
      if (header === undefined) continue;
      previous = header;
      previousWallMillis = wallMillis + (header.lastMicros - header.firstMicros) / 1000;
      this.#endMillis = positionMillis + (header.lastMicros - header.firstMicros) / 1000;
      this.#snapshotCount += header.snapshotCount;
      this.noteProgress(offset, this.#endMillis);
      if (slice.due()) await slice.rest();
    }
    this.#isExact = !this.#isClosed;
    return undefined;
  }

  /** Where a history has what was shown at a wall time, or shortly before; its start where that is later. */
  positionAt(wallMillis: number): number {
    // The newest first: where the clock was set back, two members may have had that time.
    const member = this.#placed.findLast((each) => each.wallMillis <= wallMillis);
    if (member === undefined) return 0;
    return member.positionMillis + (wallMillis - member.wallMillis);
  }

  /** The wall time at a place in a history; NaN where nothing is known. */
  wallAt(positionMillis: number): number {
    const member = this.#placed.findLast((each) => each.positionMillis <= positionMillis) ?? this.#placed[0];
    return member === undefined ? Number.NaN : member.wallMillis + (positionMillis - member.positionMillis);
  }

  /** Of a history: the next part, where the rest of this one is not to be read. */
  #endOfPart(offset: number): number | undefined {
    const end = this.#file.partEnd(offset);
    return end < this.#file.sizeBytes ? end : undefined;
  }

  #note(header: Uint8Array, positionMillis: number, wallMillis: number): void {
    this.#placed.push({ positionMillis, wallMillis });
    for (const { secondsSinceFirst, ...figures } of decodeFigures(header)) {
      const millis = secondsSinceFirst * 1000;
      this.moments.push({
        ...figures,
        positionMillis: positionMillis + millis,
        wallMillis: wallMillis + millis,
      });
    }
    if (this.moments.length > MOMENTS_LIMIT) this.moments = pairsOf(this.moments);
  }

  /** Reading has come that far. */
  noteProgress(offset: number, positionMillis: number): void {
    if (offset < this.#knownOffset) return;
    this.#knownOffset = offset;
    this.#knownMillis = positionMillis;
  }

  /** Reading has come to the end. */
  noteEnd(positionMillis: number): void {
    if (this.#isExact) return;
    this.#isExact = true;
    this.#endMillis = positionMillis;
  }

  /** The last member that begins no later, of those found by now. */
  before(positionMillis: number): SeekPoint {
    const found = this.#points.findLast((point) => point.positionMillis <= positionMillis);
    return found ?? this.#points[0] ?? START;
  }

  /** Ends a scan under way. */
  close(): void {
    this.#isClosed = true;
  }

  #add(point: SeekPoint): void {
    if (this.#memberCount++ % this.#stride !== 0) return;
    this.#points.push(point);
    if (this.#points.length < this.#limit) return;
    this.#points = this.#points.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }

  /** What a header says of its length is believed if the file ends there, or another member begins. */
  async #isWhole(offset: number, { lengthBytes }: MemberHeader): Promise<boolean> {
    const end = offset + lengthBytes;
    if (lengthBytes <= MEMBER_HEADER_BYTES || end > this.#file.sizeBytes) return false;
    if (end === this.#file.sizeBytes) return true;
    return isGzip(await this.#file.read(new Uint8Array(3), end, 3));
  }
}

/** Half as many moments, each with the higher figures of two. */
function pairsOf(moments: readonly HistoryMoment[]): HistoryMoment[] {
  return moments.flatMap((moment, at) => {
    if (at % 2 === 1) return [];
    const next = moments[at + 1] ?? moment;
    return {
      ...moment,
      cpuPercent: higher(moment.cpuPercent, next.cpuPercent),
      memoryPercent: higher(moment.memoryPercent, next.memoryPercent),
      pressurePercent: higher(moment.pressurePercent, next.pressurePercent),
      networkBytesPerSecond: higher(moment.networkBytesPerSecond, next.networkBytesPerSecond),
    };
  });
}

function gapMillis(
  previous: MemberHeader | undefined,
  next: MemberHeader | undefined,
  unknownMillis: number,
): number {
  if (previous === undefined) return 0;
  const micros = (next?.firstMicros ?? Number.NaN) - previous.lastMicros;
  return micros >= 0 ? micros / 1000 : unknownMillis;
}
