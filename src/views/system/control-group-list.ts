import { CONTROL_GROUP_FIELDS, type ControlGroupRows } from '../../data/query/control-group-rows.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { identity, type ListColumns, ListTable, left, right } from '../network/list-table.ts';
import type { ListHit, ListSort } from '../network/network-list.ts';
import type { MachineListLook } from './machine-process-list.ts';

const COLUMNS = {
  name: {
    ...identity('CONTROL GROUP', 100, 12, 24, 2),
    paint: (rows, row, pen) => pen.text(rows.names[row]!, pen.theme.text),
  },
  trouble: {
    ...left('WHAT IS WRONG', 95, 46, 46, 3),
    paint: (rows, row, pen) => pen.text(rows.troubles[row]!, pen.theme.warning),
  },
  throttled: {
    ...right('THROTTLED %', 90, 11, 11),
    paint: (rows, row, pen) => pen.percent(rows.throttled[row]!),
  },
  cpu: {
    ...right('CPU WAIT %', 60, 10, 10),
    paint: (rows, row, pen) => pen.percent(rows.cpu[row]!),
  },
  'memory-wait': {
    ...right('MEM WAIT %', 80, 10, 10),
    paint: (rows, row, pen) => pen.percent(rows.memoryWait[row]!),
  },
  io: {
    ...right('DISK WAIT %', 70, 11, 11),
    paint: (rows, row, pen) => pen.percent(rows.io[row]!),
  },
  memory: {
    ...right('MEM', 50, 9, 9),
    paint: (rows, row, pen) => pen.bytes(rows.memory[row]!, pen.theme.text),
  },
  'memory-limit': {
    ...right('LIMIT', 40, 9, 9),
    paint: (rows, row, pen) => pen.bytes(rows.memoryLimit[row]!, pen.theme.text),
  },
} satisfies ListColumns<ControlGroupRows, typeof CONTROL_GROUP_FIELDS>;

type Table = ListTable<ControlGroupRows, typeof CONTROL_GROUP_FIELDS>;

/** Fewer cells have no room for the words as a whole. */
const NARROW_WIDTH = 64;
const NARROW_COLUMNS = {
  ...COLUMNS,
  name: { ...COLUMNS.name, minWidth: 10 },
  trouble: { ...COLUMNS.trouble, minWidth: 20 },
};

/** The table of control groups, in the place of that of processes. */
export class ControlGroupList {
  readonly #table: Table = new ListTable(CONTROL_GROUP_FIELDS, COLUMNS);
  readonly #narrowTable: Table = new ListTable(CONTROL_GROUP_FIELDS, NARROW_COLUMNS);

  get sortKeys(): readonly string[] {
    return this.#table.keys;
  }

  /** The path of the row at a rank, undefined past the end. */
  pathAt(rows: ControlGroupRows, sort: ListSort, rank: number): string | undefined {
    const row = this.#table.rowAt(rows, sort, rank);
    return row < 0 ? undefined : rows.paths[row]!;
  }

  /** -1 where it is not listed. */
  rankOf(rows: ControlGroupRows, sort: ListSort, path: string): number {
    return this.#table.rankOf(rows, sort, rows.rowOf(path));
  }

  render(area: Rect, buffer: Buffer, rows: ControlGroupRows, look: MachineListLook): void {
    this.#tableIn(area).render(area, buffer, { ...look, alarmOf: () => 'none' }, rows, rows);
  }

  hit(
    area: Rect,
    rows: ControlGroupRows,
    look: Pick<MachineListLook, 'viewport'>,
    x: number,
    y: number,
  ): ListHit | undefined {
    return this.#tableIn(area).hit(area, look, rows.count, x, y);
  }

  #tableIn({ width }: Rect): Table {
    return width < NARROW_WIDTH ? this.#narrowTable : this.#table;
  }
}
