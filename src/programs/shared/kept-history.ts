import { HistoryLines } from '../../data/recording/history-line.ts';
import {
  HistoryRecorder,
  HistoryWants,
  SPACE_MAX_AGE_MILLIS,
} from '../../data/recording/history-recorder.ts';
import { HistoryWriter } from '../../data/recording/history-writer.ts';
import type { Want } from '../../data/sample/snapshot.ts';
import type { LocalSource } from '../../data/source/local-source.ts';
import type { OpError } from '../../kit/errors/op-error.ts';
import type { HistoryOptions } from '../cli/options.ts';
import { closedInTime } from './stop.ts';

/** History of this machine that a program writes while it shows the machine. */
export class KeptHistory {
  readonly path: string;
  readonly #writer: HistoryWriter;
  readonly #intervalMillis: number;
  #recorder: HistoryRecorder | undefined;
  readonly #wants = new HistoryWants();

  private constructor({ path, intervalMillis }: HistoryOptions, writer: HistoryWriter) {
    this.path = path;
    this.#intervalMillis = intervalMillis;
    this.#writer = writer;
  }

  /** Opens the folder with the privileges of now. OpError with one line. `failed` is called once, at the end. */
  static async open(
    options: HistoryOptions,
    lock: (descriptor: number) => Promise<boolean>,
    failed: (error: OpError) => void,
  ): Promise<KeptHistory> {
    const outside = { wallMillis: () => Date.now(), lock, failed };
    return new KeptHistory(options, await HistoryWriter.open(options.path, options, outside));
  }

  start(source: LocalSource): void {
    const lines = new HistoryLines((uid) => source.userName(uid), this.#writer.totals);
    this.#recorder = new HistoryRecorder(this.#writer, lines, {
      intervalMillis: this.#intervalMillis,
      sample: (into, needsWhole) =>
        source.use(this.#want(source.nowMicros() / 1000), (snapshot) => {
          const isWhole = needsWhole(snapshot.header);
          return { isWhole, line: into.line(snapshot, isWhole) };
        }),
      watchPressure: (onTrouble) => source.watchPressure(onTrouble),
      nowMillis: () => source.nowMicros() / 1000,
    });
    this.#recorder.start();
  }

  #want(nowMillis: number): Want {
    const machineProcesses = { visiblePids: [], ...this.#wants.ofProcesses() };
    return {
      network: true,
      machine: true,
      disks: true,
      controlGroups: this.#wants.controlGroups(nowMillis),
      diskSpaceMaxAgeMillis: SPACE_MAX_AGE_MILLIS,
      machineProcesses,
    };
  }

  /** Writes what is pending, without waiting for a hung disk. */
  async close(): Promise<void> {
    await closedInTime(this.#recorder?.stop() ?? this.#writer.close());
  }
}
