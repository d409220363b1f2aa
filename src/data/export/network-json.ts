import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { CONNECTION_FIELDS } from '../query/connection-rows.ts';
import { type ControlGroup, controlGroupOf, OwnerGroups } from '../query/control-groups.ts';
import type { FilterExpression } from '../query/filter/filter-expression.ts';
import { GROUP_FIELDS, type GroupExport } from '../query/group-rows.ts';
import { HOST_FIELDS, type HostExport, HostRows } from '../query/host-rows.ts';
import { LISTEN_FIELDS, type ListenExport } from '../query/listen-rows.ts';
import { knownSum, type Listener, type NetworkExport, trafficColumns } from '../query/network-fields.ts';
import { PROCESS_FIELDS, type ProcessExport, type Sort } from '../query/process-fields.ts';
import { ProcessRows } from '../query/process-rows.ts';
import { countValue, entryMaker, type JsonEntry, rateValue, timeValue } from '../query/row-fields.ts';
import { protocolName } from '../query/row-texts.ts';
import { type Scope, ScopeFilter } from '../query/scope.ts';
import { TROUBLE_FIELDS, type TroubleExport, TroubleRows } from '../query/trouble-rows.ts';
import { type NetworkRates, TOTALS_SLOT } from '../rates/network-rates.ts';
import { addressText } from '../sample/address.ts';
import type { FormerTraffic, NetworkSection } from '../sample/network-section.ts';
import type { Grouping } from '../sample/process-table.ts';
import { isConnection, isListener, PROTOCOL_TCP } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, OwnerKind, TcpState } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';

/** What an export is about, and who knows names. Exports keep exited processes, whatever the scope says. */
export interface ExportOptions {
  readonly scope: Scope;
  readonly sort: Sort;
  /** Narrows processes, groups and listening ports; hosts and interfaces stay whole. */
  readonly filter?: FilterExpression;
  /** CSV and tables have a row for each of these, with sums; undefined: a row for each process. */
  readonly groupBy?: Grouping | undefined;
  /** Name of a remote address, if it is known by now. */
  readonly hostName?: (address: string) => string | undefined;
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
  readonly country?: (address: string) => string | undefined;
}

/** Version of the shape below. */
const JSON_SCHEMA = 1;

type ListenPortEntry = JsonEntry<typeof LISTEN_FIELDS>;

const listenPortEntry = entryMaker<typeof LISTEN_FIELDS, ListenExport>(LISTEN_FIELDS);

/** The snapshot as one line of JSON, without a line end. */
export function snapshotToJson(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
): string {
  return JSON.stringify(snapshotEntry(section, rates, header, options));
}

/** One line of `--json`. Rates are bytes per second, unsmoothed, null before the second sample; totals are bytes. */
export function snapshotEntry(
  section: NetworkSection,
  rates: NetworkRates,
  header: SnapshotHeader,
  options: ExportOptions,
) {
  const rows = new ProcessRows();
  rows.build(section, rates, { ...options.scope, includeExited: true }, options.filter);
  const context = processContext(section, rates, header, options, rows);
  const [totalUp, totalDown] = totals(rates, options);
  return {
    schema: JSON_SCHEMA,
    timestamp: timeValue(header.wallMillis),
    interval_s: rateValue(rates.intervalSeconds),
    backend: section.tier,
    counted: section.counted,
    parts: section.parts ?? null,
    lost: { closings: section.lostClosings, bytes: section.lost.bytes, packets: section.lost.packets },
    host: header.hostName,
    processes: Array.from(rows.order({ ...options.sort, isRaw: true }), (row) => processEntry(context, row)),
    interfaces: interfaceEntries(section, rates, options),
    remote_hosts: hostEntries(section, rates, options),
    listen_ports: listenPortEntries(context),
    groups: groupEntries(context, options.scope),
    troubles: troubleEntries(section, rates, options),
    total_up: countValue(totalUp),
    total_down: countValue(totalDown),
    attributed_ratio: rateValue(rates.attributedRatioOf(options.scope.interfaceIndex, section.interfaces)),
    errors: section.errors.map(({ op, code, message }) => ({ op, code, message })),
  };
}

