import { CONTROL_GROUP_FIELDS, type ControlGroupRows } from '../../data/query/control-group-rows.ts';
import { identity, type ListColumns, ListTable, left, right } from '../network/list-table.ts';
import { MachineList, type Painted } from './machine-process-list.ts';

const COLUMNS = {
  name: identity('CONTROL GROUP', 100, [12, 24, 2], ({ rows }, row, pen) =>
    pen.text(rows.names[row]!, pen.theme.text),
  ),
  trouble: left('WHAT IS WRONG', 95, [46, 46, 3], ({ rows }, row, pen) =>
    pen.text(rows.troubles[row]!, pen.theme.warning),
  ),
  throttled: right('THROTTLED %', 90, [11, 11], ({ rows }, row, pen) => pen.percent(rows.throttled[row]!)),
  cpu: right('CPU WAIT %', 60, [10, 10], ({ rows }, row, pen) => pen.percent(rows.cpu[row]!)),
  'memory-wait': right('MEM WAIT %', 80, [10, 10], ({ rows }, row, pen) =>
    pen.percent(rows.memoryWait[row]!),
  ),
  io: right('DISK WAIT %', 70, [11, 11], ({ rows }, row, pen) => pen.percent(rows.io[row]!)),
  memory: right('MEM', 50, [9, 9], ({ rows }, row, pen) => pen.bytes(rows.memory[row]!, pen.theme.text)),
  'memory-limit': right('LIMIT', 40, [9, 9], ({ rows }, row, pen) =>
    pen.bytes(rows.memoryLimit[row]!, pen.theme.text),
  ),
} satisfies ListColumns<Painted<ControlGroupRows>, typeof CONTROL_GROUP_FIELDS>;

type Table = ListTable<Painted<ControlGroupRows>, typeof CONTROL_GROUP_FIELDS>;

/** Fewer cells have no room for the words as a whole. */
const NARROW_WIDTH = 64;
const NARROW_COLUMNS = {
  ...COLUMNS,
  name: { ...COLUMNS.name, minWidth: 10 },
  trouble: { ...COLUMNS.trouble, minWidth: 20 },
};

/** The table of control groups, in the place of that of processes. */
export class ControlGroupList extends MachineList<string, ControlGroupRows, typeof CONTROL_GROUP_FIELDS> {
  readonly #table: Table = new ListTable(CONTROL_GROUP_FIELDS, COLUMNS);
  readonly #narrowTable: Table = new ListTable(CONTROL_GROUP_FIELDS, NARROW_COLUMNS);

  protected override tableOf(_rows: ControlGroupRows, _hasTraffic: boolean, width = NARROW_WIDTH): Table {
    return width < NARROW_WIDTH ? this.#narrowTable : this.#table;
  }
}
