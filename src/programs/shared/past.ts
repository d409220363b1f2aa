import type { RecordedSource, SnapshotObserver } from '../../data/recording/recorded-source.ts';
import type { RecordedBytes } from '../../data/recording/recording-file.ts';
import type { PeriodTotals } from '../../data/recording/totals.ts';
import type { HistoryMoment, Snapshot, Want } from '../../data/sample/snapshot.ts';
import type { TotalsPeriod, TotalsWish } from '../../data/sample/totals-kind.ts';
import type { Source } from '../../data/source/source.ts';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { PrivateFolder } from '../../kit/files/private-folder.ts';
import { dateTimeText } from '../../kit/text/format.ts';
import type { TravelCommand } from '../../views/screen-update.ts';
import { complain } from './messages.ts';

/** Totals of one kind of period, the newest first; at least one. Rejects with an OpError of one line. */
export type ReadTotals = (period: TotalsPeriod) => Promise<readonly PeriodTotals[]>;

/** Where the history of a machine is. Both reject with an OpError of one line. */
export interface HistoryPlace {
  /** The history as it is at the moment. */
  open(): Promise<RecordedSource>;
  readonly totals: ReadTotals;
}

/** A history in a folder of this machine. */
export function historyIn(path: string): HistoryPlace {
  return {
    async open() {
      const { HistoryFiles } = await import('../../data/recording/history-files.ts');
      return openPast(await HistoryFiles.open(path));
    },
    async totals(period) {
      const { readAllTotals, totalsPagesOf } = await import('../../data/recording/totals-files.ts');
      const folder = PrivateFolder.toRead(path);
      try {
        const all = await readAllTotals(totalsPagesOf(folder), period);
        if (all.length > 0) return all;
        throw new OpError({ op: 'read recording', code: 'EMPTY', message: `'${path}' has no totals yet` });
      } finally {
        folder.close();
      }
    },
  };
}

/** Another machine whose agent serves a history. */
export interface HistoryAgent {
  openHistory(): Promise<RecordedBytes>;
  readonly totals: ReadTotals;
}

export function historyOf(agent: HistoryAgent): HistoryPlace {
  return {
    open: async () => openPast(await agent.openHistory()),
    totals: (period) => agent.totals(period),
  };
}

/** A history as a source. Rejects with an OpError with a one-line message. */
async function openPast(bytes: RecordedBytes): Promise<RecordedSource> {
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
  readonly history: HistoryPlace;
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
      const opened = await this.#options.history.open();
      this.#ahead?.close();
      this.#ahead = opened;
      if (this.#isClosed) opened.close();
    }
    return (this.#past ?? this.#ahead)?.moments() ?? [];
  }

  /** Shows a wall time of the history, paused. Rejects with an OpError with a one-line message. */
  async goTo(wallMillis: number): Promise<void> {
    this.#past ??= this.#ahead ?? (await this.#options.history.open());
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

  /** As of now, whatever time is shown. */
  totals(period: TotalsPeriod): Promise<readonly PeriodTotals[]> {
    return this.#options.history.totals(period);
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

/**
 * Goes to the time that the command line names, and reports if the history begins later: then its first sample is
 * shown. Rejects as `goTo`.
 */
export async function goBack(travel: TimeTravel, wallMillis: number, program: string): Promise<void> {
  await travel.goTo(wallMillis);
  const begin = travel.playback?.wallAt(0) ?? Number.NaN;
  if (wallMillis < begin) complain(program, `the history begins later, at ${dateTimeText(begin)}`);
}

const NO_HISTORY = 'No history: start this program, or the agent, with --history FOLDER.';

/** Callbacks for the result of a time line command. */
interface TravelOutside {
  /** The history is open, for the time line. */
  opened(moments: readonly HistoryMoment[]): void;
  /** Totals were read, to be shown. */
  totals(all: readonly PeriodTotals[], wish: TotalsWish): Promise<void> | void;
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
        if (travel === undefined) outside.failed(NO_HISTORY);
        else await outside.totals(await travel.totals(command.wish.period), command.wish);
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
