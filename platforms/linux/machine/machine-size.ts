import { join } from 'node:path';
import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { parseCpuStat } from '../proc/cpu-stat.ts';
import { KeptText } from '../proc/kept-file.ts';
import { MemInfo, parseMemInfo } from '../proc/meminfo.ts';

/** What a process's share is a share of. Its own reading, so that no section's counters move under their reader. */
export class MachineSize {
  readonly #stat: KeptText;
  readonly #meminfo: KeptText;
  readonly #times = new CpuTable();
  readonly #counters = { interrupts: 0, contextSwitches: 0, forks: 0, blockedTasks: 0 };
  readonly #info = new MemInfo();

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