function totals(rates: NetworkRates, options: ExportOptions): readonly [up: number, down: number] {
  const only = options.scope.interfaceIndex;
  if (only === undefined) return [rates.totals.sinceTx[TOTALS_SLOT]!, rates.totals.sinceRx[TOTALS_SLOT]!];
  const moved = rates.totalsOf(only);
  return [moved?.txBytes ?? 0, moved?.rxBytes ?? 0];
}

function interfaceEntries(section: NetworkSection, rates: NetworkRates, options: ExportOptions) {
  const inScope = new ScopeFilter(options.scope, section.interfaces);
  const { interfaces } = section;
  const slots = [...interfaces.slots.rows.subarray(0, interfaces.slots.count)]
    .filter((slot) => inScope.has(interfaces.index[slot]!))
    .sort((a, b) => interfaces.index[a]! - interfaces.index[b]!);
  return slots.map((slot) => ({
    name: interfaces.names[slot] ?? '',
    bytes_recv: countValue(interfaces.rxBytes[slot]!),
    bytes_sent: countValue(interfaces.txBytes[slot]!),
    recv_rate: rateValue(rates.interfaces.rawRx[slot]!),
    send_rate: rateValue(rates.interfaces.rawTx[slot]!),
  }));
}

/** Ports in order, each with the live connections that came in by it. */
export function listenPortEntries({ section, rates, rows, byOwner }: ProcessContext): ListenPortEntry[] {
  const accepted = connectionsByPort(section);
  const entries: ListenPortEntry[] = [];
  for (const [owner, slots] of byOwner.listeners) {
    if (rows.rowOfOwner(owner) < 0) continue;
    const listeners = listenerQueues(section, slots);
    const source: ListenExport = {
      ...{ section, rates },
      listenerOf: (at) => listeners[at]!,
      ownerOf: () => owner,
      acceptedOf: (at) => (listeners[at]!.proto === 'tcp' ? (accepted.get(listeners[at]!.port) ?? 0) : null),
      waitingOf: (at) => listeners[at]!.waiting,
      backlogOf: (at) => listeners[at]!.backlog,
      dropsOf: (at) => listeners[at]!.drops,
    };
    for (const at of listeners.keys()) entries.push(listenPortEntry(source, at));
  }
  return entries.sort((a, b) => a.port - b.port || (a.proto < b.proto ? -1 : a.proto > b.proto ? 1 : 0));
}

