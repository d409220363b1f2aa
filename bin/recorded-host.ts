import { RecordingWriter } from '../src/data/export/recording-writer.ts';
import { NetworkRates } from '../src/data/rates/network-rates.ts';
import type { Snapshot, Want } from '../src/data/sample/snapshot.ts';
import type { Source } from '../src/data/source/source.ts';
import { complain, UNFINISHED_RECORDING } from './messages.ts';
import { MachineSectionWriter } from './section-recording.ts';
import type { SocktopHost } from './socktop-host.ts';
import { closedInTime } from './stop.ts';

/** A machine that is recorded while it is shown. */
export class RecordedHost {
  readonly host: SocktopHost;
  readonly #writer: RecordingWriter;
  readonly #hasScreen: boolean;

  private constructor(host: SocktopHost, writer: RecordingWriter, hasScreen: boolean) {
    this.#hasScreen = hasScreen;
    this.#writer = writer;
    this.host = { ...host, source: new RecordedOnTheWay(host.source, writer) };
  }

  /**
   * Rejects with an OpError whose message names the file, also where it exists. A recording that fails is told at once, or
   * where there is a screen when it is left.
   */
  static async open(path: string, host: SocktopHost, hasScreen: boolean): Promise<RecordedHost> {
    const writer = await RecordingWriter.open(path, {
      ...(hasScreen ? {} : { failed: (error) => complain('socktop', error.message) }),
      sections: new MachineSectionWriter((uid) => host.userName?.(uid)),
      hostName: () => undefined,
      serviceName: () => undefined,
      country: () => undefined,
    });
    return new RecordedHost(host, writer, hasScreen);
  }

  /** Writes what has been taken, and tells what is missing; resolves to whether all is well with it. */
  async close(): Promise<boolean> {
    const isClosed = await closedInTime(this.#writer.close());
    const { unrecordedCount, error } = this.#writer.status;
    if (this.#hasScreen && error !== undefined) complain('socktop', error.message);
    if (unrecordedCount > 0) complain('socktop', `${unrecordedCount} snapshots are not in the recording`);
    if (!isClosed) complain('socktop', UNFINISHED_RECORDING);
    return isClosed && error === undefined;
  }
}

/** Each snapshot is recorded before it is given on, since it is borrowed; what is asked meanwhile waits for that. */
class RecordedOnTheWay implements Source {
  readonly #source: Source;
  readonly #writer: RecordingWriter;
  readonly #rates = new NetworkRates();
  #taken: Promise<void> = Promise.resolve();

  constructor(source: Source, writer: RecordingWriter) {
    this.#source = source;
    this.#writer = writer;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    const snapshot = await this.#source.sample(recordedWant(want), deadlineMicros);
    const { network, machine, disks, machineProcesses, header } = snapshot;
    const isRecorded = network ?? machine ?? disks ?? machineProcesses;
    if (isRecorded === undefined) return snapshot;
    if (network !== undefined) this.#rates.update(network, header);
    this.#taken = this.#taken.then(() => this.#writer.record(snapshot, this.#rates));
    await this.#taken;
    return snapshot;
  }

  close(): void {
    this.#source.close();
  }
}

/** What is searched when it is played is recorded, whatever is on the screen now. */
function recordedWant(want: Want): Want {
  const { machineProcesses } = want;
  if (machineProcesses === undefined) return want;
  return { ...want, machineProcesses: { ...machineProcesses, allCommandLines: true } };
}
