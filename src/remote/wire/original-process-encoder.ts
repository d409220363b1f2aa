import { WireWriter } from '../../data/codec/wire-writer.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { originalProcessOfRow } from './original-processes.ts';
import type { ProcessChanges } from './process-changes.ts';
import { writeProcess } from './processes.generated.ts';

const PROCESS_COUNT_FIELD = 1;
const ROWS_FIELD = 2;
const FIRST_BUFFER_BYTES = 1 << 14;
const ROW_BUFFER_BYTES = 1 << 11;

/** By the slots of the processes. */
class WrittenRows extends columnsClass({
  /** Where its bytes stand in the last message, and the sample that they are of; 0: they do not. */
  start: numbers('u32'),
  end: numbers('u32'),
  writtenAt: numbers('f64'),
}) {}

/**
 * Writes the original's `Processes` from the processes of a sample. A row that is as it was stands in the message before:
 * its bytes are copied, since most processes sleep.
 */
export class OriginalProcessEncoder {
  readonly #changes: ProcessChanges;
  /** One row, or the head. */
  readonly #row = new WireWriter(new Uint8Array(ROW_BUFFER_BYTES));
  #bytes = new Uint8Array(FIRST_BUFFER_BYTES);
  #before = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  readonly #written = new WrittenRows();

  constructor(changes: ProcessChanges) {
    this.#changes = changes;
  }

  /** The message; a copy, which stays as it is. */
  encode(processCount: number): Uint8Array<ArrayBuffer> {
    const { list, changedAt, shareChangedAt, sequence } = this.#changes;
    const { slots } = list.processes;
    this.#written.reserve(slots.capacity);
    [this.#bytes, this.#before] = [this.#before, this.#bytes];
    this.#length = 0;
    this.#row.pos = 0;
    this.#row.writeVarintField(PROCESS_COUNT_FIELD, processCount);
    this.#append(this.#row.buf, 0, this.#row.pos);
    const { rows, count } = slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const start = this.#length;
      const otherSince = Math.max(changedAt[slot]!, shareChangedAt[slot]!);
      const isWritten = this.#written.writtenAt[slot]! > 0 && this.#written.writtenAt[slot]! >= otherSince;
      if (isWritten) this.#append(this.#before, this.#written.start[slot]!, this.#written.end[slot]!);
      else this.#write(slot);
      this.#written.start[slot] = start;
      this.#written.end[slot] = this.#length;
      this.#written.writtenAt[slot] = sequence;
    }
    return this.#bytes.slice(0, this.#length);
  }

  #write(slot: number): void {
    this.#row.pos = 0;
    this.#row.writeMessage(ROWS_FIELD, writeProcess, originalProcessOfRow(this.#changes, slot));
    this.#append(this.#row.buf, 0, this.#row.pos);
  }

  #append(from: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      this.#bytes = lengthened(this.#bytes, new Uint8Array(length * 2));
    }
    this.#bytes.set(from.subarray(start, end), this.#length);
    this.#length = length;
  }
}
