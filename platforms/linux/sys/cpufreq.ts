import { join } from 'node:path';
import type { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { listDirectory, readAttribute, readIntegerAttribute, readSysfsInteger } from './sysfs-value.ts';

interface Policy {
  readonly cores: readonly number[];
  readonly current: KeptFile;
}

const HERTZ_PER_KILOHERTZ = 1e3;

/**
 * The numbers of a kernel list: `0-3,8` or `0 1 2 3`; empty where the text is none. No number reaches 8192 (NR_CPUS).
 */
function parseCpuList(text: string): number[] {
  const cores: number[] = [];
  for (const range of text.trim().split(/[\s,]+/)) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    for (let core = first; core <= Math.min(last, 8191); core++) cores.push(core);
  }
  return cores;
}

/**
 * Frequencies by /sys/devices/system/cpu/cpufreq: one read for all cores that change together, so that a small board
 * with one clock costs one read.
 */
export class CpuFrequencies {
  readonly #root: string;
  #policies: Policy[] = [];
  maxFrequencyHz: number | undefined;

  constructor(sysRoot: string) {
    this.#root = join(sysRoot, 'devices/system/cpu/cpufreq');
  }

  /** Finds the policies again after cores came or went. Returns whether there are any. */
  scan(): boolean {
    this.close();
    let maxKilohertz = 0;
    for (const name of listDirectory(this.#root)) {
      if (!name.startsWith('policy')) continue;
      const path = join(this.#root, name);
      const cores = parseCpuList(readAttribute(join(path, 'related_cpus')) ?? '');
      this.#policies.push({ cores, current: new KeptFile(join(path, 'scaling_cur_freq')) });
      maxKilohertz = Math.max(maxKilohertz, readIntegerAttribute(join(path, 'cpuinfo_max_freq')) ?? 0);
    }
    this.maxFrequencyHz = maxKilohertz > 0 ? maxKilohertz * HERTZ_PER_KILOHERTZ : undefined;
    return this.#policies.length > 0;
  }

  /** Writes frequencies of online cores; NaN: not reported by the driver. */
  read(table: CpuTable): void {
    for (const { cores, current } of this.#policies) {
      const hertz = readSysfsInteger(current) * HERTZ_PER_KILOHERTZ;
      for (const core of cores) {
        const row = core + 1;
        if (row < table.count && table.isOnline[row] === 1) table.frequencyHz[row] = hertz;
      }
    }
  }

  close(): void {
    for (const { current } of this.#policies) current.close();
    this.#policies = [];
  }
}
