import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { HistoryMoment, Snapshot, Want } from '../sample/snapshot.ts';
import { type Source, withinDeadline } from '../source/source.ts';
import { RecordedIndex, type SeekPoint } from './recorded-index.ts';
import { RecordedMachine } from './recorded-machine.ts';
import { isGzip } from './recorded-member.ts';
import { type PlacedLine, RecordedReader } from './recorded-reader.ts';
import { playbackError, type RecordedBytes, RecordedFile } from './recording-file.ts';
import type { MachineSectionReader } from './section-recording.ts';

export interface PlaybackOptions {
  /** The clock of `sample`'s deadlines; playback runs by it. */
  readonly monotonicMicros: () => number;
  /** Without it only the network is played. */
  readonly sections?: MachineSectionReader;
}

/** Where playback is. Times are since the start of the recording. */
export interface PlaybackProgress {
  readonly positionMillis: number;
  /** An estimate unless exact; NaN while nothing is known. */
  readonly durationMillis: number;
  readonly isDurationExact: boolean;
  /** Times the recorded one. */
  readonly speed: number;
  readonly isPaused: boolean;
  /** The last snapshot is shown, and held. */
  readonly isAtEnd: boolean;
  /** A seek is under way: `positionMillis` is where it goes. */
  readonly isSeeking: boolean;
  /** The recorder was killed, or the file cut: everything whole before that is played. */
  readonly endsEarly: boolean;
  /** What could not be played and was passed over; one line for people. */
  readonly damage: OpError | undefined;
}

/** Told of every snapshot that playback comes to, in order: those that `sample` returns and those between them. */
export type SnapshotObserver = (snapshot: Snapshot) => void;

/** A graph of sixty seconds, and samples enough for the trend; what smoothing remembers has faded by then. */
const PREROLL_MILLIS = 66_000;
const PREROLL_SNAPSHOTS = 20;
/** Up to this size, what can only be read is read once at the start, so that the duration is known. */
const READ_THROUGH_BYTES = 8 << 20;
const FIRST_BYTES = 3;

/**
 * A recording as a source. `sample` gives the snapshot that is due by the playback clock; to have the rates of all
 * recorded snapshots, also of those skipped at high speed or read before the target of a seek, update them from
 * `observe`. Each seek changes the epoch of the headers. Memory does not depend on the length of the file.
 */
export class RecordedSource implements Source {
  readonly #file: RecordedBytes;
  readonly #options: PlaybackOptions;
  readonly #clock: PlaybackClock;
  readonly #index: RecordedIndex;
  readonly #reader: RecordedReader;
  readonly #machine: RecordedMachine;
  #observer: SnapshotObserver = () => undefined;
  #scanning: Promise<void> = Promise.resolve();
  /** The line after the current snapshot, not due yet. */
  #ahead: PlacedLine | undefined;
  /** Of the current snapshot, and of the last line read. */
  #currentMillis = 0;
  #readMillis = 0;
  #isAtEnd = false;
  #hasBegun = false;
  #seekTarget: number | undefined;
  #isSeeking = false;
  #underWay: Promise<Snapshot> | undefined;
  #damage: OpError | undefined;
  #isClosed = false;

  private constructor(file: RecordedBytes, options: PlaybackOptions) {
    this.#file = file;
    this.#options = options;
    this.#machine = new RecordedMachine(options.sections);
    this.#clock = new PlaybackClock(options.monotonicMicros);
    this.#index = new RecordedIndex(file);
    this.#reader = new RecordedReader(file);
  }

  /** Opens a recording that has at least one whole snapshot; else rejects with an OpError of one line. */
  static async open(path: string, options: PlaybackOptions): Promise<RecordedSource> {
    let file: RecordedFile;
    try {
      file = new RecordedFile(path);
    } catch (thrown) {
      throw playbackError(path, thrown);
    }
    return RecordedSource.openBytes(file, options);
  }

