import { lengthened } from '../../kit/table/slot-table.ts';
import type { ProcessTable } from '../sample/process-table.ts';

/** CPU use of processes between two samples, by the process table's slots. */
export class ProcessCpu {
  /** Share of one core, percent: two busy threads are 200. NaN: unknown, being seen for the first time. */
  corePercent = new Float64Array(0);
  /** Of the row that the share is of. */
  serial = new Uint32Array(0);
  #lastNanos = new Float64Array(0);
  #lastMicros = Number.NaN;

  /** Takes a sample of so many monotonic microseconds. A process has a share from its second sample on. */
  update(processes: ProcessTable, monotonicMicros: number): void {
    const { rows, count, serial, capacity } = processes.slots;
    if (capacity > this.serial.length) this.#grow(capacity);
    const elapsedNanos = (monotonicMicros - this.#lastMicros) * 1000;
    this.#lastMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const nanos = processes.cpuNanos[slot]!;
      const isKnown = this.serial[slot] === serial[slot] && elapsedNanos > 0;
      const grown = nanos - this.#lastNanos[slot]!;
      this.corePercent[slot] = isKnown ? (Math.max(0, grown) / elapsedNanos) * 100 : Number.NaN;
      this.serial[slot] = serial[slot]!;
      this.#lastNanos[slot] = nanos;
    }
  }

  /** The next sample is the first again. */
  reset(): void {
    this.serial.fill(0);
    this.#lastMicros = Number.NaN;
  }

  #grow(n: number): void {
    this.corePercent = lengthened(this.corePercent, new Float64Array(n));
    this.serial = lengthened(this.serial, new Uint32Array(n));
    this.#lastNanos = lengthened(this.#lastNanos, new Float64Array(n));
  }
}

/** Share of the whole machine, 0 to 100. */
export function machinePercent(corePercent: number, coreCount: number): number {
  return Math.min(100, corePercent / coreCount);
}
