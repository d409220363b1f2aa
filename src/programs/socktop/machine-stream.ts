import {
  SystemExport,
  systemCsv,
  systemCsvHeader,
  systemJson,
  systemTable,
} from '../../data/export/system-export.ts';
import type { RecordedSource } from '../../data/recording/recorded-source.ts';
import type { Snapshot } from '../../data/sample/snapshot.ts';
import { EventLog } from '../shared/event-log.ts';
import { DISKS_MILLIS } from '../shared/interval.ts';
import { runStream, type StreamContent } from '../shared/stream.ts';
import type { SocktopHost } from './socktop-host.ts';
import type { SocktopSettings } from './socktop-settings.ts';

/** Streams a machine to standard output, or prints it once; resolves to the exit code. */
export async function runSocktopStream(
  settings: SocktopSettings,
  host: SocktopHost,
  playback: RecordedSource | undefined,
): Promise<number> {
  const { metricsIntervalMillis: intervalMillis } = settings;
  const options = { ...settings, intervalMillis, playback, link: host.link, log: EventLog.none() };
  return runStream(options, new MachineStream(settings, host));
}

class MachineStream implements StreamContent {
  readonly program = 'socktop';
  readonly nothing: string;
  readonly skipsFirst = false;
  readonly #output: SocktopSettings['output'];
  readonly #host: SocktopHost;
  readonly #data: SystemExport;
  #disksMillis = Number.NEGATIVE_INFINITY;
  #samples = 0;

  constructor({ output, playbackPath, groupBy, sort }: SocktopSettings, host: SocktopHost) {
    this.#output = output;
    this.#host = host;
    this.#data = new SystemExport((uid) => host.userName?.(uid), groupBy, sort);
    this.nothing =
      playbackPath === undefined
        ? 'no data'
        : `'${playbackPath}' has no system data; play it with sstop --playback`;
  }

  ask(): Promise<Snapshot> {
    const now = performance.now();
    const disks = now - this.#disksMillis >= DISKS_MILLIS;
    if (disks) this.#disksMillis = now;
    // Whose reading and writing is of interest is known from the sample before.
    // The second sample has rates, as everything else has them then.
    const controlGroups = this.#output === 'json' && (disks || this.#samples < 2);
    this.#samples++;
    const want = { machine: true, machineProcesses: this.#data.wantedProcesses, disks, controlGroups };
    return this.#host.source.sample(want, Number.POSITIVE_INFINITY);
  }

  take(snapshot: Snapshot): boolean {
    this.#data.absorb(snapshot);
    return snapshot.machine !== undefined || snapshot.machineProcesses !== undefined;
  }

  refusal(): undefined {
    return undefined;
  }

  isWhole(): boolean {
    return this.#data.hasRates;
  }

  text(isFirst: boolean): string {
    switch (this.#output) {
      case 'csv':
        return (isFirst ? systemCsvHeader(this.#data) : '') + systemCsv(this.#data);
      case 'table':
        return systemTable(this.#data);
      default:
        return `${systemJson(this.#data)}\n`;
    }
  }
}
