import { lengthened, type SlotTable } from '../../kit/table/slot-table.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { NetworkTables } from '../sample/network-tables.ts';
import type { Slice } from '../sample/slice.ts';
import { type RecordedTable, recordedTable, TABLE_NAMES, type TableName } from './recorded-format.ts';
import { badValue } from './recorded-header.ts';
import type { RecordedLine } from './recorded-line.ts';
import { RecordedStaging, type StagedTable } from './recorded-staging.ts';

/**
 * The tables of a recorded machine. A row keeps its slot from line to line as long as its key and its recorded serial
 * stay, so that rates, selections and histories hold on to it as they do to a live one's.
 */
export class RecordedTables {
  readonly #tables = new NetworkTables();
  readonly #staging = new RecordedStaging(this.#tables);
  readonly #rows: Record<TableName, RowMatch> = {
    owners: new RowMatch(),
    hosts: new RowMatch(),
    traffic: new RowMatch(),
    hostTraffic: new RowMatch(),
    interfaces: new RowMatch(),
    addresses: new RowMatch(),
    sockets: new RowMatch(),
  };

  /**
   * The line as a section, borrowed until the next call. Rests between steps. Rejects with an OpError of code
   * `BAD_VALUE` if a value is wrong, and then the tables are as they were.
   */
  async apply({ recorded, tables }: RecordedLine, slice: Slice): Promise<NetworkSection> {
    const { network } = recorded;
    if (network === undefined) throw badValue('network');
    this.#staging.clear();
    for (const part of tables) {
      this.#staging.add(part);
      if (slice.due()) await slice.rest();
    }
    for (const name of TABLE_NAMES) await this.#applyTable(name, slice);
    return { ...network, ...this.#tables };
  }

  async #applyTable(name: TableName, slice: Slice): Promise<void> {
    const staged = this.#staging.table(name);
    const before = recordedTable(this.#tables, name);
    const match = this.#rows[name];
    if (!before.hasKeys) this.#findSubjects(before, staged);
    match.run(before, staged);
    if (name === 'sockets') this.#tables.accounts.reserve(before.slots.capacity);
    // Rows that were added may have replaced the columns.
    const table = recordedTable(this.#tables, name);
    for (const [i, { values, stride, offset, refersTo }] of table.numbers.entries()) {
      const from = staged.numbers[i]!;
      const slotOf = refersTo === undefined ? undefined : this.#rows[refersTo].slots;
      for (let row = 0; row < staged.rows; row++) {
        const value = from[row]!;
        values[match.slots[row]! * stride + offset] = slotOf === undefined ? value : (slotOf[value] ?? -1);
      }
      if (slice.due()) await slice.rest();
    }
    for (const [i, { texts }] of table.texts.entries()) {
      const from = staged.texts[i]!;
      for (let row = 0; row < staged.rows; row++) texts[match.slots[row]!] = from[row];
      from.length = staged.rows;
    }
  }

  /** The key of traffic rows: slot of the subject, interface. */
  #findSubjects({ numbers }: RecordedTable, { rows, keys, numbers: columns }: StagedTable): void {
    const subjects = numbers[0]?.refersTo;
    const [places, interfaces] = columns;
    if (subjects === undefined || places === undefined || interfaces === undefined) return;
    for (let row = 0; row < rows; row++) {
      keys[row * 4] = this.#rows[subjects].slots[places[row]!]!;
      keys[row * 4 + 1] = interfaces[row]!;
    }
  }
}

/** Finds or makes the slot of each row of a line, and removes the slots of rows that are no more. */
class RowMatch {
  /** Slot of each row of the line. */
  slots = new Int32Array(0);
  /** By slot: the serial that the recorder's row had, and the run that saw it last. */
  #serial = new Uint32Array(0);
  #seen = new Uint32Array(0);
  #run = 0;

  run(table: RecordedTable, staged: StagedTable): void {
    this.#run = (this.#run + 1) >>> 0;
    if (staged.rows > this.slots.length) this.slots = new Int32Array(staged.serial.length);
    this.#reserve(table.slots.capacity);
    this.#findKnown(table.slots, staged);
    this.#removeUnseen(table);
    this.#addMissing(table, staged);
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#serial.length) return;
    this.#serial = lengthened(this.#serial, new Uint32Array(capacity));
    this.#seen = lengthened(this.#seen, new Uint32Array(capacity));
  }

  #findKnown(slots: SlotTable, { rows, keys, serial }: StagedTable): void {
    for (let row = 0; row < rows; row++) {
      const k = row * 4;
      const slot = slots.find(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 3]!);
      const isSame = slot >= 0 && this.#serial[slot] === serial[row];
      this.slots[row] = isSame ? slot : -1;
      if (isSame) this.#seen[slot] = this.#run;
    }
  }

  #removeUnseen(table: RecordedTable): void {
    const { slots } = table;
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      if (this.#seen[slot] === this.#run) continue;
      for (const { texts, isOptional } of table.texts) texts[slot] = isOptional ? undefined : '';
      slots.remove(slot);
    }
  }

  /** A key that a line holds twice, which no recorder writes, is one row. */
  #addMissing({ slots }: RecordedTable, { rows, keys, serial }: StagedTable): void {
    for (let row = 0; row < rows; row++) {
      if (this.slots[row]! >= 0) continue;
      const k = row * 4;
      const known = slots.find(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 3]!);
      const slot = known >= 0 ? known : slots.add(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 3]!);
      this.#reserve(slots.capacity);
      this.slots[row] = slot;
      this.#serial[slot] = serial[row]!;
      this.#seen[slot] = this.#run;
    }
  }
}
