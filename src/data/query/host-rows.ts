import { columnsClass, keptRows, numbers } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { NameBasis } from '../schema/network-columns.ts';
import type { FilterNames } from './filter/filter-context.ts';
import { type FilterExpression, NONE } from './filter/filter-expression.ts';
import { NameCounts } from './name-counts.ts';
import {
  HealthFigures,
  hasRates,
  healthFields,
  type NetworkExport,
  TRAFFIC_FIELDS,
  trafficColumns,
} from './network-fields.ts';
import { arrangeBy, exported, inJson, type RowFields, risesByText, type SortKeyOf } from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';
import { HostTexts, nameBasisText } from './row-texts.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Export input of remote hosts. */
export interface HostExport extends NetworkExport {
  readonly rows: HostRows;
  /** Names of the processes connected to it now, without duplicates. */
  readonly processNamesOf: (row: number) => readonly string[];
}

export const HOST_FIELDS = {
  name: {
    help: 'host name; `other hosts` for evicted hosts',
    ...exported('host', 'host'),
    order: risesByText(7, (rows) => rows.sortTexts()),
    value: ({ rows, hostName }, row) => {
      const address = rows.addressOf(row);
      return address === '' ? 'other hosts' : (rows.namesOf(row)[0] ?? hostName?.(address) ?? null);
    },
  },
  names: {
    help: 'names that processes used for it, up to four',
    ...inJson('names'),
    value: ({ rows }, row) => rows.namesOf(row),
  },
  'name-basis': {
    help: 'where `host` is from: `sni`, `http` or `dns` ([names.md](names.md)), `ptr` for a reverse lookup',
    ...exported('name_basis', 'name_basis'),
    csvAt: 9,
    value: ({ rows, hostName }, row) => {
      const address = rows.addressOf(row);
      return address === '' ? null : (nameBasisText(rows.nameBasisOf(row), hostName?.(address)) ?? null);
    },
  },
  address: {
    help: 'address',
    ...exported('ip', 'ip'),
    value: ({ rows }, row) => rows.addressOf(row) || null,
  },
  rate: TRAFFIC_FIELDS.rate,
  upload: TRAFFIC_FIELDS.upload,
  download: TRAFFIC_FIELDS.download,
  connections: { ...TRAFFIC_FIELDS.connections, csvAt: 7 },
  processes: {
    help: 'names of the processes connected to it, separated by `;` in CSV',
    ...exported('processes', 'processes'),
    csvAt: 8,
    value: ({ processNamesOf }, row) => processNamesOf(row),
  },
  country: {
    help: 'country, if a database is given with `--geoip`',
    ...exported('country', 'country'),
    csvAt: 2,
    value: ({ rows, country }, row) => {
      const address = rows.addressOf(row);
      return address === '' ? null : (country?.(address) ?? null);
    },
  },
  total: TRAFFIC_FIELDS.total,
  'upload-total': TRAFFIC_FIELDS['upload-total'],
  'download-total': TRAFFIC_FIELDS['download-total'],
  ...healthFields<HostExport>('hosts', ({ rows }, row) => rows.host[row]!),
} satisfies RowFields<HostRows, HostExport>;

type HostSortKey = SortKeyOf<typeof HOST_FIELDS>;

const HOST_COLUMNS = {
  /** Slot in `section.hosts`. */
  host: numbers('i32'),
  ...trafficColumns(0),
  /** Number of different names of the processes connected to it now. */
  processCount: numbers('i32'),
  /** Filter alternatives that one of its connections satisfies. */
  satisfied: numbers('u32'),
};

/**
 * Remote hosts with connections or traffic in scope, as columns `[0..count)` in no particular order. Rates are bytes
 * per second, NaN unknown; totals are bytes since start. Valid until the next `build`.
 */
