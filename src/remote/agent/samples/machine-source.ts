import type { DisksSection } from '../../../data/sample/disks-section.ts';
import type { JournalSection } from '../../../data/sample/journal-section.ts';
import type { MachineProcesses } from '../../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../../data/sample/machine-section.ts';
import type { MachineOptions, Platform } from '../../../data/sample/platform.ts';
import type { ProcessDetailSection } from '../../../data/sample/process-detail.ts';
import type { ProcessesWant, SectionError, SnapshotHeader, Want } from '../../../data/sample/snapshot.ts';
import { LocalMachine, type MachineSections } from '../../../data/source/local-machine.ts';
import { TimeSlice } from '../../../data/source/time-slice.ts';
import { OpError } from '../../../kit/errors/op-error.ts';

/** This machine section by section, as facts or as an error. Sections are borrowed until the next of their kind. */
export class MachineSource {
  /** When counting began anew, as all replies say it. */
  epoch = Date.now();
  readonly #platform: Platform;
  readonly #machine: LocalMachine;

  constructor(platform: Platform, options: MachineOptions) {
    this.#platform = platform;
    this.#machine = new LocalMachine(platform, options);
  }

  nowMicros(): number {
    return this.#platform.monotonicMicros();
  }

  userName(uid: number): string {
    return this.#platform.userName(uid);
  }

  header(monotonicMicros: number): SnapshotHeader {
    const { hostName, bootId, bootWallMillis, clockTicksPerSecond } = this.#platform.host;
    const ageMillis = Math.max(0, this.nowMicros() - monotonicMicros) / 1000;
    return {
      ...{ hostName, bootId, bootWallMillis, clockTicksPerSecond, monotonicMicros },
      epoch: this.epoch,
      wallMillis: Date.now() - ageMillis,
    };
  }

  async machine(): Promise<MachineSection> {
    const { machine, errors } = await this.#collect({ machine: true });
    return machine ?? fail(errors);
  }

  async disks(): Promise<DisksSection> {
    const { disks, errors } = await this.#collect({ disks: true });
    return disks ?? fail(errors);
  }

  async processes(want: ProcessesWant): Promise<MachineProcesses> {
    const { machineProcesses, errors } = await this.#collect({ machineProcesses: want });
    return machineProcesses ?? fail(errors);
  }

  async process(pid: number): Promise<ProcessDetailSection> {
    const { processDetail, errors } = await this.#collect({ processDetail: pid });
    return processDetail ?? fail(errors);
  }

  async journal(pid: number): Promise<JournalSection> {
    const { journal, errors } = await this.#collect({ journal: pid });
    return journal ?? fail(errors);
  }

  close(): void {
    this.#machine.close();
  }

  async #collect(want: Want): Promise<MachineSections & { readonly errors: readonly SectionError[] }> {
    const { sections, errors } = await this.#machine.collect(want, new TimeSlice());
    return { ...sections, errors };
  }
}

function fail(errors: readonly SectionError[]): never {
  throw new OpError(errors[0] ?? { op: 'collect', code: 'EMPTY', message: 'there is nothing to be had' });
}
