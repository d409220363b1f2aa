import { write } from 'node:fs';
import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import type { RemoteLink } from '../../data/source/source.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { onThread } from '../../kit/files/user-file.ts';
import type { LookBack } from '../cli/options.ts';
import type { EventLog } from './event-log.ts';
import { COLLECTED_MILLIS, Garbage } from './garbage.ts';
import { nextDue } from './interval.ts';
import { complain, EXIT_OK, EXIT_USAGE, exitCodeOfSignal, outputError } from './messages.ts';
import { playbackProblem } from './recordings.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from './stop.ts';

/** Content of a stream: the samples it requests, and the text it prints. */
export interface StreamContent {
  readonly program: string;
  /** Message if there is nothing to print and no error. */
  readonly nothing: string;
  /** Whether the first snapshot of a recording is only the base for rates; else it is printed too. */
  readonly skipsFirst: boolean;
  ask(): Promise<Snapshot>;
  /** Absorbs a snapshot; false: nothing to print. */
  take(snapshot: Snapshot): boolean;
  /** After the first snapshot: one line about an option that does not apply to it. */
  refusal(): string | undefined;
  /** Whether everything that `--once` prints has arrived. */
  isWhole(): boolean;
  /** Text to print now; the first one includes the header line, if any. */
  text(isFirst: boolean): string;
}

interface StreamOptions {
  readonly once: boolean;
  readonly intervalMillis: number;
  readonly durationMillis: number | undefined;
  /** The recording being played, and its path. */
  readonly playback: RecordedSource | undefined;
  readonly playbackPath: string | undefined;
  /** For a history: the span to print. */
  readonly lookBack: LookBack | undefined;
  /** Connection to a remote machine. */
  readonly link: RemoteLink | undefined;
  readonly log: EventLog;
}

/** Characters printed between two collections of garbage, at most. Printing leaves twenty times as much of it. */
const COLLECTED_CHARACTERS = 250_000;

/** Prints a stream to standard output until --once, --duration, a signal or a closed pipe. Returns the exit code. */
export async function runStream(options: StreamOptions, content: StreamContent): Promise<number> {
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  try {
    return await new Stream(options, content, stop).run();
  } finally {
    stop.release();
  }
}

class Stream {
  readonly #options: StreamOptions;
  readonly #content: StreamContent;
  readonly #stop: Stop;
  readonly #output: StandardOutput;
  #isFirstOutput = true;
  /** The last reported connection error. */
  #lostReason: string | undefined;
  readonly #garbage = new Garbage();
  /** Characters printed since garbage was last collected, and when that was. */
  #uncollected = 0;
  #collectedMillis = performance.now();

  constructor(options: StreamOptions, content: StreamContent, stop: Stop) {
    this.#options = options;
    this.#content = content;
    this.#stop = stop;
    this.#output = new StandardOutput(stop);
  }

