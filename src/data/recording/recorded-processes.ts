import { TABLE_FORMATS } from '../codec/table-format.ts';
import { TableReplica } from '../codec/table-replica.ts';
import { toldProcesses } from '../codec/told-table.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import { ProcessList } from '../sample/process-list.ts';
import type { Slice } from '../sample/slice.ts';
import { parseObject, parseRecordedProcesses } from './recorded-header.ts';
import { StagedTable } from './recorded-tables.ts';
import { isWholeList, rowsOfWholeList, WHOLE_LIST_LIMIT } from './v1/whole-list.ts';

/** The list of processes of a recorded machine. Rows keep their slots from line to line. */
export class RecordedProcesses {
  readonly #list = new ProcessList(TABLE_FORMATS.processes.limit);
  readonly #staged = new StagedTable(TABLE_FORMATS.processes);
  readonly #replica = new TableReplica(toldProcesses(this.#list));

  /**
   * The list as a section, borrowed until the next call. `facts` is the part that says what there is besides rows. Rests
   * between steps. Rejects with an OpError of code `BAD_VALUE` if a value is wrong, and then the list is as it was.
   */
  async apply(facts: Uint8Array, rows: readonly Uint8Array[], slice: Slice): Promise<MachineProcesses> {
    const fields = parseObject(facts, 'a list of processes');
    const section = parseRecordedProcesses(fields);
    this.#staged.clear();
    if (isWholeList(fields)) this.#staged.add(rowsOfWholeList(fields), WHOLE_LIST_LIMIT);
    for (const part of rows) {
      this.#staged.add(parseObject(part, 'a part'));
      if (slice.due()) await slice.rest();
    }
    for (const _ of this.#replica.replace(this.#staged)) {
      if (slice.due()) await slice.rest();
    }
    return this.#list.section(section);
  }
}
