import type { HistoryLine, HistoryLines } from '../../../data/recording/history-line.ts';
import { HistoryWants, SPACE_MAX_AGE_MILLIS } from '../../../data/recording/history-recorder.ts';
import { sectionError } from '../../../data/sample/snapshot.ts';
import type { SectionError, SnapshotHeader } from '../../../data/schema/section-facts.ts';
import type { AgentSamples } from './agent-samples.ts';

/** Accounting stays open from one sample to the next, a late one too. */
const LEASE_INTERVALS = 3;

/** Takes samples for the history through the caches that serve clients, so that both share what is collected. */
export class HistorySamples {
  readonly #samples: AgentSamples;
  readonly #leaseMillis: number;
  readonly #wants = new HistoryWants();

  constructor(samples: AgentSamples, intervalMillis: number) {
    this.#samples = samples;
    this.#leaseMillis = intervalMillis * LEASE_INTERVALS;
  }

  /** Never rejects: a section that could not be collected is missing, and the line says why. */
  async line(
    lines: HistoryLines,
    needsWhole: (header: SnapshotHeader) => boolean,
  ): Promise<{ readonly line: HistoryLine | undefined; readonly isWhole: boolean }> {
    const { network, processes, machine, disks, controlGroups, source } = this.#samples;
    const errors: SectionError[] = [];
    // The network is read first: its epoch is the line's.
    let header: SnapshotHeader | undefined;
    let isWhole = false;
    const begin = (of: SnapshotHeader): void => {
      if (header !== undefined) return;
      header = of;
      isWhole = needsWhole(of);
      lines.begin(isWhole);
    };
    const attempt = async (what: string, read: () => Promise<void>): Promise<void> => {
      try {
        await read();
      } catch (thrown) {
        errors.push(sectionError(what, thrown));
      }
    };
    await attempt('collect network', () =>
      network.read(0, this.#leaseMillis, (sample) => {
        begin(sample.header);
        lines.network(sample.header, sample.section);
        errors.push(...sample.errors);
      }),
    );
    processes.noteWantOfNext(this.#wants.ofProcesses());
    await attempt('collect processes', () =>
      processes.cache.read(0, (sample) => {
        begin(source.header(sample.monotonicMicros));
        lines.processes(sample.collected);
      }),
    );
    await attempt('collect machine', () =>
      machine.cache.read(0, (sample) => {
        begin(sample.header);
        lines.machine(sample.header, sample.section);
      }),
    );
    await attempt('collect disks', () =>
      disks.readCheaply(SPACE_MAX_AGE_MILLIS, (sample) => {
        begin(sample.header);
        lines.disks(sample.header, sample.section);
      }),
    );
    if (this.#wants.controlGroups(source.nowMicros() / 1000)) {
      await attempt('collect control groups', () =>
        controlGroups.cache.read(0, (sample) => {
          begin(sample.header);
          lines.controlGroups(sample.header, sample.section);
        }),
      );
    }
    return { line: header === undefined ? undefined : lines.end(header, errors), isWhole };
  }
}
