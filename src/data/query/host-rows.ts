import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { FilterNames } from './filter/filter-context.ts';
import { type FilterExpression, NONE } from './filter/filter-expression.ts';
import { HOST_FIELDS } from './host-fields.ts';
import { HostTexts } from './host-texts.ts';
import { NameCounts } from './name-counts.ts';
import { RankedRows } from './ranked-rows.ts';
import { arrangeBy, type SortKeyOf } from './row-fields.ts';
import type { RowOrder } from './row-order.ts';
import { type Scope, ScopeFilter } from './scope.ts';
import type { SortBy } from './sort.ts';

type HostSortKey = SortKeyOf<typeof HOST_FIELDS>;

/**
 * Remote hosts with connections or traffic in scope, as columns `[0..count)` in no particular order. Rates are bytes
 * per second, NaN unknown; totals are bytes since start. Valid until the next `build`.
 */
export class HostRows extends RankedRows {
  declare readonly sortKey: HostSortKey;
  /** Rows before the filter took some away. */
  unfilteredCount = 0;
  /** Slot in `section.hosts`. */
  host = new Int32Array(0);
  /** Smoothed, for the screen. */
  up = new Float64Array(0);
  down = new Float64Array(0);
  rawUp = new Float64Array(0);
  rawDown = new Float64Array(0);
  upTotal = new Float64Array(0);
  downTotal = new Float64Array(0);
  connections = new Int32Array(0);
  /** Names of processes, each once, that have a connection to it now. */
  processCount = new Int32Array(0);
  #section: NetworkSection | undefined;
  #names: FilterNames = {};
  #rowOf = new Int32Array(0);
  /** Alternatives of the filter that one of the row's connections satisfies. */
  #satisfied = new Uint32Array(0);
  readonly #processes = new NameCounts();
  readonly #texts = new HostTexts();
  readonly #sortTexts: string[] = [];
  #hasSortTexts = false;

  /** Makes the rows anew. A host is shown if one of its connections satisfies the filter. */
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
    this.#hasSortTexts = false;
    this.#reserve(section.hosts.slots.capacity);
    this.#rowOf.fill(-1);
    this.#processes.begin(section.hosts.slots.count);
    this.count = 0;
    this.#addTraffic(section, rates, inScope);
    this.#addSockets(section, inScope);
    if (section.counted === 'none' || Number.isNaN(rates.intervalSeconds)) this.#blankRates();
    this.unfilteredCount = this.count;
    if (filter !== undefined && !filter.isEmpty) this.#keepMatching(section, inScope, filter);
  }

  /** The row of a host slot, or -1. */
  rowOfHost(hostSlot: number): number {
    return this.#rowOf[hostSlot] ?? -1;
  }

  /** As `addressText`; empty for the row of the hosts that were dropped. */
  addressOf(row: number): string {
    return this.#section === undefined ? '' : this.#texts.of(this.#section.hosts, this.host[row]!);
  }

  /** Writes owner slots of the processes with connections to it, each name once, the busiest first; how many. */
  processesInto(row: number, out: Int32Array): number {
    return this.#processes.ownersInto(row, out);
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<HostSortKey>): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = this.host[row]!;
    arrangeBy<HostRows>(HOST_FIELDS[key].order, isReversed, this, order, this.count);
  }

  /** By what names are ordered. Once a build: names may come in between, and the order has to stay one order. */
  sortTexts(): readonly string[] {
    if (this.#hasSortTexts) return this.#sortTexts;
    this.#hasSortTexts = true;
    for (let row = 0; row < this.count; row++) {
      const address = this.addressOf(row);
      this.#sortTexts[row] = this.#names.hostName?.(address) ?? address;
    }
    return this.#sortTexts;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#rowOf.length) return;
    this.#rowOf = new Int32Array(capacity);
    this.#satisfied = new Uint32Array(capacity);
    this.host = new Int32Array(capacity);
    this.up = new Float64Array(capacity);
    this.down = new Float64Array(capacity);
    this.rawUp = new Float64Array(capacity);
    this.rawDown = new Float64Array(capacity);
    this.upTotal = new Float64Array(capacity);
    this.downTotal = new Float64Array(capacity);
    this.connections = new Int32Array(capacity);
    this.processCount = new Int32Array(capacity);
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
    this.#satisfied.fill(0, 0, this.count);
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const host = accounts.host[slot]!;
      if (host < 0 || accounts.isClosed[slot] === 1) continue;
      if (!inScope.has(accounts.interfaceIndex[slot]!)) continue;
      const row = this.#rowOf[host]!;
      if (filter.isEveryAlternative(this.#satisfied[row]!)) continue;
      const owner = accounts.owner[slot]!;
      this.#satisfied[row]! |= filter.alternativesOfSocket(owner, slot, host);
    }
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      const host = this.host[row]!;
      this.#rowOf[host] = -1;
      const satisfied =
        this.connections[row] === 0 ? filter.alternativesOfSocket(NONE, NONE, host) : this.#satisfied[row]!;
      if (!filter.passes(satisfied, row)) continue;
      this.#moveRow(row, kept);
      this.#rowOf[host] = kept++;
    }
    this.count = kept;
  }

  #moveRow(from: number, to: number): void {
    if (from === to) return;
    this.host[to] = this.host[from]!;
    this.up[to] = this.up[from]!;
    this.down[to] = this.down[from]!;
    this.rawUp[to] = this.rawUp[from]!;
    this.rawDown[to] = this.rawDown[from]!;
    this.upTotal[to] = this.upTotal[from]!;
    this.downTotal[to] = this.downTotal[from]!;
    this.connections[to] = this.connections[from]!;
    this.processCount[to] = this.processCount[from]!;
    this.#processes.moveRow(from, to);
  }

  #rowFor(host: number): number {
    const known = this.#rowOf[host]!;
    if (known >= 0) return known;
    const row = this.count++;
    this.#rowOf[host] = row;
    this.host[row] = host;
    this.up[row] = 0;
    this.down[row] = 0;
    this.rawUp[row] = 0;
    this.rawDown[row] = 0;
    this.upTotal[row] = 0;
    this.downTotal[row] = 0;
    this.connections[row] = 0;
    this.processCount[row] = 0;
    return row;
  }
}
