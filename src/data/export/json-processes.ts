import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { GROUP_FIELDS, type GroupExport } from '../query/group-fields.ts';
import { type ControlGroup, controlGroupOf } from '../query/groups.ts';
import type { NetworkExport } from '../query/network-export.ts';
import { PROCESS_FIELDS, type ProcessExport } from '../query/process-fields.ts';
import type { ProcessRows } from '../query/process-rows.ts';
import type { JsonEntry } from '../query/row-fields.ts';
import { type Scope, ScopeFilter } from '../query/scope.ts';
import { trafficColumns } from '../query/traffic-fields.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { type FormerTraffic, type NetworkSection, OwnerKind } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import type { ExportOptions } from './export-options.ts';
import { entryMaker } from './exported-fields.ts';
import { connectionEntry, listenEntries, SocketsByOwner } from './json-sockets.ts';

type GroupEntry = JsonEntry<typeof GROUP_FIELDS>;

export const processEntry = entryMaker<typeof PROCESS_FIELDS, ProcessExport>(PROCESS_FIELDS);
const groupEntry = entryMaker<typeof GROUP_FIELDS, GroupExport>(GROUP_FIELDS);

/** Everything that entries of processes are made from. */
export interface ProcessContext extends ProcessExport {
  readonly rows: ProcessRows;
  readonly byOwner: SocketsByOwner;
}

/** `rows` are those built from the section. */
export function processContext(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: Pick<NetworkExport, 'hostName' | 'serviceName' | 'country'> & Pick<ExportOptions, 'scope'>,
  rows: ProcessRows,
): ProcessContext {
  const { hostName, serviceName, country } = options;
  const source = { section, rates, hostName, serviceName, country };
  const byOwner = new SocketsByOwner(section, options.scope);
  const listenersOf = (owner: number): readonly number[] => byOwner.listeners.get(owner) ?? [];
  // Several fields ask for the same one in a row.
  let groupOwner = -1;
  let group: ControlGroup | undefined;
  return {
    ...source,
    ...{ header, rows, byOwner },
    connectionsOf: (owner) =>
      (byOwner.connections.get(owner) ?? []).map((slot) => connectionEntry(source, slot)),
    listenersOf: (owner) => listenEntries(section, listenersOf(owner)),
    portsOf: (owner) => {
      const ports = new Set(listenersOf(owner).map((slot) => section.sockets.localPort[slot]!));
      return [...ports].sort((a, b) => a - b);
    },
    groupOf: (owner) => {
      if (owner !== groupOwner) group = controlGroupOf(section.owners.cgroups[owner]);
      groupOwner = owner;
      return group;
    },
  };
}

/** Containers, services and sessions of the rows, the busiest first; rows without a control group are in none. */
export function groupEntries({ section, rows }: ProcessContext, scope: Scope): GroupEntry[] {
  const sums = new GroupSums();
  for (let row = 0; row < rows.count; row++) sums.add(section, rows, row);
  const inScope = new ScopeFilter(scope, section.interfaces);
  for (const former of section.former ?? []) {
    if (inScope.has(former.interfaceIndex) && rows.rowOfOwner(former.owner) >= 0) sums.move(section, former);
  }
  const entries = Array.from({ length: sums.count }, (_, row) => groupEntry({ rows: sums }, row));
  const busy = (entry: GroupEntry): number => (entry.up_rate ?? 0) + (entry.down_rate ?? 0);
  return entries.sort((a, b) => busy(b) - busy(a) || (a.group < b.group ? -1 : 1));
}

/** Sums over the processes of each group; unknown where one of them is. */
class GroupSums extends columnsClass({ ...trafficColumns(0), processes: numbers('i32') }) {
  count = 0;
  readonly #groups: ControlGroup[] = [];
  readonly #rowOf = new Map<string, number>();

  nameOf(row: number): string {
    return this.#groups[row]!.name;
  }

  typeOf(row: number): ControlGroup['type'] {
    return this.#groups[row]!.type;
  }

  add({ owners }: NetworkSection, rows: ProcessRows, from: number): void {
    const owner = rows.owner[from]!;
    const group = controlGroupOf(owners.cgroups[owner]);
    if (group === undefined) return;
    const row = this.#rowFor(group);
    if (owners.kind[owner] === OwnerKind.PROCESS && owners.hasExited[owner] === 0) this.processes[row]!++;
    this.rawUp[row]! += rows.rawUp[from]!;
    this.rawDown[row]! += rows.rawDown[from]!;
    this.upTotal[row]! += rows.upTotal[from]!;
    this.downTotal[row]! += rows.downTotal[from]!;
    this.connections[row]! += rows.connections[from]!;
  }

  /** What a process had before it was moved to its group is that of the group of then. */
  move({ owners }: NetworkSection, { owner, cgroup, txBytes, rxBytes }: FormerTraffic): void {
    const [then, now] = [controlGroupOf(cgroup), controlGroupOf(owners.cgroups[owner])];
    if (now !== undefined) this.#addTotals(this.#rowFor(now), -txBytes, -rxBytes);
    if (then !== undefined) this.#addTotals(this.#rowFor(then), txBytes, rxBytes);
  }

  #addTotals(row: number, txBytes: number, rxBytes: number): void {
    this.upTotal[row]! += txBytes;
    this.downTotal[row]! += rxBytes;
  }

  #rowFor(group: ControlGroup): number {
    const row = this.#rowOf.get(group.name) ?? this.count;
    if (row === this.count) {
      this.reserveAhead(++this.count);
      this.#rowOf.set(group.name, row);
      this.#groups.push(group);
    }
    return row;
  }
}