  async run(): Promise<number> {
    const {
      durationMillis = Number.POSITIVE_INFINITY,
      intervalMillis,
      once,
      playback,
      lookBack,
    } = this.#options;
    if (playback !== undefined && lookBack !== undefined) return this.#lookBack(playback, lookBack);
    if (playback !== undefined && !this.#content.skipsFirst) return this.#replay(playback);
    // Samples twice before the first line, because rates need two samples.
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    const failure = await this.#sample();
    if (failure === ENDED) return this.#end();
    if (failure !== undefined) throw failure;
    const start = performance.now();
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    const refusal = this.#content.refusal();
    if (refusal !== undefined) {
      complain(this.#content.program, refusal);
      return EXIT_USAGE;
    }
    if (playback !== undefined) return this.#replay(playback);
    for (;;) {
      const due = Math.min(nextDue(start, intervalMillis, performance.now()), start + durationMillis);
      await this.#stop.sleep(due - performance.now());
      const isOpen = !this.#stop.isWished && (await this.#next());
      if (!isOpen || once || due >= start + durationMillis) return this.#end();
    }
  }

  /** Every recorded snapshot, as fast as it can be read; with --once the first complete one. */
  async #replay(playback: RecordedSource): Promise<number> {
    const { once } = this.#options;
    let hasTaken = this.#content.skipsFirst;
    let isUnprinted = false;
    for (;;) {
      const snapshot = await this.#stop.orEnd(playback.next());
      if (snapshot === ENDED || this.#stop.isWished) return this.#end();
      if (snapshot === undefined) break;
      if (!this.#content.take(snapshot)) continue;
      hasTaken = true;
      isUnprinted = once && !this.#content.isWhole();
      if (isUnprinted) continue;
      const isOpen = await this.#print();
      if (!isOpen || once) return this.#end();
    }
    if (isUnprinted) await this.#print();
    return this.#playedTo(playback, hasTaken);
  }

  /** The history between two times, as fast as it can be read; with --once the state at the first time. */
  async #lookBack(
    playback: RecordedSource,
    { atMillis, untilMillis = Number.POSITIVE_INFINITY }: LookBack,
  ): Promise<number> {
    const content = this.#content;
    let hasTaken = false;
    // The sample before the span is the base of its rates.
    playback.observe((snapshot) => {
      hasTaken = content.take(snapshot) || hasTaken;
    });
    let snapshot: Snapshot | typeof ENDED | undefined = await this.#stop.orEnd(playback.goTo(atMillis));
    playback.observe(() => undefined);
    if (snapshot !== ENDED && !hasTaken) throw failureOf(snapshot.errors, content.nothing);
    const refusal = content.refusal();
    if (refusal !== undefined) {
      complain(content.program, refusal);
      return EXIT_USAGE;
    }
    while (snapshot !== ENDED && snapshot !== undefined && !this.#stop.isWished) {
      if (snapshot.header.wallMillis > untilMillis) break;
      const isOpen = await this.#print();
      if (!isOpen || this.#options.once) break;
      snapshot = await this.#stop.orEnd(playback.next());
      if (snapshot !== ENDED && snapshot !== undefined) content.take(snapshot);
    }
    return this.#end();
  }

  /** An incomplete file is reported like a wrong argument, after everything readable was printed. */
  #playedTo({ progress }: RecordedSource, hasTaken: boolean): number {
    const problem = playbackProblem(this.#options.playbackPath ?? '', progress);
    if (problem === undefined) {
      if (!hasTaken) throw failureOf([], this.#content.nothing);
      return EXIT_OK;
    }
    this.#options.log.event('warning', 'recording-broken', { message: problem });
    complain(this.#content.program, problem);
    return EXIT_USAGE;
  }

  /** Throws if --duration is over and nothing was printed. */
  #end(): number {
    const { signal } = this.#stop;
    if (signal !== undefined) {
      this.#options.log.event('info', 'signal', { signal });
      return exitCodeOfSignal(signal);
    }
    if (!this.#stop.isWished || !this.#isFirstOutput) return EXIT_OK;
    throw new OpError({
      op: 'sample',
      code: 'DEADLINE',
      message: 'no sample within --duration; use a longer one',
    });
  }

  /** Absorbs a sample; resolves to why there is nothing to print, if so. */
  async #sample(): Promise<OpError | undefined | typeof ENDED> {
    const snapshot = await this.#stop.orEnd(this.#content.ask());
    if (snapshot === ENDED) return ENDED;
    return this.#content.take(snapshot) ? undefined : failureOf(snapshot.errors, this.#content.nothing);
  }

  /** False: no reader, or a stop. Without a sample it waits for a lost agent; anything else ends the stream. */
  async #next(): Promise<boolean> {
    const failure = await this.#sample();
    if (failure === ENDED) return false;
    if (failure === undefined) {
      this.#lostReason = undefined;
      return this.#print();
    }
    const comesBack = this.#options.link?.status.phase === 'lost' && !this.#options.once;
    if (!comesBack) throw failure;
    if (failure.message !== this.#lostReason) complain(this.#content.program, failure.message);
    this.#lostReason = failure.message;
    return true;
  }

  async #print(): Promise<boolean> {
    const isFirst = this.#isFirstOutput;
    this.#isFirstOutput = false;
    const isOpen = await this.#output.write(this.#counted(this.#content.text(isFirst)));
    this.#collect();
    return isOpen;
  }

  #counted(text: string): string {
    this.#uncollected += text.length;
    return text;
  }

  /** A stream can run for weeks. Only once it is printed is a text garbage that collecting the young takes. */
  #collect(): void {
    // A recording is played as fast as it goes, and ends.
    if (this.#options.playback !== undefined) return;
    const now = performance.now();
    const isDue = now - this.#collectedMillis >= COLLECTED_MILLIS;
    if (!isDue && this.#uncollected < COLLECTED_CHARACTERS) return;
    this.#uncollected = 0;
    this.#collectedMillis = now;
    void this.#garbage.collect();
  }
}

function failureOf(errors: Snapshot['errors'], nothing: string): OpError {
  return new OpError(errors[0] ?? { op: 'collect', code: 'EMPTY', message: nothing });
}

/** Grace period for a slow reader to get the current line complete. */
const LAST_LINE_MILLIS = 300;
/** Retry delays for a full pipe that another program made non-blocking. */
const FIRST_RETRY_MILLIS = 1;
const LAST_RETRY_MILLIS = 30;

/**
 * Standard output for streams: waits for a slow reader instead of queueing, and reports a closed pipe (EPIPE ends the
 * stream normally). Writes on a thread of the runtime, so a stopped reader blocks neither signals nor timers. Reopening
 * it as a non-blocking descriptor is not possible for another user's pipe, a socket, or a file on a hung disk.
 */
export class StandardOutput {
  readonly #stop: Stop | undefined;
  #isClosed = false;

  /** `stop` ends the wait for a reader. */
  constructor(stop?: Stop) {
    this.#stop = stop;
  }

  /** True once the system has all of `text`; false: no reader, or a stop. Rejects on other errors. */
  async write(text: string): Promise<boolean> {
    if (this.#isClosed) return false;
    const writing = this.#writeAll(new TextEncoder().encode(text));
    const outcome = await (this.#stop?.orEnd(writing, LAST_LINE_MILLIS) ?? writing);
    this.#isClosed ||= outcome !== true;
    return outcome === true;
  }

  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    let retryMillis = FIRST_RETRY_MILLIS;
    for (let written = 0; written < bytes.length && !this.#isClosed; ) {
      try {
        written += await writeOnce(bytes, written);
        retryMillis = FIRST_RETRY_MILLIS;
      } catch (thrown) {
        const error = outputError(thrown);
        if (error.code === 'EPIPE') return false;
        if (error.code !== 'EAGAIN') throw error;
        await Bun.sleep(retryMillis);
        retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
      }
    }
    return true;
  }
}

function writeOnce(bytes: Uint8Array, from: number): Promise<number> {
  return onThread((done) => write(1, bytes, from, bytes.length - from, null, done));
}
