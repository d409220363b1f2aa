import { MACHINE_GROUP_FIELDS, type MachineGroupRows } from '../../data/query/machine-group-rows.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { identity, type ListColumns, ListTable, right } from '../network/list-table.ts';
import type { ListHit, ListSort } from '../network/network-list.ts';
import { FIGURES, type MachineListLook } from './machine-process-list.ts';

/** Input of the cells. */
interface PaintedGroups {
  readonly rows: MachineGroupRows;
  readonly isPerCore: boolean;
}

/** Shown for processes without a group. */
const NOTHING: Readonly<Record<Grouping, string>> = {
  program: 'no name',
  user: 'unknown user',
  container: 'no container',
  unit: 'no unit',
};

const columnsBy = (by: Grouping): ListColumns<PaintedGroups, typeof MACHINE_GROUP_FIELDS> => ({
  name: {
    ...identity(by.toUpperCase(), 100, 10, 40, 3),
    paint: ({ rows }, row, pen) => {
      const name = rows.names[row]!;
      pen.text(name === '' ? NOTHING[by] : name, name === '' ? pen.theme.dim : pen.theme.text);
    },
  },
  processes: {
    ...right('PROCS', 70, 5, 6),
    paint: ({ rows }, row, pen) => pen.count(rows.processes[row]!),
  },
  ...FIGURES,
});

type Table = ListTable<PaintedGroups, typeof MACHINE_GROUP_FIELDS>;

/** A machine's process table with one row per program, user, container or unit. */
export class MachineGroupList {
  /** Ids of the shown figures, in order. */
  readonly #figures: readonly string[];
  /** Tables, created when first shown. */
  readonly #tables = new Map<string, Table>();

  /** `columns`: ids of the columns of the process table. */
  constructor(columns: readonly string[]) {
    this.#figures = columns.filter((id) => id in FIGURES && id !== 'network');
  }

  sortKeys(by: Grouping, hasTraffic: boolean): readonly string[] {
    return this.#tableOf(by, hasTraffic).keys;
  }

  /** The name of the row at a rank; undefined past the end. */
  nameAt(rows: MachineGroupRows, sort: ListSort, rank: number): string | undefined {
    const row = this.#tableOf(rows.by, true).rowAt(rows, sort, rank);
    return row < 0 ? undefined : rows.names[row]!;
  }

  /** -1 if it is not listed. */
  rankOf(rows: MachineGroupRows, sort: ListSort, name: string): number {
    return this.#tableOf(rows.by, true).rankOf(rows, sort, rows.rowOfName(name));
  }

  render(area: Rect, buffer: Buffer, rows: MachineGroupRows, look: MachineListLook): void {
    const table = this.#tableOf(rows.by, look.hasTraffic);
    const { isPerCore } = look;
    table.render(area, buffer, { ...look, alarmOf: () => 'none' }, rows, { rows, isPerCore });
  }

  hit(
    area: Rect,
    rows: MachineGroupRows,
    look: Pick<MachineListLook, 'viewport' | 'hasTraffic'>,
    x: number,
    y: number,
  ): ListHit | undefined {
    return this.#tableOf(rows.by, look.hasTraffic).hit(area, look, rows.count, x, y);
  }

  #tableOf(by: Grouping, hasTraffic: boolean): Table {
    const key = `${by} ${hasTraffic}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const shown = ['name', 'processes', ...this.#figures, ...(hasTraffic ? ['network'] : [])];
    const all = columnsBy(by);
    const columns = Object.fromEntries(Object.entries(all).filter(([id]) => shown.includes(id)));
    const table: Table = new ListTable(MACHINE_GROUP_FIELDS, columns, shown);
    this.#tables.set(key, table);
    return table;
  }
}
