import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { Errno, NativeBuffer } from '../libc.ts';
import { parseControlGroup } from '../proc/pid-cgroup.ts';
import { COMMAND_LINE_LIMIT, parseCommandLine } from '../proc/pid-cmdline.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';
import { readCommandLine } from './command-line.ts';

/** Whoever ran since may have changed, but is not asked again before so many collections went by. */
const FRESH_GENERATIONS = 16;

interface CachedText {
  readonly text: string | undefined;
  readonly generation: number;
}

/** Returns bytes or -errno; -EAGAIN: not now. */
type Read = (proc: ProcDirectory, pid: number, into: NativeBuffer) => number;
type Parse = (bytes: Uint8Array, length: number) => string | undefined;

/** One long text per process, read when asked for and kept by the row's slot until `forget`. */
class TextCache {
  readonly #texts = new Map<number, CachedText>();
  readonly #read: Read;
  readonly #parse: Parse;

  constructor(read: Read, parse: Parse) {
    this.#read = read;
    this.#parse = parse;
  }

  get(proc: ProcDirectory, buffer: NativeBuffer, table: ProcessTable, slot: number, generation: number) {
    const cached = this.#texts.get(slot);
    if (cached !== undefined && !isStale(cached, table.lastRanGeneration[slot]!, generation))
      return cached.text;
    const length = this.#read(proc, table.pid[slot]!, buffer);
    if (length === -Errno.EAGAIN) return cached?.text;
    const text = length > 0 ? this.#parse(buffer.bytes, length) : undefined;
    this.#texts.set(slot, { text, generation });
    return text;
  }

  forget(slot: number): void {
    this.#texts.delete(slot);
  }
}

function readControlGroup(proc: ProcDirectory, pid: number, into: NativeBuffer): number {
  return proc.readProcessFile(pid, PidFile.CONTROL_GROUP, into);
}

function isStale(cached: CachedText, lastRanGeneration: number, generation: number): boolean {
  return lastRanGeneration > cached.generation && generation - cached.generation >= FRESH_GENERATIONS;
}

/** Command lines and control groups of processes, cached: bounded by the live processes. */
export class ProcessTexts {
  readonly #proc: ProcDirectory;
  readonly #table: ProcessTable;
  readonly #buffer = new NativeBuffer(COMMAND_LINE_LIMIT);
  readonly #commandLines = new TextCache(readCommandLine, parseCommandLine);
  readonly #controlGroups = new TextCache(readControlGroup, parseControlGroup);

  constructor(proc: ProcDirectory, table: ProcessTable) {
    this.#proc = proc;
    this.#table = table;
  }

  /** `generation` is the collector's present one. */
  commandLine(slot: number, generation: number): string | undefined {
    return this.#commandLines.get(this.#proc, this.#buffer, this.#table, slot, generation);
  }

  cgroup(slot: number, generation: number): string | undefined {
    return this.#controlGroups.get(this.#proc, this.#buffer, this.#table, slot, generation);
  }

  forget(slot: number): void {
    this.#commandLines.forget(slot);
    this.#controlGroups.forget(slot);
  }
}
