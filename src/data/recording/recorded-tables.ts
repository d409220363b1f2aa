import { RowMatch } from '../../kit/table/row-match.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { NetworkTables } from '../sample/network-tables.ts';
import type { Slice } from '../sample/slice.ts';
import { TABLE_NAMES, type TableName } from '../sample/told-tables.ts';
import { type RecordedTable, recordedTable } from './recorded-format.ts';
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
    match.run(before.slots, staged.keys, staged.rows, (slot) => {
      for (const { texts, isOptional } of before.texts) texts[slot] = isOptional ? undefined : '';
    });
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
  #findSubjects({ numbers }: RecordedTable, { rows, keys: { words }, numbers: columns }: StagedTable): void {
    const subjects = numbers[0]?.refersTo;
    const [places, interfaces] = columns;
    if (subjects === undefined || places === undefined || interfaces === undefined) return;
    for (let row = 0; row < rows; row++) {
      words[row * 4] = this.#rows[subjects].slots[places[row]!]!;
      words[row * 4 + 1] = interfaces[row]!;
    }
  }
}