  /** The same of bytes that are open; they belong to the source from now on, and are closed where it cannot be made. */
  static async openBytes(bytes: RecordedBytes, options: PlaybackOptions): Promise<RecordedSource> {
    try {
      await refuseForeign(bytes);
      const source = new RecordedSource(bytes, options);
      await source.#readFirst();
      source.#scanning = source.#scan();
      return source;
    } catch (thrown) {
      await bytes.close();
      throw playbackError(bytes.path, thrown);
    }
  }

  get progress(): PlaybackProgress {
    const { durationMillis, isDurationExact } = this.#index;
    const damage = this.#damage ?? this.#reader.damage;
    const positionMillis = this.#seekTarget ?? this.#clock.positionMillis;
    return {
      positionMillis: this.#hasBegun ? Math.min(positionMillis, this.#latestMillis) : 0,
      durationMillis,
      isDurationExact,
      speed: this.#clock.speed,
      isPaused: this.#clock.isPaused,
      isAtEnd: this.#isAtEnd,
      isSeeking: this.#isSeeking || this.#seekTarget !== undefined,
      endsEarly: this.#reader.endsEarly,
      damage: damage === undefined ? undefined : playbackError(this.#file.path, damage),
    };
  }

  observe(observer: SnapshotObserver): void {
    this.#observer = observer;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    this.#underWay ??= this.#advance().finally(() => {
      this.#underWay = undefined;
    });
    const snapshot = await withinDeadline(this.#underWay, deadlineMicros, this.#options.monotonicMicros);
    if (want.network === true) return snapshot;
    const { network: _network, ...rest } = snapshot;
    return rest;
  }

  /** The next recorded snapshot whatever the clock says, undefined at the end; not while a `sample` is under way. */
  async next(): Promise<Snapshot | undefined> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    if (!this.#hasBegun) return this.#begin();
    for (;;) {
      const line = await this.#peek();
      if (line === undefined) return undefined;
      if (!(await this.#apply(line))) continue;
      this.#clock.positionMillis = line.positionMillis;
      return this.#machine.snapshot;
    }
  }

  /** Of a history: what is known of each of its lines, once all were found. */
  async moments(): Promise<readonly HistoryMoment[]> {
    await this.#scanning;
    return this.#index.moments;
  }

  /** Of a history: where it is at a wall time, once its parts were found; past its ends these ends. */
  async positionAt(wallMillis: number): Promise<number> {
    await this.#scanning;
    return this.#index.positionAt(wallMillis);
  }

  /** Of a history: the wall time of a position; NaN while it is not known. */
  wallAt(positionMillis: number): number {
    return this.#index.wallAt(positionMillis);
  }

  /**
   * Goes to a wall time of a history, and tells the observer of all that comes before, as far as rates need it. The last
   * snapshot that is not later; where all are later, the first. Not while a `sample` is under way.
   */
  async goTo(wallMillis: number): Promise<Snapshot> {
    this.#hasBegun = true;
    this.seekTo(await this.positionAt(wallMillis));
    return this.#advance();
  }

  /** The next higher speed, or lower one (-1). */
  changeSpeed(direction: 1 | -1): void {
    this.#clock.changeSpeed(direction);
  }

  setPaused(isPaused: boolean): void {
    this.#clock.isPaused = isPaused;
  }

  seekBy(millis: number): void {
    this.seekTo(this.progress.positionMillis + millis);
  }

  /** Done by the next `sample`; past an end of the recording it goes to that end. */
  seekTo(positionMillis: number): void {
    const { isDurationExact, durationMillis } = this.#index;
    const last = isDurationExact ? durationMillis : Number.POSITIVE_INFINITY;
    this.#seekTarget = Math.max(0, Math.min(positionMillis, last));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#index.close();
    void this.#shut();
  }

  /** What is under way still reads the file: it is closed when that has ended. */
  async #shut(): Promise<void> {
    await this.#scanning;
    await this.#underWay?.catch((thrown) => this.#noteDamage(thrown));
    this.#reader.close();
    await this.#file.close().catch((thrown) => this.#noteDamage(thrown));
  }

  async #readFirst(): Promise<void> {
    for (;;) {
      const line = await this.#reader.next();
      if (line === undefined) throw this.#reader.damage ?? emptyRecording();
      if (await this.#apply(line)) return;
    }
  }

  #begin(): Snapshot {
    this.#hasBegun = true;
    this.#clock.positionMillis = 0;
    this.#observer(this.#machine.snapshot);
    return this.#machine.snapshot;
  }

