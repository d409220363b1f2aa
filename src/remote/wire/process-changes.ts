import { type NumberArray, toldProcesses } from '../../data/codec/told-table.ts';
import { ProcessList, type ToldProcesses } from '../../data/sample/machine-processes.ts';
import type { ProcessTable } from '../../data/sample/process-table.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { REMOVALS_LIMIT, ROWS_LIMIT } from './limits.ts';

/** By the slots of the list. */
const CHANGE_COLUMNS = {
  /** The sample in which a number that is sent, or a text, of the row was last another. */
  changedAt: numbers('f64'),
  textChangedAt: numbers('f64'),
  /** The same of its share of CPU. */
  shareChangedAt: numbers('f64'),
  /** The sample that held the row last. */
  seenAt: numbers('f64'),
  /** Share of the machine, 0 to 100; NaN unknown. For the original protocol: others make it of the CPU time. */
  cpuPercent: numbers('f32', Number.NaN),
};

/**
 * The processes of the last sample, and since which sample each row is as it is. What a client lacks is told from one
 * number, the sequence of its last reply: no client has a copy of anything here.
 */
export class ProcessChanges extends columnsClass(CHANGE_COLUMNS) {
  readonly list = new ProcessList(ROWS_LIMIT.processes);
  readonly told = toldProcesses(this.list);
  /** By encoded column: the last sample in which it changed in any row. */
  readonly columnChangedAt = new Float64Array(this.told.numbers.length);
  /** Of the sample that is in the list; 0 before the first. */
  sequence = 0;
  readonly removals = new RemovalLog();
  /** Slot of each row of the sample, in the order of its table; -1: the list is full. */
  #slots = new Int32Array(0);

  /** Takes a later sample, read and not kept. `shareOf`: share of the whole machine, by slot of the sample. */
  absorb(sequence: number, sample: ToldProcesses, shareOf: (slot: number) => number): void {
    this.sequence = sequence;
    const { rows, count } = sample.processes.slots;
    this.#findSlots(sample.processes);
    this.#removeUnseen();
    const { numbers, texts } = toldProcesses(sample);
    for (const [at, { values }] of this.told.numbers.entries()) {
      if (this.#takeNumbers(numbers[at]!.values, values, rows, count)) this.columnChangedAt[at] = sequence;
    }
    for (const [at, own] of this.told.texts.entries())
      this.#takeTexts(texts[at]!.values, own.values, rows, count);
    for (let i = 0; i < count; i++) this.#takeShare(this.#slots[i]!, Math.fround(shareOf(rows[i]!)));
  }

  /** Whether a delta from the sample with that sequence is possible. */
  knowsSince(base: number): boolean {
    return base > 0 && base <= this.sequence && base >= this.removals.since;
  }

  #findSlots({ slots, pid, startTicks }: ProcessTable): void {
    const { list, sequence } = this;
    if (slots.count > this.#slots.length) this.#slots = new Int32Array(slots.capacity);
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      let slot = list.processes.find(pid[row]!);
      if (slot >= 0 && list.processes.startTicks[slot] !== startTicks[row]) {
        this.#remove(slot);
        slot = -1;
      }
      const isNew = slot < 0;
      if (isNew) slot = list.add(pid[row]!, startTicks[row]!);
      this.#slots[i] = slot;
      if (slot < 0) continue;
      this.reserve(list.processes.slots.capacity);
      this.seenAt[slot] = sequence;
      if (!isNew) continue;
      this.changedAt[slot] = sequence;
      this.textChangedAt[slot] = sequence;
      this.shareChangedAt[slot] = sequence;
    }
  }

  #removeUnseen(): void {
    this.list.processes.slots.removeWhere(
      (slot) => this.seenAt[slot] !== this.sequence,
      (slot) => this.#remove(slot),
    );
  }

  #remove(slot: number): void {
    const { pid, startTicks } = this.list.processes;
    this.removals.add(pid[slot]!, startTicks[slot]!, this.sequence);
    this.list.remove(slot);
  }

  /** Whether any was another. */
  #takeNumbers(from: NumberArray, into: NumberArray, rows: Int32Array, count: number): boolean {
    const at = this.#slots;
    if (from instanceof Float64Array && into instanceof Float64Array) {
      return takeDoubles(from, into, rows, at, count, this.changedAt, this.sequence);
    }
    return takeIntegers(from, into, rows, at, count, this.changedAt, this.sequence);
  }

  #takeTexts(
    from: readonly (string | undefined)[],
    into: (string | undefined)[],
    rows: Int32Array,
    count: number,
  ): void {
    const { changedAt, textChangedAt, sequence } = this;
    const slots = this.#slots;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (slot < 0) continue;
      const text = from[rows[i]!];
      if (into[slot] === text) continue;
      into[slot] = text;
      changedAt[slot] = sequence;
      textChangedAt[slot] = sequence;
    }
  }

  #takeShare(slot: number, share: number): void {
    if (slot < 0 || Object.is(this.cpuPercent[slot], share)) return;
    this.cpuPercent[slot] = share;
    this.shareChangedAt[slot] = this.sequence;
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

/**
 * Copies `from[rows[i]]` to `into[slots[i]]`, notes where it was another and says whether any was. Doubles have a loop
 * of their own, for one loop that sees every kind of array is several times slower. NaN is the same as NaN.
 */
function takeDoubles(
  from: Float64Array,
  into: Float64Array,
  rows: Int32Array,
  slots: Int32Array,
  count: number,
  changedAt: Float64Array,
  sequence: number,
): boolean {
  let isNews = false;
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot < 0) continue;
    const value = from[rows[i]!]!;
    const before = into[slot]!;
    if (value === before || (Number.isNaN(value) && Number.isNaN(before))) continue;
    into[slot] = value;
    changedAt[slot] = sequence;
    isNews = true;
  }
  return isNews;
}

function takeIntegers(
  from: NumberArray,
  into: NumberArray,
  rows: Int32Array,
  slots: Int32Array,
  count: number,
  changedAt: Float64Array,
  sequence: number,
): boolean {
  let isNews = false;
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (slot < 0 || into[slot] === from[rows[i]!]) continue;
    into[slot] = from[rows[i]!]!;
    changedAt[slot] = sequence;
    isNews = true;
  }
  return isNews;
}