export class HostRows extends columnsClass(HOST_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<HostSortKey>;
  #section: NetworkSection | undefined;
  #names: FilterNames = {};
  #health: HealthFigures | undefined;
  #rowOf = new Int32Array(0);
  readonly #processes = new NameCounts();
  readonly #texts = new HostTexts();
  readonly #sortTexts: string[] = [];
  #hasSortTexts = false;

  /** Rebuilds the rows. A host is listed if one of its connections passes the filter. */
  build(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    filter?: FilterExpression,
    names: FilterNames = {},
  ): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    this.#section = section;
    this.#names = names;
    this.#health = new HealthFigures('hosts', section, rates);
    this.#hasSortTexts = false;
    this.#fit(section.hosts.slots.capacity);
    this.#rowOf.fill(-1);
    this.clearRows();
    this.#processes.begin(section.hosts.slots.count);
    this.count = 0;
    this.#addTraffic(section, rates, inScope);
    this.#addSockets(section, inScope);
    if (!hasRates(section, rates)) this.#blankRates();
    this.unfilteredCount = this.count;
    if (filter !== undefined && !filter.isEmpty) this.#keepMatching(section, inScope, filter);
  }

  rttOf(row: number): number {
    return this.#health?.rtt(this.host[row]!) ?? Number.NaN;
  }

  retransmittedOf(row: number): number {
    return this.#health?.retransmitted(this.host[row]!) ?? Number.NaN;
  }

  dropsOf(row: number): number {
    return this.#health?.drops(this.host[row]!) ?? Number.NaN;
  }

  /** The row of a host slot, or -1. */
  rowOfHost(hostSlot: number): number {
    return this.#rowOf[hostSlot] ?? -1;
  }

  /** As `addressText`; empty for the row of evicted hosts. */
  addressOf(row: number): string {
    return this.#section === undefined ? '' : this.#texts.of(this.#section.hosts, this.host[row]!);
  }

  /** Up to four names that processes used for it. */
  namesOf(row: number): readonly string[] {
    return this.#section?.hosts.names[this.host[row]!]?.split(' ') ?? [];
  }

  /** NameBasis of these names. */
  nameBasisOf(row: number): number {
    return this.#section?.hosts.nameBasis[this.host[row]!] ?? NameBasis.NONE;
  }

  /** Writes the owner slots of its processes to `out`, each name once, the busiest first; returns how many. */
  processesInto(row: number, out: Int32Array): number {
    return this.#processes.ownersInto(row, out);
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<HostSortKey>): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = this.host[row]!;
    arrangeBy(HOST_FIELDS[key].order, isReversed, this, order, this.count);
  }

  /** Sort texts, computed once per build: names may arrive in between, and the order must stay consistent. */
  sortTexts(): readonly string[] {
    if (this.#hasSortTexts) return this.#sortTexts;
    this.#hasSortTexts = true;
    for (let row = 0; row < this.count; row++) {
      const address = this.addressOf(row);
      this.#sortTexts[row] = this.namesOf(row)[0] ?? this.#names.hostName?.(address) ?? address;
    }
    return this.#sortTexts;
  }

  #fit(capacity: number): void {
    if (capacity <= this.#rowOf.length) return;
    this.#rowOf = new Int32Array(capacity);
    this.reserve(capacity);
  }

  #addTraffic(section: NetworkSection, rates: NetworkRates, inScope: ScopeFilter): void {
    const { hostTraffic } = section;
    const { rows, count } = hostTraffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (!inScope.has(hostTraffic.interfaceIndex[slot]!)) continue;
      if (!(hostTraffic.txBytes[slot]! + hostTraffic.rxBytes[slot]! > 0)) continue;
      const row = this.#rowFor(hostTraffic.subject[slot]!);
      this.up[row]! += rates.hostTraffic.smoothTx[slot]!;
      this.down[row]! += rates.hostTraffic.smoothRx[slot]!;
      this.rawUp[row]! += rates.hostTraffic.rawTx[slot]!;
      this.rawDown[row]! += rates.hostTraffic.rawRx[slot]!;
      this.upTotal[row]! += hostTraffic.txBytes[slot]!;
      this.downTotal[row]! += hostTraffic.rxBytes[slot]!;
    }
  }

  #addSockets(section: NetworkSection, inScope: ScopeFilter): void {
    const { sockets, accounts, owners } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const host = accounts.host[slot]!;
      if (host < 0 || accounts.isClosed[slot] === 1) continue;
      if (!inScope.has(accounts.interfaceIndex[slot]!)) continue;
      const row = this.#rowFor(host);
      this.connections[row]!++;
      const owner = accounts.owner[slot]!;
      if (owner >= 0 && this.#processes.add(row, owners, owner)) this.processCount[row]!++;
    }
  }

  /** Missing is not zero. */
  #blankRates(): void {
    for (const column of [this.up, this.down, this.rawUp, this.rawDown]) {
      column.fill(Number.NaN, 0, this.count);
    }
  }

  #keepMatching(section: NetworkSection, inScope: ScopeFilter, filter: FilterExpression): void {
    filter.begin({ section, inScope, columns: this });
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const host = accounts.host[slot]!;
      if (host < 0 || accounts.isClosed[slot] === 1) continue;
      if (!inScope.has(accounts.interfaceIndex[slot]!)) continue;
      const row = this.#rowOf[host]!;
      if (filter.isEveryAlternative(this.satisfied[row]!)) continue;
      const owner = accounts.owner[slot]!;
      this.satisfied[row]! |= filter.alternativesOfSocket(owner, slot, host);
    }
    const kept = keptRows(this.count);
    let keptCount = 0;
    for (let row = 0; row < this.count; row++) {
      const host = this.host[row]!;
      this.#rowOf[host] = -1;
      const satisfied =
        this.connections[row] === 0 ? filter.alternativesOfSocket(NONE, NONE, host) : this.satisfied[row]!;
      if (!filter.passes(satisfied, row)) continue;
      this.#processes.moveRow(row, keptCount);
      kept[keptCount] = row;
      this.#rowOf[host] = keptCount++;
    }
    this.count = this.compact(kept, keptCount);
  }

  #rowFor(host: number): number {
    const known = this.#rowOf[host]!;
    if (known >= 0) return known;
    const row = this.count++;
    this.#rowOf[host] = row;
    this.host[row] = host;
    return row;
  }
}
