import { columnsClass, keptRows, numbers } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { joinedNames } from '../sample/joined-names.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import { isConnection, isListener, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { NameBasis, OwnerKind } from '../schema/network-columns.ts';
import type { OwnerFilter } from './filter/filter-context.ts';
import { HealthFigures, hasRates, trafficColumns } from './network-fields.ts';
import { ProcessOrder, type Sort } from './process-fields.ts';
import { RankedRows, type RowOrder } from './row-order.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Number of sockets counted in half a millisecond by code that is not yet compiled. */
const SOCKETS_BETWEEN_RESTS = 1024;

const PROCESS_COLUMNS = {
  /** Slot in `section.owners`. */
  owner: numbers('i32'),
  /** `connections` and `listeners` (unconnected UDP included) are live sockets in scope. */
  ...trafficColumns(0),
  listeners: numbers('i32'),
  /** 1: some of its bytes were inferred. */
  isInferred: numbers('u8'),
  /** First of its traffic slots, -1 none; the graph sums them. */
  firstTraffic: numbers('i32', -1),
  /** Live sockets whose bytes are counted, and those whose bytes are not. */
  countedSockets: numbers('i32'),
  uncountedSockets: numbers('i32'),
};

/**
 * The process table: one row for each owner with sockets or traffic in scope, as columns `[0..count)`. Rates are
 * bytes per second, NaN unknown; totals are bytes since start. Valid until the next `build`.
 */
export class ProcessRows extends columnsClass(PROCESS_COLUMNS, RankedRows) {
  declare readonly sort: Sort;
  #section: NetworkSection | undefined;
  #rates: NetworkRates | undefined;
  /** Row of each owner slot, -1 none. */
  #rowOf = new Int32Array(0);
  /** By traffic slot: the next one of the row, -1 end. */
  #nextTraffic = new Int32Array(0);
  /** Health by owner slot, of the last `build`. */
  health: HealthFigures | undefined;
  /** By owner: up to four names that it uses for remote hosts, joined by spaces. */
  readonly #names = new Map<number, string>();
  readonly #order = new ProcessOrder();

