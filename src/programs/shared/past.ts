import type { RecordedSource, SnapshotObserver } from '../../data/recording/recorded-source.ts';
import type { RecordedBytes } from '../../data/recording/recording-file.ts';
import type { HistoryMoment } from '../../data/sample/history-moment.ts';
import type { Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { Source } from '../../data/source/source.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { TravelCommand } from '../../views/screen-update.ts';

/** Opens the current history of a machine. Rejects with an OpError with a one-line message. */
export type OpenPast = () => Promise<RecordedSource>;

/** The history in a folder of this machine. Rejects with an OpError with a one-line message. */
export async function openPastIn(folder: string): Promise<RecordedSource> {
  const { HistoryFiles } = await import('../../data/recording/history-files.ts');
  return openPast(await HistoryFiles.open(folder));
}

/** A history as a source. Rejects with an OpError with a one-line message. */
export async function openPast(bytes: RecordedBytes): Promise<RecordedSource> {
  const [{ RecordedSource }, { MachineSectionReader }] = await Promise.all([
    import('../../data/recording/recorded-source.ts'),
    import('../../data/recording/section-recording.ts'),
  ]);
  const monotonicMicros = (): number => performance.now() * 1000;
  return RecordedSource.openBytes(bytes, { monotonicMicros, sections: new MachineSectionReader() });
}

/** What a screen can show: the present, if there is a machine, and its history. */
interface PastOptions {
  /** Undefined: only the history. */
  readonly live: Source | undefined;
  readonly open: OpenPast;
  /** The history if it is already open and shown. */
  readonly past?: RecordedSource;
}

/**
 * A source with time travel. It shows the present, or a moment of the history, paused until it is played. Each jump
 * changes the epoch, so that no rate is computed across it.
 */
export class TimeTravel implements Source {
  readonly #options: PastOptions;
  #past: RecordedSource | undefined;
  /** History opened for the time line while the present is shown. */
  #ahead: RecordedSource | undefined;
  #observer: SnapshotObserver = () => undefined;
  #isClosed = false;

  constructor(options: PastOptions) {
    this.#options = options;
    this.#past = options.past;
  }

  /** Set while the past is shown. */
  get playback(): RecordedSource | undefined {
    return this.#past;
  }

  /** Receives every snapshot of the past, as `RecordedSource.observe`. */
  observe(observer: SnapshotObserver): void {
    this.#observer = observer;
    this.#past?.observe(observer);
  }

  sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    const source = this.#past ?? this.#options.live;
    if (source === undefined) return Promise.reject(new OpError({ op: 'sample', code: 'CLOSED' }));
    return source.sample(want, deadlineMicros);
  }

  /**
   * The moments of the history; reopens it while the present is shown. Rejects with an OpError with a one-line message.
   */
  async moments(): Promise<readonly HistoryMoment[]> {
    if (this.#past === undefined) {
      const opened = await this.#options.open();
      this.#ahead?.close();
      this.#ahead = opened;
      if (this.#isClosed) opened.close();
    }
    return (this.#past ?? this.#ahead)?.moments() ?? [];
  }

  /** Shows a wall time of the history, paused. Rejects with an OpError with a one-line message. */
  async goTo(wallMillis: number): Promise<void> {
    this.#past ??= this.#ahead ?? (await this.#options.open());
    this.#ahead = undefined;
    const past = this.#past;
    past.observe(this.#observer);
    past.setPaused(true);
    past.seekTo(await past.positionAt(wallMillis));
  }

  /** Shows the present; without a machine, the end of the history. */
  async toNow(): Promise<void> {
    if (this.#options.live === undefined) return this.goTo(Number.POSITIVE_INFINITY);
    this.#past?.close();
    this.#past = undefined;
  }

  /** Closes the history; the machine stays open. */
  closePast(): void {
    this.#isClosed = true;
    this.#past?.close();
    this.#ahead?.close();
  }

  close(): void {
    this.closePast();
    this.#options.live?.close();
  }
}

const NO_HISTORY = 'No history: start this program, or the agent, with --history FOLDER.';
/** Why a screen without access to the machine's folder shows no totals. */
export const NO_TOTALS = 'Totals are shown only on the machine itself: sstop --totals --history FOLDER.';

/** Callbacks for the result of a time line command. */
interface TravelOutside {
  /** The history is open, for the time line. */
  opened(moments: readonly HistoryMoment[]): void;
  /** Shows the totals; undefined: not available here. */
  readonly totals?: (() => Promise<void>) | undefined;
  /** Another time is shown now. */
  arrived(): void;
  failed(message: string): void;
}

/** Carries out a command of the time line. Never rejects. */
export async function carryOutTravel(
  travel: TimeTravel | undefined,
  command: TravelCommand,
  outside: TravelOutside,
): Promise<void> {
  try {
    switch (command.kind) {
      case 'open':
        if (travel === undefined) outside.failed(NO_HISTORY);
        else outside.opened(await travel.moments());
        return;
      case 'totals':
        if (outside.totals !== undefined) await outside.totals();
        else outside.failed(travel === undefined ? NO_HISTORY : NO_TOTALS);
        return;
      case 'go':
        await travel?.goTo(command.wallMillis);
        break;
      case 'now':
        await travel?.toNow();
        break;
    }
    outside.arrived();
  } catch (thrown) {
    outside.failed(toOpError('go back in time', thrown).message);
  }
}