  async #advance(): Promise<Snapshot> {
    if (!this.#hasBegun) this.#begin();
    const dueMillis = this.#clock.positionMillis;
    while (this.#seekTarget === undefined && !this.#isClosed) {
      const line = await this.#peek();
      if (line === undefined || line.positionMillis > dueMillis) break;
      await this.#apply(line);
    }
    while (this.#seekTarget !== undefined && !this.#isClosed) await this.#seek(this.#seekTarget);
    return this.#machine.snapshot;
  }

  /** The line after the current one, without going to it. At the end the clock stands still. */
  async #peek(): Promise<PlacedLine | undefined> {
    if (this.#ahead !== undefined) return this.#ahead;
    try {
      this.#ahead = await this.#reader.next();
    } catch (thrown) {
      this.#noteDamage(thrown);
      this.#reader.close();
    }
    if (this.#ahead !== undefined) {
      this.#readMillis = this.#ahead.positionMillis;
      this.#index.noteProgress(this.#reader.offset, this.#readMillis);
      return this.#ahead;
    }
    this.#isAtEnd = true;
    this.#index.noteEnd(this.#readMillis);
    this.#clock.positionMillis = Math.min(this.#clock.positionMillis, this.#readMillis);
    return undefined;
  }

  /** Makes a line the current snapshot; false if it is damaged, and then passes over what belongs to it. */
  async #apply(line: PlacedLine): Promise<boolean> {
    this.#ahead = undefined;
    try {
      await this.#machine.apply(line);
    } catch (thrown) {
      this.#reader.noteDamage(thrown);
      return false;
    }
    this.#currentMillis = line.positionMillis;
    if (this.#hasBegun) this.#observer(this.#machine.snapshot);
    return true;
  }

  /** Goes to the last snapshot that is not later, from so far before it that graphs are as they were. */
  async #seek(targetMillis: number): Promise<void> {
    this.#isSeeking = true;
    this.#isAtEnd = false;
    await this.#scanning;
    const interval = this.#index.intervalMillis;
    const preroll = Math.max(PREROLL_MILLIS, Number.isNaN(interval) ? 0 : interval * PREROLL_SNAPSHOTS);
    const fromMillis = Math.min(targetMillis, this.#latestMillis) - preroll;
    const point = this.#index.before(fromMillis);
    this.#machine.beginEpoch();
    await this.#applyBaseline(point);
    this.#readFrom(point.offset, point.positionMillis);
    await this.#roll(fromMillis, targetMillis);
    if (this.#seekTarget === targetMillis) this.#arrive(targetMillis, fromMillis);
    this.#isSeeking = false;
  }

  /** The end may have come sooner than expected: then once more, now that it is known where to begin. */
  #arrive(targetMillis: number, fromMillis: number): void {
    const isSkipped = this.#isAtEnd && this.#readMillis > this.#currentMillis;
    this.#seekTarget = isSkipped && this.#readMillis < fromMillis ? this.#readMillis : undefined;
    this.#clock.positionMillis = Math.min(targetMillis, this.#latestMillis);
  }

  #readFrom(offset: number, positionMillis: number): void {
    this.#reader.seek(offset, positionMillis);
    this.#ahead = undefined;
  }

