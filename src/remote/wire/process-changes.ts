import { lengthened } from '../../kit/table/slot-table.ts';
import { REMOVALS_LIMIT } from './limits.ts';
import { type ProcessRow, ProcessRowTable } from './process-row.ts';

/**
 * The processes of the last sample, and since which sample each row is as it is. What a client lacks is told from one
 * number, the sequence of its last reply: no client has a copy of anything here.
 */
export class ProcessChanges {
  readonly table = new ProcessRowTable();
  /** Of the sample that is in the table; 0 before the first. */
  sequence = 0;
  /** By slot: the sample in which a number that is sent, or a text, of the row was last another. */
  changedAt = new Float64Array(0);
  textChangedAt = new Float64Array(0);
  /** The same of its share of CPU. */
  shareChangedAt = new Float64Array(0);
  /** By slot: the sample that held the row last. */
  #seenAt = new Float64Array(0);
  readonly removals = new RemovalLog();

  /** Before the rows of a sample, whose sequence is larger than the one before. */
  begin(sequence: number): void {
    this.sequence = sequence;
  }

  /** A process of the sample; beyond the limit of the table it is left out. The row is read, not kept. */
  put(row: ProcessRow): void {
    const { table } = this;
    const known = table.find(row.pid, row.startTicks);
    const slot = known >= 0 ? known : table.add(row.pid, row.startTicks);
    if (slot < 0) return;
    if (known < 0) this.#reserve(table.slots.capacity);
    const hasOtherNumbers = setNumbers(table, slot, row);
    const hasOtherTexts = setTexts(table, slot, row);
    const hasOtherShare = set(table.cpuPercent, slot, Math.fround(row.cpuPercent));
    this.#seenAt[slot] = this.sequence;
    if (known < 0 || hasOtherNumbers || hasOtherTexts) this.changedAt[slot] = this.sequence;
    if (known < 0 || hasOtherTexts) this.textChangedAt[slot] = this.sequence;
    if (known < 0 || hasOtherShare) this.shareChangedAt[slot] = this.sequence;
  }

  /** After the rows: those that were not put are gone. */
  end(): void {
    const { table } = this;
    const { slots } = table;
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      if (this.#seenAt[slot] === this.sequence) continue;
      this.removals.add(table.pid[slot]!, table.startTicks[slot]!, this.sequence);
      table.remove(slot);
    }
  }

  /** Whether a client that has the sample of that sequence can be told what has changed since. */
  knowsSince(base: number): boolean {
    return base > 0 && base <= this.sequence && base >= this.removals.since;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.changedAt.length) return;
    this.changedAt = lengthened(this.changedAt, new Float64Array(capacity));
    this.textChangedAt = lengthened(this.textChangedAt, new Float64Array(capacity));
    this.shareChangedAt = lengthened(this.shareChangedAt, new Float64Array(capacity));
    this.#seenAt = lengthened(this.#seenAt, new Float64Array(capacity));
  }
}

/** Who went, and in which sample; the newest REMOVALS_LIMIT of them, oldest first from `at(0)`. */
class RemovalLog {
  /** Everything that was removed after this sample is here. */
  since = 0;
  count = 0;
  readonly pid = new Int32Array(REMOVALS_LIMIT);
  readonly startTicks = new Float64Array(REMOVALS_LIMIT);
  readonly sequence = new Float64Array(REMOVALS_LIMIT);
  #first = 0;

  add(pid: number, startTicks: number, sequence: number): void {
    if (this.count === REMOVALS_LIMIT) {
      this.since = this.sequence[this.#first]!;
      this.#first = (this.#first + 1) % REMOVALS_LIMIT;
      this.count--;
    }
    const at = this.at(this.count++);
    this.pid[at] = pid;
    this.startTicks[at] = startTicks;
    this.sequence[at] = sequence;
  }

  /** Place in the columns of the i-th removal that is remembered. */
  at(i: number): number {
    return (this.#first + i) % REMOVALS_LIMIT;
  }
}

/** True where a number of the row that is sent differs from what stands in the slot, which it replaces. */
function setNumbers(table: ProcessRowTable, slot: number, row: ProcessRow): boolean {
  let differs = set(table.state, slot, row.state);
  differs = set(table.threads, slot, row.threads) || differs;
  differs = set(table.cpuNanos, slot, row.cpuNanos) || differs;
  differs = set(table.residentBytes, slot, row.residentBytes) || differs;
  differs = set(table.readBytes, slot, row.readBytes) || differs;
  differs = set(table.writtenBytes, slot, row.writtenBytes) || differs;
  return differs;
}

function setTexts(table: ProcessRowTable, slot: number, row: ProcessRow): boolean {
  const isSame =
    table.names[slot] === row.name &&
    table.users[slot] === row.user &&
    table.commandLines[slot] === row.commandLine;
  if (isSame) return false;
  table.names[slot] = row.name;
  table.users[slot] = row.user;
  table.commandLines[slot] = row.commandLine;
  return true;
}

/** NaN is the same as NaN. */
function set(
  column: Int32Array | Uint8Array | Float32Array | Float64Array,
  slot: number,
  value: number,
): boolean {
  const before = column[slot]!;
  if (before === value || (Number.isNaN(before) && Number.isNaN(value))) return false;
  column[slot] = value;
  return true;
}
