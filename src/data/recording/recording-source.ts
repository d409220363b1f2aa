import { NetworkRates } from '../rates/network-rates.ts';
import type { Snapshot, Want } from '../sample/snapshot.ts';
import type { Source } from '../source/source.ts';
import type { RecordingWriter } from './recording-writer.ts';

/**
 * A source whose snapshots are recorded on their way, each once. The next sample waits until the last one has been
 * turned into text, since a snapshot is borrowed; it does not wait for the disk. Closing leaves the writer open.
 */
export class RecordingSource implements Source {
  readonly #source: Source;
  readonly #writer: RecordingWriter;
  readonly #rates = new NetworkRates();
  #taken: Promise<void> = Promise.resolve();

  constructor(source: Source, writer: RecordingWriter) {
    this.#source = source;
    this.#writer = writer;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    await this.#taken;
    const snapshot = await this.#source.sample(recordedWant(want), deadlineMicros);
    const { network, header } = snapshot;
    const isNews = network === undefined || this.#rates.update(network, header);
    const hasMachine =
      want.machine === true ||
      want.disks === true ||
      want.controlGroups === true ||
      want.machineProcesses !== undefined;
    if (hasMachine || (want.network === true && isNews)) {
      this.#taken = this.#taken.then(() => this.#writer.record(snapshot, this.#rates));
    }
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
  return { ...want, machineProcesses: { ...machineProcesses, allCommandLines: true, cgroups: true } };
}
