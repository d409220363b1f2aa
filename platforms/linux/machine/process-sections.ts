import { join } from 'node:path';
import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import {
  CHILD_FACTS_LIMIT,
  type ProcessDetailSection,
} from '../../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { type ProcessesWant, sectionError } from '../../../src/data/sample/snapshot.ts';
import { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import { setText } from '../../../src/kit/table/columns.ts';
import { monotonicMicros } from '../clock.ts';
import { capabilitySets } from '../effective-capabilities.ts';
import { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES } from '../host.ts';
import { hasCapability } from '../privileges.ts';
import { KeptText } from '../proc/kept-file.ts';
import { emptyMemInfo, parseMemInfo } from '../proc/meminfo.ts';
import { sharesPidNamespace } from '../proc/namespace-links.ts';
import { ProcDirectory } from '../proc/proc-directory.ts';
import { emptySchedulerCounters, parseCpuStat } from '../proc/stat.ts';
import { ProcessDetailReader, readThreads } from '../process/process-detail-reader.ts';
import type { ContainerNames } from '../processes/container-names.ts';
import type { ProcessSource } from '../processes/process-source.ts';
import { ProcessUsageReader, VISIBLE_LIMIT } from '../processes/process-usage.ts';
import { ProcessCollector } from '../processes/processes.ts';
import type { BpfProcessCollector } from '../processes/processes-bpf.ts';

interface ProcessesOptions {
  readonly procRoot: string;
  /** Default this machine's; another for a captured tree of another. */
  readonly pageSizeBytes?: number;
  /** Names of containers; undefined: they have none. */
  readonly containers?: ContainerNames;
  /** Whether programs in the kernel may list the processes, where they can; `later`: not the first lists. Default false. */
  readonly mayLoadPrograms?: boolean | 'later';
}

/**
 * The list before which programs are loaded `later`: a screen takes it after two seconds. What loading costs (15 ms of
 * CPU) is saved within half a minute with 300 processes.
 */
const FIRST_LIST_BY_PROGRAMS = 3;

/** Children are as fresh as the table, which one process in depth does not bring up to date more often than this. */
const TABLE_AGE_MICROS = 2e6;

const ROWS_BETWEEN_RESTS = 16;
const NOTHING = (): Promise<void> => Promise.resolve();

/** All processes and single ones in depth, over one table. */
export class ProcessSections {
  readonly #proc: ProcDirectory;
  #collector: ProcessSource;
  /** Lists until the first by programs, that one included; 0: none is to come. */
  #listsToPrograms: number;
  readonly #usage: ProcessUsageReader;
  readonly #size: MachineSize;
  readonly #details: ProcessDetailReader;
  /** By slot, of the rows asked for last where these are not all. */
  readonly #visibleCommandLines: (string | undefined)[] = [];
  /** Of all, where they were asked for. */
  readonly #containers: (string | undefined)[] = [];
  readonly #containerNames: ContainerNames | undefined;
  /** The table may be walked by one at a time. */
  #turn: Promise<void> = Promise.resolve();
  #collectedMicros = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #detailSequence = 0;

  /** Rejects with SyscallError where the root cannot be opened. */
  static async open(options: ProcessesOptions): Promise<ProcessSections> {
    const mayLoad = options.mayLoadPrograms === true && options.procRoot === '/proc';
    // Most machines are looked at for a while only, by who needs none of that code.
    const listed = mayLoad
      ? (await import('../processes/network-processes.ts')).openBpfProcesses()
      : undefined;
    return new ProcessSections(options, listed);
  }

  private constructor(
    { procRoot, pageSizeBytes = PAGE_SIZE_BYTES, containers, mayLoadPrograms }: ProcessesOptions,
    listed: BpfProcessCollector | undefined,
  ) {
    this.#containerNames = containers;
    this.#listsToPrograms = mayLoadPrograms === 'later' && procRoot === '/proc' ? FIRST_LIST_BY_PROGRAMS : 0;
    this.#proc = new ProcDirectory(procRoot);
    this.#collector = listed ?? new ProcessCollector({ procRoot, pageSizeBytes });
    this.#size = new MachineSize(procRoot);
    const hasClocks = sharesPidNamespace(procRoot);
    this.#usage = new ProcessUsageReader(this.#proc, pageSizeBytes, hasClocks, {
      ...(listed && { storage: listed.rows }),
    });
    this.#details = new ProcessDetailReader({
      proc: this.#proc,
      usage: this.#usage,
      pageSizeBytes,
      ticksPerSecond: CLOCK_TICKS_PER_SECOND,
      hasClocks,
    });
  }

  /** Rejects with SyscallError only where /proc cannot be listed at all. */
  async collect(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    const started = monotonicMicros();
    await this.#collectTable(slice, async () => {
      const { table, generation } = this.#collector;
      await this.#usage.read(table, want, generation, slice);
      const age = want.textMaxAgeMillis === undefined ? undefined : want.textMaxAgeMillis * 1000;
      if (want.allCommandLines === true) {
        await this.#ofAll((slot) => this.#collector.commandLineOf(slot, age), slice);
      } else this.#readCommandLines(want.visiblePids);
      if (want.cgroups === true) {
        await this.#ofAll((slot) => this.#collector.cgroupOf(slot, age), slice);
        this.#containers.length = 0;
        await this.#ofAll((slot) => this.#nameContainer(slot), slice);
      }
    });
    const { commandLines, cgroups } = this.#collector;
    return {
      ...sectionFacts(++this.#sequence, started, monotonicMicros()),
      monotonicMicros: this.#collectedMicros,
      processes: this.#collector.table,
      usage: this.#usage.usage,
      commandLines: want.allCommandLines === true ? commandLines : this.#visibleCommandLines,
      ...(want.cgroups === true ? { cgroups, containers: this.#containers } : {}),
      ...this.#size.read(),
    };
  }

  /** Rejects with SyscallError, `ESRCH` where there is no such process. */
  async collectOne(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    const started = monotonicMicros();
    const process = this.#details.read(pid);
    const errors: SectionError[] = [];
    const threads = await readThreads(this.#proc.root, pid, slice).catch((thrown: unknown) => {
      errors.push(sectionError('read threads', thrown));
      return [];
    });
    if (monotonicMicros() - this.#collectedMicros > TABLE_AGE_MICROS)
      await this.#collectTable(slice, NOTHING);
    const children = this.#collector.table.childrenOf(pid);
    const first = Array.from(
      children.slots.rows.subarray(0, Math.min(children.slots.count, CHILD_FACTS_LIMIT)),
    );
    return {
      ...sectionFacts(++this.#detailSequence, started, monotonicMicros(), errors),
      process,
      threads,
      children,
      childFacts: first.flatMap((slot) => this.#details.readChild(children.pid[slot]!, pid) ?? []),
    };
  }

  /** Start time of a process in clock ticks since boot; undefined: no such process, or hidden. */
  startTicks(pid: number): number | undefined {
    return this.#details.startTicks(pid);
  }

  close(): void {
    // A walk under way still reads the descriptors: they are closed when it has ended.
    const shut = (): void => {
      this.#collector.close();
      this.#usage.close();
      this.#proc.close();
      this.#size.close();
    };
    this.#turn.then(shut, shut);
  }

  #nameContainer(slot: number): void {
    const cgroup = this.#collector.cgroups[slot];
    setText(this.#containers, slot, cgroup === undefined ? undefined : this.#containerNames?.nameOf(cgroup));
  }

  #readCommandLines(pids: readonly number[]): void {
    const { table } = this.#collector;
    this.#visibleCommandLines.length = 0;
    for (const pid of pids.slice(0, VISIBLE_LIMIT)) {
      const slot = table.find(pid);
      if (slot >= 0) setText(this.#visibleCommandLines, slot, this.#collector.commandLine(pid));
    }
  }

  /** Within the walk, so that no row is another's meanwhile. */
  async #ofAll(use: (slot: number) => unknown, slice: Slice): Promise<void> {
    const { rows, count } = this.#collector.table.slots;
    for (let i = 0; i < count; i++) {
      use(rows[i]!);
      if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }

  /** Where it can: the table goes on with the same rows and counters, which programs read at less cost. */
  async #loadPrograms(): Promise<void> {
    const { effective } = capabilitySets();
    if (!hasCapability(effective, 'cap_bpf') || !hasCapability(effective, 'cap_perfmon')) return;
    const { openBpfProcesses } = await import('../processes/network-processes.ts');
    const listed = openBpfProcesses({ after: this.#collector });
    if (listed === undefined) return;
    this.#collector.close();
    this.#collector = listed;
    this.#usage.useStorage(listed.rows);
  }

  /** `more` is done before the next walk begins. */
  async #collectTable(slice: Slice, more: () => Promise<void>): Promise<void> {
    const walk = this.#turn.then(async () => {
      this.#collectedMicros = monotonicMicros();
      if (this.#listsToPrograms > 0 && this.#listsToPrograms-- === 1) await this.#loadPrograms();
      await this.#collector.collect(slice);
      await more();
    });
    this.#turn = walk.catch((thrown: unknown) => {
      // The caller gets the error; the next call starts again.
      if (!(thrown instanceof Error)) throw thrown;
    });
    await walk;
  }
}

/** What a process's share is a share of. Its own reading, so that no section's counters move under their reader. */
class MachineSize {
  readonly #stat: KeptText;
  readonly #meminfo: KeptText;
  readonly #times = new CpuTable();
  readonly #counters = emptySchedulerCounters();
  readonly #info = emptyMemInfo();

  constructor(procRoot: string) {
    this.#stat = new KeptText(join(procRoot, 'stat'), 16 * 1024);
    this.#meminfo = new KeptText(join(procRoot, 'meminfo'), 8192);
  }

  /** NaN where a file cannot be read. */
  read(): Pick<MachineProcesses, 'memoryTotalBytes' | 'coreCount'> {
    this.#stat.read();
    this.#meminfo.read();
    const online = parseCpuStat(this.#stat.buffer.bytes, this.#stat.length, this.#times, this.#counters);
    const hasMemory = parseMemInfo(this.#meminfo.buffer.bytes, this.#meminfo.length, this.#info);
    return {
      coreCount: online > 0 ? online : Number.NaN,
      memoryTotalBytes: hasMemory ? this.#info.memTotal * 1024 : Number.NaN,
    };
  }

  close(): void {
    this.#stat.close();
    this.#meminfo.close();
  }
}