  /** Rebuilds the rows in one pass over owners, traffic and sockets. Allocates only when tables have grown. */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope, filter?: OwnerFilter): void {
    const inScope = this.#begin(section, rates, scope);
    this.#addSockets(section, inScope, 0, section.sockets.slots.count);
    this.#finish(section, rates, scope, inScope, filter);
  }

  /** As `build`, in slices: 20,000 sockets in 3,000 processes take 20 ms at first. Incomplete until it resolves. */
  async buildInSlices(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    filter: OwnerFilter | undefined,
    slice: Slice,
  ): Promise<void> {
    const inScope = this.#begin(section, rates, scope);
    const { count } = section.sockets.slots;
    for (let from = 0; from < count; from += SOCKETS_BETWEEN_RESTS) {
      this.#addSockets(section, inScope, from, Math.min(from + SOCKETS_BETWEEN_RESTS, count));
      if (slice.due()) await slice.rest();
    }
    this.#finish(section, rates, scope, inScope, filter);
  }

  /** Up to four names that the owner uses for remote hosts of connections in scope. */
  namesOfOwner(owner: number): readonly string[] {
    return this.#names.get(owner)?.split(' ') ?? [];
  }

  #begin(section: NetworkSection, rates: NetworkRates, scope: Scope): ScopeFilter {
    this.#names.clear();
    const inScope = new ScopeFilter(scope, section.interfaces);
    this.#section = section;
    this.#rates = rates;
    this.health = new HealthFigures('owners', section, rates);
    this.#reserve(section);
    this.#startRows(section);
    this.#addTraffic(section, rates, inScope);
    return inScope;
  }

  #finish(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    inScope: ScopeFilter,
    filter: OwnerFilter | undefined,
  ): void {
    this.#blankUncounted(section, rates);
    filter?.begin?.({ section, inScope, columns: this });
    this.#keepVisible(section, scope, filter);
  }

  /** The row of an owner slot, or -1. */
  rowOfOwner(ownerSlot: number): number {
    return this.#rowOf[ownerSlot] ?? -1;
  }

  protected override arrange(order: RowOrder, sort: Sort): void {
    if (this.#section !== undefined)
      this.#order.arrange(order, this, this.#section.owners, sort, this.health);
  }

  /** Compared by the filter keys `rtt`, `retrans` and `drops`. */
  rttOf(row: number): number {
    return this.health?.rtt(this.owner[row]!) ?? Number.NaN;
  }

  retransmittedOf(row: number): number {
    return this.health?.retransmitted(this.owner[row]!) ?? Number.NaN;
  }

  dropsOf(row: number): number {
    return this.health?.drops(this.owner[row]!) ?? Number.NaN;
  }

  /** Adds the row's last HISTORY_LENGTH raw rates to `out`, both directions together, oldest first. */
  addHistoryInto(row: number, out: Float32Array): void {
    const history = this.#rates?.history;
    if (history === undefined) return;
    for (let slot = this.firstTraffic[row]!; slot >= 0; slot = this.#nextTraffic[slot]!) {
      history.addInto(slot, out);
    }
  }

  /** Maximum number of samples in the histories, since rates began. */
  get sampleCount(): number {
    return this.#rates?.history.sampleCount ?? 0;
  }

  #reserve(section: NetworkSection): void {
    const ownerCapacity = section.owners.slots.capacity;
    if (section.traffic.slots.capacity > this.#nextTraffic.length) {
      this.#nextTraffic = new Int32Array(section.traffic.slots.capacity);
    }
    if (ownerCapacity <= this.#rowOf.length) return;
    this.#rowOf = new Int32Array(ownerCapacity);
    this.reserve(ownerCapacity);
  }

  /** Adds an empty row for every owner; rows without anything in scope are removed later. */
  #startRows(section: NetworkSection): void {
    const { rows, count } = section.owners.slots;
    this.#rowOf.fill(-1);
    this.clearRows();
    for (let row = 0; row < count; row++) {
      const owner = rows[row]!;
      this.owner[row] = owner;
      this.#rowOf[owner] = row;
    }
    this.count = count;
  }

  #addTraffic(section: NetworkSection, rates: NetworkRates, inScope: ScopeFilter): void {
    const { traffic } = section;
    const { rows, count } = traffic.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (!inScope.has(traffic.interfaceIndex[slot]!)) continue;
      const row = this.#rowOf[traffic.subject[slot]!]!;
      if (row < 0) continue;
      this.#nextTraffic[slot] = this.firstTraffic[row]!;
      this.firstTraffic[row] = slot;
      this.up[row]! += rates.traffic.smoothTx[slot]!;
      this.down[row]! += rates.traffic.smoothRx[slot]!;
      this.rawUp[row]! += rates.traffic.rawTx[slot]!;
      this.rawDown[row]! += rates.traffic.rawRx[slot]!;
      this.upTotal[row]! += traffic.txBytes[slot]!;
      this.downTotal[row]! += traffic.rxBytes[slot]!;
      if (traffic.inferredTxBytes[slot]! + traffic.inferredRxBytes[slot]! > 0) this.isInferred[row] = 1;
    }
  }

  #addSockets(section: NetworkSection, inScope: ScopeFilter, from: number, end: number): void {
    const { sockets, accounts } = section;
    const { rows } = sockets.slots;
    for (let i = from; i < end; i++) {
      const slot = rows[i]!;
      const owner = accounts.owner[slot]!;
      if (owner < 0 || accounts.isClosed[slot] === 1) continue;
      const row = this.#rowOf[owner]!;
      if (row < 0) continue;
      const interfaceIndex = accounts.interfaceIndex[slot]!;
      if (isListener(sockets, slot)) {
        if (!inScope.hasListener(interfaceIndex)) continue;
        this.listeners[row]!++;
      } else {
        if (!inScope.has(interfaceIndex)) continue;
        if (isConnection(sockets, slot)) this.connections[row]!++;
        if (sockets.nameBasis[slot] !== NameBasis.NONE) this.#addName(owner, sockets.remoteName[slot] ?? '');
      }
      const isUncounted = sockets.protocol[slot] === PROTOCOL_UDP && Number.isNaN(accounts.txBytes[slot]!);
      if (isUncounted) this.uncountedSockets[row]!++;
      else this.countedSockets[row]!++;
    }
  }

  #addName(owner: number, name: string): void {
    const known = this.#names.get(owner);
    const all = known === undefined ? name : joinedNames(known, name);
    if (all !== known) this.#names.set(owner, all);
  }

  /** Removes rows without anything in scope, idle rows of exited processes, and rows that fail the filter. */
  #keepVisible(section: NetworkSection, scope: Scope, filter: OwnerFilter | undefined): void {
    const { owners } = section;
    const kept = keptRows(this.count);
    let keptCount = 0;
    this.unfilteredCount = 0;
    for (let row = 0; row < this.count; row++) {
      const owner = this.owner[row]!;
      this.#rowOf[owner] = -1;
      const isGone = owners.hasExited[owner] === 1 || owners.kind[owner] !== OwnerKind.PROCESS;
      if (!this.#isVisible(row, isGone && scope.includeExited !== true)) continue;
      this.unfilteredCount++;
      if (filter !== undefined && !filter.matches(owners, owner, row)) continue;
      kept[keptCount] = row;
      this.#rowOf[owner] = keptCount++;
    }
    this.count = this.compact(kept, keptCount);
  }

  #isVisible(row: number, leavesAtRest: boolean): boolean {
    if (this.connections[row]! + this.listeners[row]! > 0) return true;
    if (!(this.upTotal[row]! + this.downTotal[row]! > 0)) return false;
    return !leavesAtRest || this.up[row]! + this.down[row]! > 0;
  }

  /** Rates are unknown before the second sample, and if none of a row's sockets is counted. */
  #blankUncounted(section: NetworkSection, rates: NetworkRates): void {
    const isUnknown = !hasRates(section, rates);
    for (let row = 0; row < this.count; row++) {
      const isUncounted =
        this.uncountedSockets[row]! > 0 && this.countedSockets[row] === 0 && this.firstTraffic[row]! < 0;
      if (!isUnknown && !isUncounted) continue;
      this.up[row] = Number.NaN;
      this.down[row] = Number.NaN;
      this.rawUp[row] = Number.NaN;
      this.rawDown[row] = Number.NaN;
      if (!isUncounted && section.counted !== 'none') continue;
      this.upTotal[row] = Number.NaN;
      this.downTotal[row] = Number.NaN;
    }
  }
}
