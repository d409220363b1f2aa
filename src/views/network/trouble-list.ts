import { TROUBLE_FIELDS, TroubleRows } from '../../data/query/trouble-rows.ts';
import type { OwnerTable } from '../../data/sample/network-section.ts';
import { identity, type ListColumns, ListTable, left, RowList, right } from './list-table.ts';
import type { Identity, ListInput, ListSort } from './network-list.ts';

/** From here on a trouble is in the colour of what is bad; see `TROUBLE_FIELDS.severity`. */
const BAD_SEVERITY = 4;
const WARNING_SEVERITY = 2;

const COLUMNS: ListColumns<TroubleList, typeof TROUBLE_FIELDS> = {
  trouble: {
    ...identity('TROUBLE', 100, [20, 70, 2]),
    order: 'severity',
    marks: ['severity'],
    paint: ({ rows }, row, pen) => {
      const { bad, warning, text } = pen.theme;
      const severity = rows.severity[row]!;
      pen.text(
        rows.textOf(row),
        severity >= BAD_SEVERITY ? bad : severity >= WARNING_SEVERITY ? warning : text,
      );
    },
  },
  place: left('WHERE', 35, [10, 28, 1], ({ rows }, row, pen) =>
    pen.host(rows.places[row] || '-', pen.theme.dim),
  ),
  pid: right('PID', 50, [7, 7], ({ rows, owners }, row, pen) => {
    const owner = rows.owner[row]!;
    if (owner < 0) pen.text('-', pen.theme.dim);
    else pen.pid(owners, owner);
  }),
  name: left('PROCESS', 10, [8, 16], ({ rows }, row, pen) => pen.text(rows.names[row]!, pen.theme.dim)),
  count: right('COUNT', 40, [6, 7], ({ rows }, row, pen) => pen.count(rows.amount[row]!)),
};

/** What is wrong with the network, the worst first. */
export class TroubleList extends RowList<TroubleRows, typeof TROUBLE_FIELDS> {
  readonly rows = new TroubleRows();
  protected readonly table = new ListTable(TROUBLE_FIELDS, COLUMNS);
  owners: OwnerTable | undefined;

  rebuild({ data, scope, filter, names }: ListInput): void {
    this.rows.build(data.section, data.rates, scope, filter, names.hostName);
    this.owners = data.section.owners;
  }

  protected identityOf(row: number): Identity {
    return { slot: this.rows.id[row]!, serial: 0 };
  }

  protected rowOf({ slot }: Identity): number {
    return this.rows.rowOfId(slot);
  }

  /** The owner in trouble at a rank, -1 none. */
  ownerAt(sort: ListSort, rank: number): number {
    const row = this.rowAt(sort, rank);
    return row < 0 ? -1 : this.rows.owner[row]!;
  }
}
