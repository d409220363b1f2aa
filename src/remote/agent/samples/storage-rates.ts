import type { MachineProcesses } from '../../../data/sample/machine-processes.ts';
import { lengthened } from '../../../kit/table/slot-table.ts';

/** Bytes a second that processes read from and write to storage, by slots of the process table; NaN unknown. */
export class StorageRates {
  readRate = new Float64Array(0);
  writeRate = new Float64Array(0);
  #lastRead = new Float64Array(0);
  #lastWritten = new Float64Array(0);
  #serial = new Uint32Array(0);
  #lastMicros = Number.NaN;
  #wasAsked = false;

  /** Takes a sample; `isAsked`: of some process. A process has rates when it was asked for in the sample before as well. */
  update({ processes, usage, monotonicMicros }: MachineProcesses, isAsked: boolean): void {
    const { rows, count, serial, capacity } = processes.slots;
    // Nobody has asked for any: all rates are unknown, as they were.
    const isNothing = !isAsked && !this.#wasAsked && capacity <= this.#serial.length;
    this.#wasAsked = isAsked;
    if (isNothing) return;
    if (capacity > this.#serial.length) this.#grow(capacity);
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const isKnown = this.#serial[slot] === serial[slot] && seconds > 0;
      const read = usage.readBytes[slot]!;
      const written = usage.writtenBytes[slot]!;
      this.readRate[slot] = isKnown ? Math.max(0, read - this.#lastRead[slot]!) / seconds : Number.NaN;
      this.writeRate[slot] = isKnown ? Math.max(0, written - this.#lastWritten[slot]!) / seconds : Number.NaN;
      this.#lastRead[slot] = read;
      this.#lastWritten[slot] = written;
      this.#serial[slot] = serial[slot]!;
    }
  }

  #grow(n: number): void {
    this.readRate = lengthened(this.readRate, new Float64Array(n).fill(Number.NaN));
    this.writeRate = lengthened(this.writeRate, new Float64Array(n).fill(Number.NaN));
    this.#lastRead = lengthened(this.#lastRead, new Float64Array(n));
    this.#lastWritten = lengthened(this.#lastWritten, new Float64Array(n));
    this.#serial = lengthened(this.#serial, new Uint32Array(n));
  }
}
