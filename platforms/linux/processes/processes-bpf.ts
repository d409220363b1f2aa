import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { sharesPidNamespace } from '../bpf/namespaces.ts';
import { TaskRecord } from '../bpf/task-record.ts';
import { TaskSampler } from '../bpf/task-sampler.ts';
import { processCpuNanos } from '../clock.ts';
import { PAGE_SIZE_BYTES } from '../host.ts';
import { NativeBuffer } from '../libc.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { type PidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { PidFile, ProcDirectory } from '../proc/proc-directory.ts';
import type { ProcessSource } from './network-processes.ts';
import { BpfProcessRows } from './process-rows-bpf.ts';
import { ProcessTexts } from './process-texts.ts';

/**
 * Follows every process through a BPF iterator: the whole table in a few reads. /proc is asked for long texts, and
 * for single processes between two collections.
 */
export class BpfProcessCollector implements ProcessSource {
  readonly table: ProcessTable;
  /** Virtual size and bytes from and to storage, by the table's slots. */
  readonly rows: BpfProcessRows;
  /** Counts collects. */
  generation = 0;
  readonly #sampler: TaskSampler;
  readonly #proc: ProcDirectory;
  readonly #texts: ProcessTexts;
  readonly #lookup: ProcessLookup;
  readonly #looked = new TaskRecord();
  readonly #store = (task: TaskRecord): void => void this.rows.store(task, this.generation);

  /** Throws BpfError or OpError where BPF or its iterators are not to be had, SyscallError without /proc. */
  static open(sampler = TaskSampler.open()): BpfProcessCollector {
    try {
      return new BpfProcessCollector(sampler, new ProcDirectory('/proc'));
    } catch (thrown) {
      sampler.close();
      throw thrown;
    }
  }

  private constructor(sampler: TaskSampler, proc: ProcDirectory) {
    if (!sharesPidNamespace(proc.root)) {
      proc.close();
      throw new OpError({
        op: 'read processes',
        code: 'UNSUPPORTED',
        message: `${proc.root} belongs to another PID namespace`,
      });
    }
    this.#sampler = sampler;
    this.#proc = proc;
    this.#lookup = new ProcessLookup(proc);
    this.rows = new BpfProcessRows({
      renamed: (slot) => this.#texts.forget(slot),
      removed: (slot) => this.#texts.forget(slot),
      longName: (pid) => this.#lookup.name(pid),
    });
    this.table = this.rows.table;
    this.#texts = new ProcessTexts(proc, this.table);
  }

  /** Brings the table up to date. Rejects with BpfError where the iterator fails. */
  async collect(slice: Slice): Promise<void> {
    this.generation++;
    this.#sampler.begin();
    while (this.#sampler.next(this.#store)) if (slice.due()) await slice.rest();
    this.rows.sweep(this.generation);
  }

  admit(pid: number): number {
    const known = this.table.find(pid);
    if (known >= 0) return known;
    return this.#lookup.read(pid, this.#looked) ? this.rows.store(this.#looked, this.generation) : -1;
  }

  /** Arguments joined by a space, cached; undefined: unknown, not permitted, or a kernel thread. */
  commandLine(pid: number): string | undefined {
    const slot = this.table.find(pid);
    return slot < 0 ? undefined : this.commandLineOf(slot);
  }

  commandLineOf(slot: number, maxAgeMicros?: number): string | undefined {
    return this.#texts.commandLine(slot, this.generation, maxAgeMicros);
  }

  /** Control group path, cached; undefined: unknown. */
  cgroup(pid: number): string | undefined {
    const slot = this.table.find(pid);
    return slot < 0 ? undefined : this.cgroupOf(slot);
  }

  cgroupOf(slot: number, maxAgeMicros?: number): string | undefined {
    return this.#texts.cgroup(slot, this.generation, maxAgeMicros);
  }

  close(): void {
    this.#sampler.close();
    this.#proc.close();
  }
}

const TEXT_BYTES = 4096;

/** Single processes out of /proc, in the form in which BPF samples have them. */
class ProcessLookup {
  readonly #proc: ProcDirectory;
  readonly #text = new NativeBuffer(TEXT_BYTES);
  readonly #stat = emptyPidStat();
  readonly #status: PidStatus = { threadGroupId: 0, effectiveUid: 0 };
  readonly #decoder = new TextDecoder();

  constructor(proc: ProcDirectory) {
    this.#proc = proc;
  }

  /** False: there is no such process, or it is a mere thread. What /proc does not tell in two reads is NaN. */
  read(pid: number, into: TaskRecord): boolean {
    if (!this.#readStat(pid)) return false;
    const stat = this.#stat;
    into.pid = pid;
    into.ppid = stat.ppid;
    into.startTicks = stat.startTicks;
    into.state = stat.state;
    into.threads = stat.threads;
    into.cpuNanos = Math.max(processCpuNanos(pid), 0);
    into.rssBytes = stat.rssPages * PAGE_SIZE_BYTES;
    into.virtualBytes = Number.NaN;
    into.readBytes = Number.NaN;
    into.writeBytes = Number.NaN;
    into.isKernelThread = false;
    into.comm.fill(0);
    const end = Math.min(stat.nameEnd, stat.nameStart + into.comm.length - 1);
    for (let i = stat.nameStart; i < end; i++) into.comm[i - stat.nameStart] = this.#text.bytes[i]!;
    const length = this.#proc.readProcessFile(pid, PidFile.STATUS, this.#text);
    if (length <= 0 || !parsePidStatus(this.#text.bytes, length, this.#status)) return false;
    into.uid = this.#status.effectiveUid;
    return this.#status.threadGroupId === pid;
  }

  /** The task's name as /proc has it: up to 63 bytes for kernel threads. */
  name(pid: number): string | undefined {
    if (!this.#readStat(pid)) return undefined;
    return this.#decoder.decode(this.#text.bytes.subarray(this.#stat.nameStart, this.#stat.nameEnd));
  }

  #readStat(pid: number): boolean {
    const length = this.#proc.readProcessFile(pid, PidFile.STAT, this.#text);
    return length > 0 && parsePidStat(this.#text.bytes, length, this.#stat) && this.#stat.pid === pid;
  }
}
