import { columnsClass, keptRows, numbers, TEXT } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { FormerTraffic, NetworkSection, OwnerTable } from '../sample/network-section.ts';
import type { Grouping } from '../sample/process-table.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import { type ControlGroup, memberOf, OwnerGroups } from './control-groups.ts';
import type { FilterExpression } from './filter/filter-expression.ts';
import { groupFilterText } from './filter/parse-filter.ts';
import { RowsByName } from './name-counts.ts';
import {
  type ExportedTraffic,
  knownSum,
  TRAFFIC_FIELDS,
  type TrafficColumns,
  trafficColumns,
} from './network-fields.ts';
import { ProcessRows } from './process-rows.ts';
import {
  arrangeBy,
  exported,
  falls,
  type RowFields,
  risesByText,
  type SortKeyOf,
  sortKeysOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, type TrafficSortBy } from './row-order.ts';
import { type Scope, ScopeFilter } from './scope.ts';

interface OrderedGroups extends TrafficColumns {
  readonly names: readonly string[];
  readonly processes: Int32Array;
  readonly listeners: Int32Array;
}

export interface GroupExport {
  readonly rows: ExportedTraffic['rows'] & {
    readonly processes: Int32Array;
    nameOf(row: number): string;
    typeOf(row: number): GroupType;
  };
}

export const GROUP_FIELDS = {
  name: {
    help: 'container, unit, session or path',
    ...exported('group', 'group'),
    order: risesByText(8, (rows) => rows.names),
    value: ({ rows }, row) => rows.nameOf(row),
  },
  type: {
    help: '`container`, `systemd`, `user session` or `other`',
    ...exported('type', 'type'),
    value: ({ rows }, row) => rows.typeOf(row),
  },
  processes: {
    help: 'number of processes',
    ...exported('processes', 'processes'),
    order: falls(7, (rows, row) => rows.processes[row]!),
    value: ({ rows }, row) => rows.processes[row]!,
  },
  ...TRAFFIC_FIELDS,
  listeners: {
    help: 'listening sockets',
    order: falls(9, (rows, row) => rows.listeners[row]!),
  },
} satisfies RowFields<OrderedGroups, GroupExport>;

type GroupSortKey = SortKeyOf<typeof GROUP_FIELDS>;

type GroupType = ControlGroup['type'] | Grouping;

/** Maps a sort key of the process table to one of its sums, which have no PID. */
export function groupSortKey(key: string): GroupSortKey {
  return sortKeysOf(GROUP_FIELDS).find((known) => known === key) ?? 'rate';
}

type GroupSort = TrafficSortBy<GroupSortKey>;

const GROUP_COLUMNS = {
  ...trafficColumns(Number.NaN),
  /** Live processes with a row. */
  processes: numbers('i32'),
  /** Of the processes of this network namespace. */
  listeners: numbers('i32'),
  /** 1: a process is in another network namespace, whose listeners are not known. */
  foreign: numbers('u8'),
  /** First of its process rows, -1 none; the graph sums them. */
  firstMember: numbers('i32', -1),
  names: TEXT,
  /** Filter alternatives that one of its processes satisfies. */
  satisfied: numbers('u32'),
};

/**
 * Sums of the process table by control group (containers, systemd services, user sessions and others), or by program,
 * user, container or unit, as columns `[0..count)` in no particular order. Processes without a known group are one row
 * with an empty name. Rates are bytes per second: the sum of the known values, NaN if none is known. Valid until the
 * next `build`.
 */
export class GroupRows extends columnsClass(GROUP_COLUMNS, RankedRows) {
  declare readonly sort: GroupSort;
  readonly #types: GroupType[] = [];
  /** By process row: the next one of the group, -1 end. */
  #nextMember = new Int32Array(0);
  /** Undefined: control groups. */
  #by: Grouping | undefined;
  readonly #processRows = new ProcessRows();
  readonly #groups = new OwnerGroups();
  readonly #named = new RowsByName();

