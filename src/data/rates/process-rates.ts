import type { MachineProcesses } from '../sample/machine-processes.ts';
import { ProcessCpu } from './process-cpu.ts';
import { RateColumns } from './rate-columns.ts';

/** CPU and storage I/O of every process between two samples, by the process table's slots. */
export class ProcessRates {
  readonly cpu = new ProcessCpu();
  /** `Tx` is written, `Rx` read. A process has a rate from the second sample in a row for which it was asked on. */
  readonly io = new RateColumns('from-first-value');
  #sequence = Number.NaN;
  #lastMicros = Number.NaN;

  /** Takes a section; false if it was seen before. */
  update(section: MachineProcesses): boolean {
    if (section.sequence === this.#sequence) return false;
    this.#sequence = section.sequence;
    const { processes, usage, monotonicMicros } = section;
    this.cpu.update(processes, monotonicMicros);
    const { rows, count, serial, capacity } = processes.slots;
    this.io.begin(capacity, (monotonicMicros - this.#lastMicros) / 1e6);
    this.#lastMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const written = usage.writtenBytes[slot] ?? Number.NaN;
      const read = usage.readBytes[slot] ?? Number.NaN;
      this.io.record(slot, serial[slot]!, written, read);
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