function connectionsByPort(section: NetworkSection): Map<number, number> {
  const { sockets, accounts } = section;
  const counts = new Map<number, number>();
  for (let i = 0; i < sockets.slots.count; i++) {
    const slot = sockets.slots.rows[i]!;
    if (accounts.isClosed[slot] === 1 || sockets.protocol[slot] !== PROTOCOL_TCP) continue;
    if (sockets.state[slot] === TcpState.LISTEN) continue;
    const port = sockets.localPort[slot]!;
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  return counts;
}

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
  const { owners } = section;
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
      if (owner !== groupOwner) group = controlGroupOf(owners.cgroups[owner], owners.containers[owner]);
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
  readonly #ofOwners = new OwnerGroups();
  readonly #rowOf = new Map<string, number>();

  nameOf(row: number): string {
    return this.#groups[row]!.name;
  }

  typeOf(row: number): ControlGroup['type'] {
    return this.#groups[row]!.type;
  }

  add({ owners }: NetworkSection, rows: ProcessRows, from: number): void {
    const owner = rows.owner[from]!;
    const group = this.#ofOwners.of(owners, owner);
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
    const [then, now] = [this.#ofOwners.ofPath(cgroup), this.#ofOwners.of(owners, owner)];
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

export const connectionEntry = entryMaker<typeof CONNECTION_FIELDS, NetworkExport>(CONNECTION_FIELDS);

/** Live sockets in scope, by slot of their owner. */
class SocketsByOwner {
  readonly connections = new Map<number, number[]>();
  readonly listeners = new Map<number, number[]>();

  constructor(section: NetworkSection, scope: Scope) {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const owner = accounts.owner[slot]!;
      if (owner < 0 || accounts.isClosed[slot] === 1) continue;
      const interfaceIndex = accounts.interfaceIndex[slot]!;
      if (isListener(sockets, slot)) {
        if (inScope.hasListener(interfaceIndex)) append(this.listeners, owner, slot);
      } else if (isConnection(sockets, slot) && inScope.has(interfaceIndex))
        append(this.connections, owner, slot);
    }
  }
}

function append(lists: Map<number, number[]>, owner: number, slot: number): void {
  const list = lists.get(owner);
  if (list === undefined) lists.set(owner, [slot]);
  else list.push(slot);
}

/** A listening address and port with what waits there, as in ListenExport. */
interface ListenerQueue extends Listener {
  readonly waiting: number;
  readonly backlog: number;
  readonly drops: number;
}

function listenQueue(section: NetworkSection, slot: number): ListenerQueue {
  const { state, receiveQueue, sendQueue, drops } = section.sockets;
  const isTcp = state[slot] === TcpState.LISTEN;
  return {
    ...listenEntry(section, slot),
    waiting: isTcp ? receiveQueue[slot]! : Number.NaN,
    backlog: isTcp ? sendQueue[slot]! : Number.NaN,
    drops: drops[slot]!,
  };
}

function listenEntry(section: NetworkSection, slot: number): Listener {
  const { sockets } = section;
  return {
    proto: protocolName(sockets, slot),
    ip: addressText(sockets.localAddress, slot * ADDRESS_WORDS),
    port: sockets.localPort[slot]!,
  };
}

/** One entry for each address and port; sockets that share one by SO_REUSEPORT are one listener to the reader. */
function listenEntries(section: NetworkSection, slots: readonly number[]): Listener[] {
  return listenerQueues(section, slots).map(({ proto, ip, port }) => ({ proto, ip, port }));
}

function listenerQueues(section: NetworkSection, slots: readonly number[]): ListenerQueue[] {
  const entries = new Map<string, ListenerQueue>();
  for (const slot of slots) {
    const entry = listenQueue(section, slot);
    const key = `${entry.proto} ${entry.ip} ${entry.port}`;
    const known = entries.get(key);
    entries.set(key, known === undefined ? entry : together(known, entry));
  }
  return [...entries.values()].sort((a, b) => a.port - b.port || (a.ip < b.ip ? -1 : 1));
}

function together(a: ListenerQueue, b: ListenerQueue): ListenerQueue {
  return {
    ...b,
    waiting: knownSum(a.waiting, b.waiting),
    backlog: knownSum(a.backlog, b.backlog),
    drops: knownSum(a.drops, b.drops),
  };
}

type HostEntry = JsonEntry<typeof HOST_FIELDS>;

const hostEntry = entryMaker<typeof HOST_FIELDS, HostExport>(HOST_FIELDS);

/** Names of the processes with connections to a host, each once, the busiest first. */
export function hostProcesses(rows: HostRows, row: number, { owners }: NetworkSection): readonly string[] {
  const slots = new Int32Array(rows.processCount[row]!);
  const count = rows.processesInto(row, slots);
  return Array.from(slots.subarray(0, count), (owner) => owners.names[owner] ?? '');
}

/** Remote hosts with connections or traffic in scope, the busiest first, then by address. */
export function hostEntries(
  section: NetworkSection,
  rates: NetworkRates,
  options: ExportOptions,
): HostEntry[] {
  const rows = new HostRows();
  rows.build(section, rates, options.scope);
  const { hostName, country } = options;
  const processNamesOf = (row: number): readonly string[] => [...hostProcesses(rows, row, section)].sort();
  const source: HostExport = { section, rates, rows, hostName, country, processNamesOf };
  const entries = Array.from({ length: rows.count }, (_, row) => hostEntry(source, row));
  const busy = (entry: HostEntry): number => (entry.up_rate ?? 0) + (entry.down_rate ?? 0);
  return entries.sort((a, b) => busy(b) - busy(a) || ((a.ip ?? '') < (b.ip ?? '') ? -1 : 1));
}

type TroubleEntry = JsonEntry<typeof TROUBLE_FIELDS>;

const troubleEntry = entryMaker<typeof TROUBLE_FIELDS, TroubleExport>(TROUBLE_FIELDS);

/** What is wrong with the network, the worst first. */
function troubleEntries(
  section: NetworkSection,
  rates: NetworkRates,
  { scope, filter, hostName }: Pick<ExportOptions, 'scope' | 'filter' | 'hostName'>,
): TroubleEntry[] {
  const troubles = new TroubleRows();
  troubles.build(section, rates, scope, filter, hostName);
  const order = troubles.order({ key: 'severity', isReversed: false });
  return Array.from(order, (row) => troubleEntry({ section, rates, troubles }, row));
}