  /**
   * Rebuilds the rows, by control group if `by` is undefined. Sums only processes that pass the filter; its texts are
   * also searched in the group's name, and `up`, `down` and `conns` compare the sums.
   */
  build(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    filter?: FilterExpression,
    by?: Grouping,
  ): void {
    const { owners } = section;
    const processRows = this.#processRows;
    processRows.build(section, rates, scope);
    const isFiltered = filter !== undefined && !filter.isEmpty;
    if (isFiltered) {
      const inScope = new ScopeFilter(scope, section.interfaces);
      filter.begin({ section, inScope, columns: this });
    }
    this.#by = by;
    this.#begin();
    for (let processRow = 0; processRow < processRows.count; processRow++) {
      const owner = processRows.owner[processRow]!;
      const group = this.#groups.of(owners, owner);
      const row = this.#rowFor(owner, this.#keyOf(owners, owner, group), group);
      if (isFiltered) {
        const satisfied = filter.alternativesOfOwner(owners, owner, this.#rowText(owners, owner));
        if (satisfied === 0) continue;
        this.satisfied[row]! |= satisfied;
      }
      this.#add(row, processRow, owners.namespaces[owner] !== undefined);
      if (owners.kind[owner] === OwnerKind.PROCESS && owners.hasExited[owner] === 0) this.processes[row]!++;
    }
    if (section.former !== undefined && by !== 'program' && by !== 'user') {
      this.#moveFormer(section, section.former, scope, isFiltered ? filter : undefined);
    }
    this.unfilteredCount = this.count;
    if (isFiltered) this.#keepMatching(filter);
  }

  /** Container, unit, user or path; empty: no known group. */
  nameOf(row: number): string {
    return this.names[row]!;
  }

  typeOf(row: number): GroupType {
    return this.#types[row]!;
  }

  /** The row of a name, -1 none. */
  rowOfGroup(name: string): number {
    return this.#named.find(name);
  }

  /** A filter that matches exactly the processes of this group: `group="nginx.service"`, `program=chrome`. */
  filterTextOf(row: number): string {
    return groupFilterText(this.nameOf(row), this.#by ?? 'group');
  }

  /** Adds the last HISTORY_LENGTH raw rates of the group to `out`, both directions together, oldest first. */
  addHistoryInto(row: number, out: Float32Array): void {
    for (let member = this.firstMember[row]!; member >= 0; member = this.#nextMember[member]!) {
      this.#processRows.addHistoryInto(member, out);
    }
  }

  /** Maximum number of samples in the histories. */
  get sampleCount(): number {
    return this.#processRows.sampleCount;
  }

  protected override arrange(order: RowOrder, { key, isReversed, isRaw }: GroupSort): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = this.#named.tieOf(this.names[row]!);
    const { names, processes, listeners, upTotal, downTotal, connections } = this;
    const up = isRaw === true ? this.rawUp : this.up;
    const down = isRaw === true ? this.rawDown : this.down;
    const ordered = { names, processes, listeners, up, down, upTotal, downTotal, connections };
    arrangeBy<OrderedGroups>(GROUP_FIELDS[key].order, isReversed, ordered, order, this.count);
  }

  #begin(): void {
    this.count = 0;
    this.clearRows();
    this.#named.begin();
    const { capacity } = this.#processRows;
    if (capacity > this.#nextMember.length) this.#nextMember = new Int32Array(capacity);
  }

  #keyOf(owners: OwnerTable, owner: number, group: ControlGroup | undefined): string {
    return this.#by === undefined ? (group?.name ?? '') : memberOf(this.#by, owners, owner, group);
  }

  /** Text that the filter also searches, in lower case. */
  #rowText(owners: OwnerTable, owner: number): string {
    if (this.#by === 'program') return '';
    if (this.#by === 'user') return (owners.users[owner] ?? '').toLowerCase();
    return this.#groups.lowerNameOf(owners, owner);
  }

  #rowFor(owner: number, name: string, group: ControlGroup | undefined): number {
    const row = this.#named.findOrAdd(owner, name, this.count);
    if (row < this.count) return row;
    this.count++;
    this.reserveAhead(this.count);
    this.names[row] = name;
    this.#types[row] = this.#by ?? group?.type ?? 'other';
    return row;
  }

  #add(row: number, processRow: number, isForeign: boolean): void {
    const from = this.#processRows;
    this.up[row] = knownSum(this.up[row]!, from.up[processRow]!);
    this.down[row] = knownSum(this.down[row]!, from.down[processRow]!);
    this.rawUp[row] = knownSum(this.rawUp[row]!, from.rawUp[processRow]!);
    this.rawDown[row] = knownSum(this.rawDown[row]!, from.rawDown[processRow]!);
    this.upTotal[row] = knownSum(this.upTotal[row]!, from.upTotal[processRow]!);
    this.downTotal[row] = knownSum(this.downTotal[row]!, from.downTotal[processRow]!);
    this.connections[row]! += from.connections[processRow]!;
    if (isForeign) this.foreign[row] = 1;
    else this.listeners[row]! += from.listeners[processRow]!;
    this.#nextMember[processRow] = this.firstMember[row]!;
    this.firstMember[row] = processRow;
  }

  /** Bytes that a process moved before it changed its group belong to its former group. */
  #moveFormer(
    section: NetworkSection,
    former: readonly FormerTraffic[],
    scope: Scope,
    filter: FilterExpression | undefined,
  ): void {
    const { owners, interfaces } = section;
    const inScope = new ScopeFilter(scope, interfaces);
    for (const { owner, cgroup, interfaceIndex, txBytes, rxBytes } of former) {
      if (!inScope.has(interfaceIndex) || this.#processRows.rowOfOwner(owner) < 0) continue;
      const satisfied = filter?.alternativesOfOwner(owners, owner, this.#rowText(owners, owner)) ?? 0;
      if (filter !== undefined && satisfied === 0) continue;
      const now = this.rowOfGroup(this.#keyOf(owners, owner, this.#groups.of(owners, owner)));
      const group = this.#groups.ofPath(cgroup);
      const then = this.#rowFor(owner, this.#keyOf(owners, owner, group), group);
      if (now < 0 || then === now) continue;
      this.satisfied[then]! |= satisfied;
      this.upTotal[now]! -= txBytes;
      this.downTotal[now]! -= rxBytes;
      this.upTotal[then] = knownSum(this.upTotal[then]!, txBytes);
      this.downTotal[then] = knownSum(this.downTotal[then]!, rxBytes);
    }
  }

  #keepMatching(filter: FilterExpression): void {
    const kept = keptRows(this.count);
    let keptCount = 0;
    for (let row = 0; row < this.count; row++) {
      const isKept = filter.passes(this.satisfied[row]!, row);
      this.#named.move(this.names[row]!, isKept ? keptCount : -1);
      if (!isKept) continue;
      this.#types[keptCount] = this.#types[row]!;
      kept[keptCount++] = row;
    }
    this.count = this.compact(kept, keptCount);
  }
}
