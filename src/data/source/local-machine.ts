import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import type { MachineCollector, MachineOptions, Platform } from '../sample/platform.ts';
import type { Slice } from '../sample/slice.ts';
import type { SectionError, Snapshot, Want } from '../sample/snapshot.ts';

/** The sections of a snapshot that speak of the machine rather than of its network. */
export type MachineSections = Pick<
  Snapshot,
  'machine' | 'disks' | 'machineProcesses' | 'processDetail' | 'journal'
>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Sections of this machine, each collected when it is asked for; nothing is opened before. */
export class LocalMachine {
  readonly #platform: Platform;
  readonly #options: MachineOptions;
  #collector: MachineCollector | undefined;

  constructor(platform: Platform, options: MachineOptions = {}) {
    this.#platform = platform;
    this.#options = options;
  }

  /** What was asked for, and why some of it is missing. Never rejects. */
  async collect(
    want: Want,
    slice: Slice,
  ): Promise<{ readonly sections: MachineSections; readonly errors: readonly SectionError[] }> {
    const sections: Writable<MachineSections> = {};
    const errors: SectionError[] = [];
    const { machineProcesses, processDetail, journal } = want;
    if (want.machine === true) {
      await this.#attempt('machine', errors, (collector) => {
        sections.machine = collector.collectMachine();
      });
    }
    if (want.disks === true) {
      await this.#attempt('disks', errors, async (collector) => {
        sections.disks = await collector.collectDisks();
      });
    }
    if (machineProcesses !== undefined) {
      await this.#attempt('processes', errors, async (collector) => {
        sections.machineProcesses = await collector.collectProcesses(machineProcesses, slice);
      });
    }
    if (processDetail !== undefined) {
      await this.#attempt('process', errors, async (collector) => {
        sections.processDetail = await collector.collectProcess(processDetail, slice);
      });
    }
    if (journal !== undefined) {
      await this.#attempt('journal', errors, async (collector) => {
        sections.journal = await collector.collectJournal(journal);
      });
    }
    return { sections, errors };
  }

  close(): void {
    this.#collector?.close();
    this.#collector = undefined;
  }

  async #attempt(
    what: string,
    errors: SectionError[],
    part: (collector: MachineCollector) => Promise<void> | void,
  ): Promise<void> {
    const op = `collect ${what}`;
    try {
      this.#collector ??= this.#open();
      await part(this.#collector);
    } catch (thrown) {
      const { code, message } = toOpError(op, thrown);
      errors.push({ op, code, message });
    }
  }

  #open(): MachineCollector {
    const collector = this.#platform.openMachine?.(this.#options);
    if (collector !== undefined) return collector;
    throw new OpError({
      op: 'open machine',
      code: 'ENOTSUP',
      message: 'this operating system is not asked for anything but its network',
    });
  }
}
