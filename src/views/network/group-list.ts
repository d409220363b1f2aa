import { GROUP_FIELDS, GroupRows } from '../../data/query/group-rows.ts';
import {
  identity,
  type ListColumns,
  ListTable,
  left,
  maximumOf,
  RowList,
  right,
  TRAFFIC_COLUMNS,
} from './list-table.ts';
import type { Identity, ListInput, ListSort } from './network-list.ts';

const COLUMNS: ListColumns<GroupList, typeof GROUP_FIELDS> = {
  group: {
    ...identity('GROUP', 100, 12, 40, 1),
    field: 'name',
    paint: ({ rows }, row, pen) => {
      const name = rows.nameOf(row);
      if (name === '') pen.text('no group known', pen.theme.dim);
      else pen.text(name, pen.theme.text);
    },
  },
  type: {
    ...left('TYPE', 50, 9, 12),
    paint: ({ rows }, row, pen) => {
      const type = rows.typeOf(row);
      pen.text(type, type === 'container' ? pen.theme.info : pen.theme.dim);
    },
  },
  processes: {
    ...right('PROCS', 40, 5, 6),
    paint: ({ rows }, row, pen) => pen.count(rows.processes[row]!),
  },
  ...TRAFFIC_COLUMNS,
};

/** Control groups: containers, services, sessions. */
export class GroupList extends RowList<GroupRows, typeof GROUP_FIELDS> {
  readonly rows = new GroupRows();
  protected readonly table = new ListTable(GROUP_FIELDS, COLUMNS);
  /** Names seen so far: a group has no slot of its own, so its name's place here stands for it. */
  readonly #known = new Map<string, number>();
  #names: string[] = [];
  /** What a full bar means. */
  maximum = 0;

  rebuild({ data, scope, filter }: ListInput): void {
    const { rows } = this;
    rows.build(data.section, data.rates, scope, filter);
    this.maximum = maximumOf(rows, rows.count);
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.rowAt(sort, rank);
    return row < 0 ? undefined : { slot: this.#placeOf(this.rows.nameOf(row)), serial: 1 };
  }

  protected rowOf({ slot }: Identity): number {
    return this.rows.rowOfGroup(this.#names[slot] ?? '');
  }

  /** The filter that lets exactly the group at a rank through; '' past the end. */
  filterAt(sort: ListSort, rank: number): string {
    const row = this.rowAt(sort, rank);
    return row < 0 ? '' : this.rows.filterTextOf(row);
  }

  #placeOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // Groups come and go with containers: only the selected one has to be found again.
    if (this.#names.length >= 256) {
      this.#known.clear();
      this.#names = [];
    }
    this.#known.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}
