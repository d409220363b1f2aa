import { columnsClass, numbers, TEXT } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { FormerTraffic, NetworkSection } from '../sample/network-section.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import { type ControlGroup, controlGroupOf, OwnerGroups } from './control-groups.ts';
import type { FilterExpression } from './filter/filter-expression.ts';
import { groupFilterText } from './filter/parse-filter.ts';
import { NameNumbers } from './name-counts.ts';
import {
  type ExportedTraffic,
  knownSum,
  TRAFFIC_FIELDS,
  type TrafficColumns,
  trafficColumns,
} from './network-fields.ts';
import { ProcessRows } from './process-rows.ts';
import { arrangeBy, exported, falls, type RowFields, risesByText, type SortKeyOf } from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** What control groups are ordered by. */
interface OrderedGroups extends TrafficColumns {
  readonly names: readonly string[];
  readonly processes: Int32Array;
}

/** What exports read a control group from. */
export interface GroupExport {
  readonly rows: ExportedTraffic['rows'] & {
    readonly processes: Int32Array;
    nameOf(row: number): string;
    typeOf(row: number): ControlGroup['type'];
  };
}

/** The fields of the control groups. */
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
    help: 'how many processes it has',
    ...exported('processes', 'processes'),
    order: falls(7, (rows, row) => rows.processes[row]!),
    value: ({ rows }, row) => rows.processes[row]!,
  },
  ...TRAFFIC_FIELDS,
} satisfies RowFields<OrderedGroups, GroupExport>;

type GroupSortKey = SortKeyOf<typeof GROUP_FIELDS>;

type GroupType = ControlGroup['type'];

const GROUP_COLUMNS = {
  ...trafficColumns(Number.NaN),
  /** Live processes with a row. */
  processes: numbers('i32'),
  names: TEXT,
  /** Alternatives of the filter that one of the group's processes satisfies. */
  satisfied: numbers('u32'),
};

/**
 * The rows of the process table by control group: containers, systemd services, user sessions and others, as columns
 * `[0..count)` in no particular order. What has no known group is one row with an empty name. Rates are bytes per
 * second: the sum of what is known, NaN if nothing is. Valid until the next `build`.
 */
export class GroupRows extends columnsClass(GROUP_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<GroupSortKey>;
  readonly #types: GroupType[] = [];
  #rowOfNumber = new Int32Array(0);
  #kept = new Int32Array(0);
  readonly #processRows = new ProcessRows();
  readonly #groups = new OwnerGroups();
  readonly #numbers = new NameNumbers();

  /**
   * Makes the rows anew. Those processes are summed up that satisfy the filter, its texts looked for in the group's
   * name too; `up`, `down` and `conns` are those of the group.
   */
  build(section: NetworkSection, rates: NetworkRates, scope: Scope, filter?: FilterExpression): void {
    const { owners } = section;
    const processRows = this.#processRows;
    processRows.build(section, rates, scope);
    const isFiltered = filter !== undefined && !filter.isEmpty;
    if (isFiltered) {
      const inScope = new ScopeFilter(scope, section.interfaces);
      filter.begin({ section, inScope, columns: this });
    }
    this.#begin();
    for (let processRow = 0; processRow < processRows.count; processRow++) {
      const owner = processRows.owner[processRow]!;
      const group = this.#groups.of(owners, owner);
      const row = this.#rowFor(owner, group);
      if (isFiltered) {
        const text = this.#groups.lowerNameOf(owners, owner);
        const satisfied = filter.alternativesOfOwner(owners, owner, text);
        if (satisfied === 0) continue;
        this.satisfied[row]! |= satisfied;
      }
      this.#add(row, processRow);
      if (owners.kind[owner] === OwnerKind.PROCESS && owners.hasExited[owner] === 0) this.processes[row]!++;
    }
    if (section.former !== undefined) {
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
    const number = this.#numbers.find(name);
    return number < 0 ? -1 : (this.#rowOfNumber[number] ?? -1);
  }

  /** A filter that lets the processes of this very group through: `group="nginx.service"`. */
  filterTextOf(row: number): string {
    return groupFilterText(this.nameOf(row));
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<GroupSortKey>): void {
    // Names are unique, so that numbers of names are too, and stay.
    for (let row = 0; row < this.count; row++) order.ties[row] = this.#numbers.find(this.names[row]!);
    arrangeBy<GroupRows>(GROUP_FIELDS[key].order, isReversed, this, order, this.count);
  }

  #begin(): void {
    this.count = 0;
    this.clearRows();
    this.#numbers.begin();
    this.#rowOfNumber.fill(-1);
  }

  #rowFor(owner: number, group: ControlGroup | undefined): number {
    const name = group?.name ?? '';
    const number = this.#numbers.of(owner, name);
    if (number >= this.#rowOfNumber.length) {
      const rowOfNumber = new Int32Array(Math.max(64, number * 2)).fill(-1);
      this.#rowOfNumber = lengthened(this.#rowOfNumber, rowOfNumber);
    }
    const known = this.#rowOfNumber[number]!;
    if (known >= 0) return known;
    const row = this.count++;
    this.reserveAhead(this.count);
    this.#rowOfNumber[number] = row;
    this.names[row] = name;
    this.#types[row] = group?.type ?? 'other';
    return row;
  }

  #add(row: number, processRow: number): void {
    const from = this.#processRows;
    this.up[row] = knownSum(this.up[row]!, from.up[processRow]!);
    this.down[row] = knownSum(this.down[row]!, from.down[processRow]!);
    this.rawUp[row] = knownSum(this.rawUp[row]!, from.rawUp[processRow]!);
    this.rawDown[row] = knownSum(this.rawDown[row]!, from.rawDown[processRow]!);
    this.upTotal[row] = knownSum(this.upTotal[row]!, from.upTotal[processRow]!);
    this.downTotal[row] = knownSum(this.downTotal[row]!, from.downTotal[processRow]!);
    this.connections[row]! += from.connections[processRow]!;
  }

  /** What a process had before it was moved to its group is that of the group of then. */
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
      const text = this.#groups.lowerNameOf(owners, owner);
      const satisfied = filter?.alternativesOfOwner(owners, owner, text) ?? 0;
      if (filter !== undefined && satisfied === 0) continue;
      const now = this.rowOfGroup(this.#groups.of(owners, owner)?.name ?? '');
      const then = this.#rowFor(owner, controlGroupOf(cgroup));
      if (now < 0 || then === now) continue;
      this.satisfied[then]! |= satisfied;
      this.upTotal[now]! -= txBytes;
      this.downTotal[now]! -= rxBytes;
      this.upTotal[then] = knownSum(this.upTotal[then]!, txBytes);
      this.downTotal[then] = knownSum(this.downTotal[then]!, rxBytes);
    }
  }

  #keepMatching(filter: FilterExpression): void {
    if (this.#kept.length < this.count) this.#kept = new Int32Array(this.capacity);
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      const number = this.#numbers.find(this.names[row]!);
      this.#rowOfNumber[number] = -1;
      if (!filter.passes(this.satisfied[row]!, row)) continue;
      this.#types[kept] = this.#types[row]!;
      this.#kept[kept] = row;
      this.#rowOfNumber[number] = kept++;
    }
    this.compact(this.#kept, kept);
    this.count = kept;
  }
}
