import type { MachineRates } from '../rates/machine-rates.ts';
import { growth } from '../rates/rate-columns.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import {
  BUSY_COLUMNS,
  CPU_TOTAL_ROW,
  type CpuSample,
  type CpuTable,
  type Pressure,
  WAITING_COLUMNS,
} from '../schema/cpu-sample.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import { ALERT_KEY_NAMES, ALERT_KEYS, type AlertKey } from './alert-rule.ts';

/** One file system as rules see it. */
interface DiskFigures {
  readonly mountPoint: string;
  /** Percent of what users can use, as df(1) has it; NaN unknown. */
  readonly usedPercent: number;
}

const UNKNOWN = Number.NaN;
const TIMES = [...BUSY_COLUMNS, ...WAITING_COLUMNS] as const;

/** The figures of a machine that rules compare, as of its last samples; NaN unknown. */
export class MachineFigures {
  /** undefined: not asked yet, or it failed. */
  disks: readonly DiskFigures[] | undefined;
  readonly #rates: MachineRates;
  readonly #values = new Map<AlertKey, number>();
  readonly #cpuTimes = new ShareOfGrowth();
  readonly #stalls = new Map<string, StallShare>();
  #sequence = UNKNOWN;

  /** `rates` have taken in what `takeMachine` and `takeDisks` are given. */
  constructor(rates: MachineRates) {
    this.#rates = rates;
  }

  figureOf(key: AlertKey): number {
    return this.#values.get(key) ?? UNKNOWN;
  }

  takeMachine(section: MachineSection): void {
    if (section.sequence === this.#sequence) return;
    this.#sequence = section.sequence;
    const { cpu, memory, networks, sensors } = section;
    const values = this.#values;
    for (const key of ALERT_KEY_NAMES) {
      if (ALERT_KEYS[key].subject === 'machine' && !KEPT.has(key)) values.delete(key);
    }
    if (cpu.value !== undefined) this.#takeCpu(cpu.value, cpu.monotonicMicros);
    if (memory.value !== undefined) {
      const { usedBytes, totalBytes, swapTotalBytes = UNKNOWN, swapUsedBytes = UNKNOWN } = memory.value;
      values.set('memory', (usedBytes / totalBytes) * 100);
      // Without swap none is used.
      values.set('swap', swapTotalBytes === 0 ? 0 : (swapUsedBytes / swapTotalBytes) * 100);
    }
    if (networks.value !== undefined) this.takeInterfaces();
    values.set('temp', sensors.value?.cpu?.celsius ?? UNKNOWN);
  }

  /** What the rates say of the interfaces. */
  takeInterfaces(): void {
    this.#values.set('net.up', this.#rates.interfaces.uploads.last);
    this.#values.set('net.down', this.#rates.interfaces.downloads.last);
  }

  takeDisks({ fileSystems }: DisksSection): void {
    this.#values.set('disk.read', this.#rates.disks.reads.last);
    this.#values.set('disk.write', this.#rates.disks.writes.last);
    this.disks = fileSystems.map(({ mountPoint, usedBytes = UNKNOWN, availableBytes = UNKNOWN }) => ({
      mountPoint,
      usedPercent: (usedBytes / (usedBytes + availableBytes)) * 100,
    }));
  }

  takeProcessCount(count: number): void {
    this.#values.set('processes', count);
  }

  /** The next sample is the first again: another boot, a pause, a connection that was lost. */
  rebase(): void {
    this.disks = undefined;
    this.#values.clear();
    this.#stalls.clear();
    this.#cpuTimes.reset();
    this.#sequence = UNKNOWN;
  }

  #takeCpu(cpu: CpuSample, micros: number): void {
    const values = this.#values;
    this.#cpuTimes.update(cpu.times);
    values.set('cpu', this.#rates.cpu.usage.total);
    values.set('cpu.iowait', this.#cpuTimes.shareOf('iowait'));
    values.set('cpu.steal', this.#cpuTimes.shareOf('steal'));
    values.set('load', cpu.load1 ?? UNKNOWN);
    values.set('psi.cpu', this.#stallOf('cpu', cpu.cpuPressure, micros));
    values.set('psi.memory', this.#stallOf('memory', cpu.memoryPressure, micros));
    values.set('psi.io', this.#stallOf('io', cpu.ioPressure, micros));
  }

  #stallOf(name: string, pressure: Pressure | undefined, micros: number): number {
    const stall = this.#stalls.get(name) ?? new StallShare();
    this.#stalls.set(name, stall);
    return stall.update(pressure?.some?.totalMicros ?? UNKNOWN, micros);
  }
}

/** Not of the machine's own section: known until its next sample. */
const KEPT: ReadonlySet<AlertKey> = new Set(['disk.read', 'disk.write', 'processes']);

/** Share of the time between two samples in which some task waited, percent; NaN unknown (PSI, `some`). */
class StallShare {
  #totalMicros = UNKNOWN;
  #atMicros = UNKNOWN;

  update(totalMicros: number, atMicros: number): number {
    const elapsed = atMicros - this.#atMicros;
    const grown = growth(this.#totalMicros, totalMicros);
    this.#totalMicros = totalMicros;
    this.#atMicros = atMicros;
    return elapsed > 0 ? Math.min(100, (grown / elapsed) * 100) : UNKNOWN;
  }
}

/** Shares of CPU time between two samples, all cores together. */
class ShareOfGrowth {
  readonly #last = new Map<string, number>();
  readonly #grown = new Map<string, number>();
  #all = UNKNOWN;

  update(times: CpuTable): void {
    // Most of the time is idle: where that steps back, all other shares would be too large.
    this.#all = times.idle[CPU_TOTAL_ROW]! >= (this.#last.get('idle') ?? UNKNOWN) ? 0 : UNKNOWN;
    for (const name of TIMES) {
      const now = times[name][CPU_TOTAL_ROW]!;
      const grown = Math.max(0, now - (this.#last.get(name) ?? UNKNOWN));
      this.#last.set(name, now);
      this.#grown.set(name, grown);
      // Unknown takes nothing from the others.
      this.#all += grown || 0;
    }
  }

  /** Percent; NaN unknown. */
  shareOf(name: (typeof TIMES)[number]): number {
    return this.#all > 0 ? ((this.#grown.get(name) ?? UNKNOWN) / this.#all) * 100 : UNKNOWN;
  }

  reset(): void {
    this.#last.clear();
    this.#grown.clear();
    this.#all = UNKNOWN;
  }
}
