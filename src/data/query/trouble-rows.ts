import { columnsClass, numbers, TEXT } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { type FilterExpression, NONE } from './filter/filter-expression.ts';
import type { NetworkExport } from './network-fields.ts';
import { pidValue } from './process-fields.ts';
import {
  arrangeBy,
  countValue,
  exported,
  falls,
  type RowFields,
  risesByText,
  type SortKeyOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';
import { type Scope, ScopeFilter } from './scope.ts';
import { findTroubles, type HostNames, type Trouble, TroubleTexts } from './troubles.ts';

const ROWS_LIMIT = 256;

/** What exports read a trouble from. */
export interface TroubleExport extends NetworkExport {
  readonly troubles: TroubleRows;
}

/** The fields of the troubles. */
export const TROUBLE_FIELDS = {
  severity: {
    help: '5 dropped or refused, 4 failing, 3 losses, 2 slow, 1 other; the fraction grows with the amount',
    ...exported('severity', 'severity'),
    order: falls(1, (rows, row) => rows.severity[row]!),
    value: ({ troubles }, row) => Math.round(troubles.severity[row]! * 1000) / 1000,
  },
  pid: {
    help: 'process ID; of several processes of one name that of the last',
    ...exported('pid', 'pid'),
    value: ({ troubles, section }, row) => {
      const owner = troubles.owner[row]!;
      return owner < 0 ? null : pidValue(section.owners, owner);
    },
  },
  name: {
    help: 'process name, `unknown process` or `the machine`',
    ...exported('process', 'process'),
    order: risesByText(2, (rows) => rows.lowerNames()),
    value: ({ troubles }, row) => troubles.names[row]!,
  },
  trouble: {
    help: 'what is wrong, in words, behind the name',
    ...exported('trouble', 'trouble'),
    value: ({ troubles }, row) => troubles.textOf(row),
  },
  place: {
    help: 'local address and port of a listener; the other end of connections',
    ...exported('place', 'place'),
    value: ({ troubles }, row) => (troubles.places[row] === '' ? null : troubles.places[row]!),
  },
  count: {
    help: 'how often in the last ten seconds: connections, attempts, packets, retransmitted segments',
    ...exported('count', 'count'),
    order: falls(3, (rows, row) => rows.amount[row]!),
    value: ({ troubles }, row) => countValue(troubles.amount[row]!),
  },
} satisfies RowFields<TroubleRows, TroubleExport>;

type TroubleSortKey = SortKeyOf<typeof TROUBLE_FIELDS>;

const TROUBLE_COLUMNS = {
  /** Identity: a hash of kind, name and place. */
  id: numbers('u32'),
  severity: numbers('f64'),
  /** Slots in `section.owners` and `section.hosts`, -1 none. */
  owner: numbers('i32', -1),
  host: numbers('i32', -1),
  /** As `Trouble.count`. */
  amount: numbers('f64', Number.NaN),
  names: TEXT,
  words: TEXT,
  places: TEXT,
};

/** What is wrong with the network, in words, as columns `[0..count)`: the worst 256. Copies, until the next `build`. */
export class TroubleRows extends columnsClass(TROUBLE_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<TroubleSortKey>;
  readonly #texts = new TroubleTexts();
  readonly #lowerNames: string[] = [];

  build(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    filter?: FilterExpression,
    hostName?: HostNames,
  ): void {
    const troubles = findTroubles(section, rates, hostName, this.#texts);
    filter?.begin({ section, inScope: new ScopeFilter(scope, section.interfaces), columns: {} });
    const worst =
      troubles.length > ROWS_LIMIT
        ? [...troubles].sort((a, b) => b.severity - a.severity).slice(0, ROWS_LIMIT)
        : troubles;
    this.count = 0;
    this.unfilteredCount = worst.length;
    for (const trouble of worst) {
      const row = this.count;
      this.reserveAhead(row + 1);
      this.#put(row, trouble);
      if (filter === undefined || this.#passes(filter, row)) this.count++;
    }
  }

  /** `nginx: accept queue full, 120 connections dropped in 10 s`. */
  textOf(row: number): string {
    return `${this.names[row]}: ${this.words[row]}`;
  }

  /** The row with an identity, -1 none. */
  rowOfId(id: number): number {
    for (let row = 0; row < this.count; row++) if (this.id[row] === id) return row;
    return -1;
  }

  lowerNames(): readonly string[] {
    for (let row = 0; row < this.count; row++) this.#lowerNames[row] = this.names[row]!.toLowerCase();
    return this.#lowerNames;
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<TroubleSortKey>): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = row;
    arrangeBy(TROUBLE_FIELDS[key].order, isReversed, this, order, this.count);
  }

  #put(row: number, trouble: Trouble): void {
    this.id[row] = hashOf(trouble.key);
    this.severity[row] = trouble.severity;
    this.owner[row] = trouble.owner;
    this.host[row] = trouble.host;
    this.amount[row] = trouble.count;
    this.names[row] = trouble.name;
    this.words[row] = trouble.words;
    this.places[row] = trouble.place;
  }

  #passes(filter: FilterExpression, row: number): boolean {
    const text = this.textOf(row).toLowerCase();
    const satisfied = filter.alternativesOfSocket(this.owner[row]!, NONE, this.host[row]!, text);
    return filter.passes(satisfied, row);
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
