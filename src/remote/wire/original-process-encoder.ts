import { lengthened } from '../../kit/table/slot-table.ts';
import { originalProcessOfRow } from './original-processes.ts';
import type { ProcessChanges } from './process-changes.ts';
import { writeProcess } from './processes.generated.ts';
import { WireWriter } from './wire-writer.ts';

const PROCESS_COUNT_FIELD = 1;
const ROWS_FIELD = 2;
const FIRST_BUFFER_BYTES = 1 << 14;
const ROW_BUFFER_BYTES = 1 << 11;

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
  /** By slot: where its bytes stand in the last message, and the sample that they are of; 0: they do not. */
  #start = new Uint32Array(0);
  #end = new Uint32Array(0);
  #writtenAt = new Float64Array(0);

  constructor(changes: ProcessChanges) {
    this.#changes = changes;
  }

  /** The message; a copy, which stays as it is. */
  encode(processCount: number): Uint8Array<ArrayBuffer> {
    const { table, changedAt, shareChangedAt, sequence } = this.#changes;
    this.#reserve(table.slots.capacity);
    [this.#bytes, this.#before] = [this.#before, this.#bytes];
    this.#length = 0;
    this.#row.pos = 0;
    this.#row.writeVarintField(PROCESS_COUNT_FIELD, processCount);
    this.#append(this.#row.buf, 0, this.#row.pos);
    const { rows, count } = table.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const start = this.#length;
      const otherSince = Math.max(changedAt[slot]!, shareChangedAt[slot]!);
      const isWritten = this.#writtenAt[slot]! > 0 && this.#writtenAt[slot]! >= otherSince;
      if (isWritten) this.#append(this.#before, this.#start[slot]!, this.#end[slot]!);
      else this.#write(slot);
      this.#start[slot] = start;
      this.#end[slot] = this.#length;
      this.#writtenAt[slot] = sequence;
    }
    return this.#bytes.slice(0, this.#length);
  }

  #write(slot: number): void {
    this.#row.pos = 0;
    this.#row.writeMessage(ROWS_FIELD, writeProcess, originalProcessOfRow(this.#changes.table, slot));
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

  #reserve(capacity: number): void {
    if (capacity <= this.#start.length) return;
    this.#start = lengthened(this.#start, new Uint32Array(capacity));
    this.#end = lengthened(this.#end, new Uint32Array(capacity));
    this.#writtenAt = lengthened(this.#writtenAt, new Float64Array(capacity));
  }
}
