import { controlGroupOf } from '../query/groups.ts';
import type { ProcessRows } from '../query/process-rows.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { type NetworkSection, OwnerKind } from '../sample/network-section.ts';
import type { SnapshotHeader } from '../sample/snapshot.ts';
import type { ExportOptions } from './export-options.ts';
import {
  type ConnectionEntry,
  connectionEntry,
  type ListenEntry,
  listenEntries,
  type SocketsByOwner,
} from './json-sockets.ts';
import { countValue, rateValue, timeValue } from '../query/cell-values.ts';

export interface ProcessEntry {
  /** Null for rows without a known process; `name` says what they are. */
  readonly pid: number | null;
  readonly ppid: number | null;
  readonly start_time: string | null;
  readonly name: string;
  readonly cmdline: string | null;
  readonly user: string | null;
  readonly up_rate: number | null;
  readonly down_rate: number | null;
  readonly cum_up: number | null;
  readonly cum_down: number | null;
  readonly connections: readonly ConnectionEntry[];
  readonly listen_ports: readonly ListenEntry[];
  readonly conn_count: number;
  readonly listen_count: number;
  readonly container_id: string | null;
  readonly service_name: string | null;
  /** Some of its bytes were given to it by inference from the endpoint. */
  readonly inferred: boolean;
}

export interface GroupEntry {
  readonly group: string;
  readonly type: string;
  readonly processes: number;
  readonly up_rate: number | null;
  readonly down_rate: number | null;
  readonly cum_up: number | null;
  readonly cum_down: number | null;
  readonly conn_count: number;
}

/** Everything an entry is made from. */
export interface ProcessContext {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  readonly header: SnapshotHeader;
  readonly options: ExportOptions;
  readonly rows: ProcessRows;
  readonly byOwner: SocketsByOwner;
}

export function processEntry(context: ProcessContext, row: number): ProcessEntry {
  const { section, rates, options, rows, byOwner } = context;
  const { owners } = section;
  const owner = rows.owner[row]!;
  const isProcess = owners.kind[owner] === OwnerKind.PROCESS;
  const group = controlGroupOf(owners.cgroups[owner]);
  const connections = byOwner.connections.get(owner) ?? [];
  return {
    pid: isProcess ? owners.pid[owner]! : null,
    ppid: isProcess ? owners.ppid[owner]! : null,
    start_time: isProcess ? startTime(context.header, owners.startTicks[owner]!) : null,
    name: owners.names[owner] ?? '',
    cmdline: owners.commandLines[owner] ?? null,
    user: owners.users[owner] ?? null,
    up_rate: rateValue(rows.rawUp[row]!),
    down_rate: rateValue(rows.rawDown[row]!),
    cum_up: countValue(rows.upTotal[row]!),
    cum_down: countValue(rows.downTotal[row]!),
    connections: connections.map((slot) => connectionEntry(section, rates, slot, options)),
    listen_ports: listenEntries(section, byOwner.listeners.get(owner) ?? []),
    conn_count: rows.connections[row]!,
    listen_count: rows.listeners[row]!,
    container_id: group?.containerId ?? null,
    service_name: group?.serviceName ?? null,
    inferred: rows.isInferred[row] === 1,
  };
}

/** /proc/PID/stat field 22 counts ticks since boot. */
function startTime(header: SnapshotHeader, startTicks: number): string | null {
  return timeValue(header.bootWallMillis + (startTicks / header.clockTicksPerSecond) * 1000);
}

interface GroupSum {
  readonly type: string;
  processes: number;
  up: number;
  down: number;
  upTotal: number;
  downTotal: number;
  connections: number;
}

/** Containers, services and sessions of the rows, the busiest first; rows without a control group are in none. */
export function groupEntries(context: ProcessContext): GroupEntry[] {
  const sums = new Map<string, GroupSum>();
  for (let row = 0; row < context.rows.count; row++) addToGroup(sums, context, row);
  const entries = [...sums].map(([group, sum]) => ({
    group,
    type: sum.type,
    processes: sum.processes,
    up_rate: rateValue(sum.up),
    down_rate: rateValue(sum.down),
    cum_up: countValue(sum.upTotal),
    cum_down: countValue(sum.downTotal),
    conn_count: sum.connections,
  }));
  const busy = (entry: GroupEntry): number => (entry.up_rate ?? 0) + (entry.down_rate ?? 0);
  return entries.sort((a, b) => busy(b) - busy(a) || (a.group < b.group ? -1 : 1));
}

function addToGroup(sums: Map<string, GroupSum>, { section, rows }: ProcessContext, row: number): void {
  const owner = rows.owner[row]!;
  const group = controlGroupOf(section.owners.cgroups[owner]);
  if (group === undefined) return;
  let sum = sums.get(group.name);
  if (sum === undefined) {
    sum = { type: group.type, processes: 0, up: 0, down: 0, upTotal: 0, downTotal: 0, connections: 0 };
    sums.set(group.name, sum);
  }
  const isLiveProcess =
    section.owners.kind[owner] === OwnerKind.PROCESS && section.owners.hasExited[owner] === 0;
  if (isLiveProcess) sum.processes++;
  sum.up += rows.rawUp[row]!;
  sum.down += rows.rawDown[row]!;
  sum.upTotal += rows.upTotal[row]!;
  sum.downTotal += rows.downTotal[row]!;
  sum.connections += rows.connections[row]!;
}
