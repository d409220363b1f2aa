import { CpuUsage } from '../rates/cpu-rates.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import type { Figures } from '../sample/snapshot.ts';
import type { Pressure } from '../schema/cpu-sample.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';

export const UNKNOWN_FIGURES: Figures = {
  cpuPercent: Number.NaN,
  memoryPercent: Number.NaN,
  pressurePercent: Number.NaN,
  networkBytesPerSecond: Number.NaN,
};

/** What the time line shows of each line of a history: computed once, when it is written. */
export class HistoryFigures {
  readonly #cpu = new CpuUsage();
  #epoch = Number.NaN;
  #stalledMicros: readonly number[] = [];
  #networkBytes = Number.NaN;
  #lastMicros = Number.NaN;

  /** NaN unknown: not collected, or no sample before it. */
  of(header: SnapshotHeader, machine: MachineSection): Figures {
    if (header.epoch !== this.#epoch) this.#begin(header.epoch);
    const micros = machine.monotonicMicros - this.#lastMicros;
    this.#lastMicros = machine.monotonicMicros;
    const times = machine.cpu.value?.times;
    if (times === undefined) this.#cpu.reset();
    else this.#cpu.update(times);
    const memory = machine.memory.value;
    return {
      cpuPercent: this.#cpu.total,
      memoryPercent: memory === undefined ? Number.NaN : (memory.usedBytes / memory.totalBytes) * 100,
      pressurePercent: this.#pressure(machine, micros),
      networkBytesPerSecond: this.#network(machine, micros),
    };
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#cpu.reset();
    this.#lastMicros = Number.NaN;
    this.#stalledMicros = [];
    this.#networkBytes = Number.NaN;
  }

  /** The resource that tasks waited for longest, share of the time since the sample before. */
  #pressure({ cpu }: MachineSection, micros: number): number {
    const { value } = cpu;
    const now = [value?.cpuPressure, value?.memoryPressure, value?.ioPressure].map(stalledMicros);
    const before = this.#stalledMicros;
    this.#stalledMicros = now;
    const shares = now.map((total, at) => ((total - (before[at] ?? Number.NaN)) / micros) * 100);
    const known = shares.filter((share) => share >= 0);
    return known.length === 0 ? Number.NaN : Math.min(100, Math.max(...known));
  }

  /** All that enters and leaves the machine by its uplinks. */
  #network({ networks }: MachineSection, micros: number): number {
    const table = networks.value;
    if (table === undefined) return Number.NaN;
    let bytes = 0;
    for (const slot of table.slots.rows.subarray(0, table.slots.count)) {
      if (table.isUplink[slot] === 1) bytes += table.rxBytes[slot]! + table.txBytes[slot]!;
    }
    const grown = bytes - this.#networkBytes;
    this.#networkBytes = bytes;
    return grown >= 0 ? grown / (micros / 1e6) : Number.NaN;
  }
}

function stalledMicros(pressure: Pressure | undefined): number {
  return pressure?.some?.totalMicros ?? Number.NaN;
}
