import { columnsClass, numbers, type Table } from '../../kit/table/columns.ts';

const IDLE_MICROS = 60e6;
const DROP_EVERY_MICROS = 5e6;

const COLUMNS = {
  lastGrowthMicros: numbers('f64'),
  /** 1: the row is about to go. */
  isMarked: numbers('u8'),
};

/** When the rows of a table last grew, in columns beside it. Once the table is crowded, rows that rest are dropped. */
export class IdleRows extends columnsClass(COLUMNS) {
  readonly #table: Table;
  readonly #crowdedRows: number;
  #nextDropMicros = 0;

  constructor(table: Table, crowdedRows: number) {
    super(table.slots.capacity);
    this.#table = table;
    this.#crowdedRows = crowdedRows;
  }

  begin(slot: number, monotonicMicros: number): void {
    this.reserve(this.#table.slots.capacity);
    this.lastGrowthMicros[slot] = monotonicMicros;
  }

  /** Every 5 s, in a crowded table: drops rows at rest for a minute. `merge` moves their counters before. */
  drop(
    monotonicMicros: number,
    mayGo: (slot: number) => boolean,
    merge: (isMarked: Uint8Array) => void,
  ): void {
    const { slots } = this.#table;
    if (slots.count <= this.#crowdedRows || monotonicMicros < this.#nextDropMicros) return;
    this.#nextDropMicros = monotonicMicros + DROP_EVERY_MICROS;
    const { isMarked, lastGrowthMicros } = this;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      isMarked[slot] = lastGrowthMicros[slot]! < monotonicMicros - IDLE_MICROS && mayGo(slot) ? 1 : 0;
    }
    merge(isMarked);
    slots.removeWhere(
      (slot) => isMarked[slot] === 1,
      (slot) => this.#table.removeRow(slot),
    );
  }
}
