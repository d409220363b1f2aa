import type { TaskRecord } from '../bpf/task-record.ts';
import { processCpuNanos } from '../clock.ts';
import { PAGE_SIZE_BYTES } from '../host.ts';
import { NativeBuffer } from '../libc.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { type PidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';

const TEXT_BYTES = 4096;

/** Single processes out of /proc, in the form in which BPF samples have them. */
export class ProcessLookup {
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
