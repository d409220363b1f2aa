import { HOST_FIELDS, HostRows } from '../../data/query/host-rows.ts';
import { nameAndMore, nameBasisText } from '../../data/query/row-texts.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import { NameBasis } from '../../data/schema/network-columns.ts';
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
import type { Identity, ListInput, ListSort, NameLookup } from './network-list.ts';

const NAMED_PROCESSES = 4;

const COLUMNS: ListColumns<HostList, typeof HOST_FIELDS> = {
  host: {
    ...identity('HOST', 100, [15, 40, 2]),
    field: 'name',
    paint: ({ rows, names }, row, pen) => {
      const address = rows.addressOf(row);
      if (address === '') pen.text('earlier hosts', pen.theme.dim);
      else {
        const seen = names?.areShown?.() === false ? [] : rows.namesOf(row);
        pen.host(nameAndMore(seen) || (names?.host(address) ?? address), pen.theme.text);
      }
    },
  },
  'name-basis': left('BY', 45, [4, 4], ({ rows, names }, row, pen) => {
    const seen = names?.areShown?.() === false ? NameBasis.NONE : rows.nameBasisOf(row);
    pen.text(nameBasisText(seen, names?.host(rows.addressOf(row))) ?? '', pen.theme.dim);
  }),
  country: left('COUNTRY', 40, [8, 9], ({ rows, names }, row, pen) =>
    pen.text(names?.country(rows.addressOf(row)) ?? '-', pen.theme.dim),
  ),
  ...TRAFFIC_COLUMNS,
  rtt: right('RTT', 30, [5, 6], ({ rows }, row, pen) => pen.roundTrip(rows.rttOf(row))),
  retransmitted: right('RETR%', 28, [5, 6], ({ rows }, row, pen) => pen.share(rows.retransmittedOf(row))),
  processes: left('PROCESSES', 50, [10, 24, 1], (list, row, pen) =>
    pen.text(list.processNames(row), pen.theme.dim),
  ),
};

/** Remote hosts of all processes. */
export class HostList extends RowList<HostRows, typeof HOST_FIELDS> {
  readonly rows = new HostRows();
  protected readonly table = new ListTable(HOST_FIELDS, COLUMNS);
  readonly #owners = new Int32Array(NAMED_PROCESSES);
  #section: NetworkSection | undefined;
  names: NameLookup | undefined;
  /** Rate of a full bar. */
  maximum = 0;

  rebuild({ data, scope, filter, names }: ListInput): void {
    const { rows } = this;
    rows.build(data.section, data.rates, scope, filter, names);
    this.#section = data.section;
    this.names = names;
    this.maximum = maximumOf(rows, rows.count);
  }

  protected identityOf(row: number): Identity {
    const slot = this.rows.host[row]!;
    return { slot, serial: this.#section?.hosts.slots.serial[slot] ?? 0 };
  }

  protected rowOf({ slot, serial }: Identity): number {
    if (this.#section?.hosts.slots.serial[slot] !== serial) return -1;
    return this.rows.rowOfHost(slot);
  }

  /** Address of the host at a rank, for a filter; '': none. */
  addressAt(sort: ListSort, rank: number): string {
    const row = this.rowAt(sort, rank);
    return row < 0 ? '' : this.rows.addressOf(row);
  }

  /** The busiest processes, and how many more there are. */
  processNames(row: number): string {
    const count = this.rows.processesInto(row, this.#owners);
    let names = '';
    for (let i = 0; i < count; i++) {
      names += `${i === 0 ? '' : ', '}${this.#section?.owners.names[this.#owners[i]!] ?? ''}`;
    }
    const more = this.rows.processCount[row]! - count;
    return more > 0 ? `${names} +${more}` : names;
  }
}
