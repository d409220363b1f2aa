import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { ProcessTable } from '../sample/process-table.ts';
import { PROCESS_USAGE_RATES, USAGE_RATE_IDS, usageRates, usageScale } from '../schema/process-columns.ts';
import { CounterRates } from './rate-columns.ts';

/** CPU use of processes between two samples, by the process table's slots. */
export class ProcessCpu extends columnsClass({
  /** Share of one core, percent: two busy threads are 200. NaN: unknown, being seen for the first time. */
  corePercent: numbers('f64'),
  /** Of the row that the share is of. */
  serial: numbers('u32'),
  lastNanos: numbers('f64'),
}) {
  #lastMicros = Number.NaN;

  /** Takes a sample of so many monotonic microseconds. A process has a share from its second sample on. */
  update(processes: ProcessTable, monotonicMicros: number): void {
    const { rows, count, serial, capacity } = processes.slots;
    this.reserve(capacity);
    const elapsedNanos = (monotonicMicros - this.#lastMicros) * 1000;
    this.#lastMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const nanos = processes.cpuNanos[slot]!;
      const isKnown = this.serial[slot] === serial[slot] && elapsedNanos > 0;
      const grown = nanos - this.lastNanos[slot]!;
      this.corePercent[slot] = isKnown ? (Math.max(0, grown) / elapsedNanos) * 100 : Number.NaN;
      this.serial[slot] = serial[slot]!;
      this.lastNanos[slot] = nanos;
    }
  }

  /** The next sample is the first again. */
  reset(): void {
    this.serial.fill(0);
    this.#lastMicros = Number.NaN;
  }
}

/** Share of the whole machine, 0 to 100. */
export function machinePercent(corePercent: number, coreCount: number): number {
  return Math.min(100, corePercent / coreCount);
}

/** Of a second. */
const MILLIS = 1000;

/** CPU and usage of every process between two samples, by the process table's slots. */
export class ProcessRates {
  readonly cpu = new ProcessCpu();
  /** A process has a rate from the second sample in a row for which it was asked on. */
  readonly usage = usageRates(() => new CounterRates());
  #sequence = Number.NaN;
  #lastMicros = Number.NaN;

  /** Takes a section; false if it was seen before. */
  update(section: MachineProcesses): boolean {
    if (section.sequence === this.#sequence) return false;
    this.#sequence = section.sequence;
    const { processes, usage, monotonicMicros } = section;
    this.cpu.update(processes, monotonicMicros);
    const { rows, count, serial, capacity } = processes.slots;
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    for (const id of USAGE_RATE_IDS) {
      const rates = this.usage[id];
      const counters = usage[PROCESS_USAGE_RATES[id].counter];
      const scale = usageScale(id);
      rates.begin(capacity, seconds);
      for (let i = 0; i < count; i++) {
        const slot = rows[i]!;
        // A thread waits no longer than time goes by.
        const most = scale === 1 ? Number.POSITIVE_INFINITY : MILLIS * Math.max(1, processes.threads[slot]!);
        rates.record(slot, serial[slot]!, (counters[slot] ?? Number.NaN) / scale, most);
      }
    }
    return true;
  }

  /** The next sample is the first again. */
  rebase(): void {
    this.cpu.reset();
    this.#sequence = Number.NaN;
    this.#lastMicros = Number.NaN;
  }
}