  /** The first snapshot of the epoch, so that totals count from there. */
  async #applyBaseline(point: SeekPoint): Promise<void> {
    if (point.epochOffset === point.offset) return;
    this.#readFrom(point.epochOffset, point.epochPositionMillis);
    const line = await this.#peek();
    if (line !== undefined) await this.#apply(line);
  }

  async #roll(fromMillis: number, targetMillis: number): Promise<void> {
    let isFirst = true;
    while (this.#seekTarget === targetMillis && !this.#isClosed) {
      const line = await this.#peek();
      if (line === undefined) return;
      // A line of a history may be what the next one changes.
      const isHistory = line.recorded.coding !== undefined;
      const isNeeded = isHistory || line.positionMillis >= fromMillis || !this.#machine.isOfEpoch(line);
      if (!isFirst && line.positionMillis > targetMillis) return;
      if (isFirst || isNeeded) isFirst = !(await this.#apply(line)) && isFirst;
      else this.#ahead = undefined;
    }
  }

  /** Finds the members, and where the recording ends if that takes little. Never rejects. */
  async #scan(): Promise<void> {
    try {
      const tail = await this.#index.scan();
      if (tail !== undefined && this.#file.sizeBytes - tail <= READ_THROUGH_BYTES)
        await this.#readThrough(tail);
    } catch (thrown) {
      this.#noteDamage(thrown);
    }
  }

  async #readThrough(offset: number): Promise<void> {
    const reader = new RecordedReader(this.#file);
    reader.seek(offset, this.#index.before(Number.POSITIVE_INFINITY).positionMillis);
    let lastMillis = this.#index.lastKnownMillis;
    for (let line = await reader.next(); line !== undefined && !this.#isClosed; line = await reader.next()) {
      lastMillis = line.positionMillis;
    }
    reader.close();
    if (!this.#isClosed) this.#index.noteEnd(lastMillis);
  }

  get #latestMillis(): number {
    return this.#index.isDurationExact ? this.#index.durationMillis : Number.POSITIVE_INFINITY;
  }

  #noteDamage(thrown: unknown): void {
    this.#damage ??= toOpError('read recording', thrown);
  }
}

async function refuseForeign(file: RecordedBytes): Promise<void> {
  if (file.sizeBytes === 0) throw new OpError({ op: 'read recording', code: 'EMPTY', message: 'empty file' });
  if (isGzip(await file.read(new Uint8Array(FIRST_BYTES), 0, FIRST_BYTES))) return;
  const message = 'not a recording of sstop: not gzip';
  throw new OpError({ op: 'read recording', code: 'NOT_A_RECORDING', message });
}

function emptyRecording(): OpError {
  return new OpError({ op: 'read recording', code: 'EMPTY', message: 'contains no complete snapshot' });
}

/** Speeds that playback can have, times the recorded one. */
const PLAYBACK_SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];
/** Nobody looked for longer: the program was stopped, and playback waits for it. */
const LONGEST_STEP_MICROS = 15e6;

/** Where playback is, in time since the start of the recording: runs with a clock, at a speed, unless paused. */
class PlaybackClock {
  readonly #monotonicMicros: () => number;
  #positionMillis = 0;
  #lastMicros: number;
  #speed = 1;
  #isPaused = false;

  constructor(monotonicMicros: () => number) {
    this.#monotonicMicros = monotonicMicros;
    this.#lastMicros = monotonicMicros();
  }

  get positionMillis(): number {
    this.#settle();
    return this.#positionMillis;
  }

  /** Runs on from there, from now. */
  set positionMillis(positionMillis: number) {
    this.#settle();
    this.#positionMillis = positionMillis;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The next higher speed, or lower one (-1); the same at the end. */
  changeSpeed(direction: 1 | -1): void {
    this.#settle();
    this.#speed = PLAYBACK_SPEEDS[PLAYBACK_SPEEDS.indexOf(this.#speed) + direction] ?? this.#speed;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  set isPaused(isPaused: boolean) {
    this.#settle();
    this.#isPaused = isPaused;
  }

  /** Adds the time since the last look, as it ran until now. */
  #settle(): void {
    const now = this.#monotonicMicros();
    const micros = Math.min(Math.max(0, now - this.#lastMicros), LONGEST_STEP_MICROS);
    this.#lastMicros = now;
    if (!this.#isPaused) this.#positionMillis += (micros / 1000) * this.#speed;
  }
}
