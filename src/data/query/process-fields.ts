import type { OwnerTable } from '../sample/network-section.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import type { CONNECTION_FIELDS } from './connection-rows.ts';
import type { ControlGroup } from './control-groups.ts';
import {
  type AllTrafficColumns,
  type ExportedTraffic,
  type HealthFigures,
  healthFields,
  type Listener,
  type NetworkExport,
  type OrderedHealth,
  TRAFFIC_FIELDS,
  type TrafficColumns,
} from './network-fields.ts';
import {
  arrangeBy,
  exported,
  inJson,
  type JsonEntry,
  type RowFields,
  rises,
  risesByText,
  type SortKeyOf,
  timeValue,
} from './row-fields.ts';
import type { RowOrder, TrafficSortBy } from './row-order.ts';
import { LowerNames } from './row-texts.ts';

/** Sort input of the process table, with smoothed or raw rates. */
interface OrderedProcesses extends TrafficColumns, OrderedHealth {
  readonly owner: Int32Array;
  readonly owners: OwnerTable;
  /** In lower case, by row. */
  readonly lowerNames: () => readonly string[];
}

export interface ProcessExport extends NetworkExport {
  readonly header: SnapshotHeader;
  readonly rows: ExportedTraffic['rows'] & {
    readonly owner: Int32Array;
    readonly listeners: Int32Array;
    readonly isInferred: Uint8Array;
  };
  readonly connectionsOf: (owner: number) => readonly JsonEntry<typeof CONNECTION_FIELDS>[];
  readonly listenersOf: (owner: number) => readonly Listener[];
  /** In order, without duplicates. */
  readonly portsOf: (owner: number) => readonly number[];
  readonly groupOf: (owner: number) => ControlGroup | undefined;
}

/** Fields of the process table. Owners that are not processes have no PID. */
export const PROCESS_FIELDS = {
  pid: {
    help: 'process ID, if known; else the name describes the row',
    ...exported('pid', 'pid'),
    order: rises(4, ({ owner, owners }, row) => pidNumber(owners, owner[row]!)),
    value: (source, row) => pidValue(source.section.owners, source.rows.owner[row]!),
  },
  parent: {
    help: 'process ID of the parent',
    ...inJson('ppid'),
    value: ofProcess(({ section }, owner) => section.owners.ppid[owner]!),
  },
  start: {
    help: 'start time, RFC 3339; identifies a process together with `pid`',
    ...inJson('start_time'),
    value: ofProcess(({ section, header }, owner) => startTime(header, section.owners.startTicks[owner]!)),
  },
  name: {
    help: 'name',
    ...exported('process', 'name'),
    order: risesByText(5, (rows) => rows.lowerNames()),
    value: ofOwner(({ section }, owner) => section.owners.names[owner] ?? ''),
  },
  command: {
    help: 'command line',
    ...inJson('cmdline'),
    value: ofOwner(({ section }, owner) => section.owners.commandLines[owner] ?? null),
  },
  user: {
    help: 'user name',
    ...exported('user', 'user'),
    value: ofOwner(({ section }, owner) => section.owners.users[owner] ?? null),
  },
  rate: TRAFFIC_FIELDS.rate,
  upload: TRAFFIC_FIELDS.upload,
  download: TRAFFIC_FIELDS.download,
  total: TRAFFIC_FIELDS.total,
  'upload-total': TRAFFIC_FIELDS['upload-total'],
  'download-total': TRAFFIC_FIELDS['download-total'],
  sockets: {
    help: 'list of [connections](#a-connection)',
    ...inJson('connections'),
    value: ofOwner(({ connectionsOf }, owner) => connectionsOf(owner)),
  },
  ports: {
    help: 'listening ports: `proto`, `ip`, `port`',
    ...inJson('listen_ports'),
    value: ofOwner(({ listenersOf }, owner) => listenersOf(owner)),
  },
  connections: TRAFFIC_FIELDS.connections,
  'port-numbers': {
    help: 'listening ports, separated by spaces',
    csv: 'listen_ports',
    value: ofOwner(({ portsOf }, owner) => portsOf(owner).join(' ')),
  },
  listeners: {
    help: 'listening sockets, including unconnected UDP; unknown in another network namespace',
    ...inJson('listen_count'),
    // The kernel does not list listeners of another network namespace; those found from packets are incomplete.
    value: ({ rows, section }, row) =>
      section.owners.namespaces[rows.owner[row]!] === undefined ? rows.listeners[row]! : null,
  },
  container: {
    help: 'container ID',
    ...inJson('container_id'),
    value: ofOwner(({ groupOf }, owner) => groupOf(owner)?.containerId ?? null),
  },
  'container-name': {
    help: 'name of the container, of Kubernetes `NAMESPACE/POD/CONTAINER`, if known',
    ...inJson('container_name'),
    value: ofOwner(({ groupOf }, owner) => groupOf(owner)?.containerName ?? null),
  },
  service: {
    help: 'systemd unit',
    ...inJson('service_name'),
    value: ofOwner(({ groupOf }, owner) => groupOf(owner)?.serviceName ?? null),
  },
  namespace: {
    help: 'network namespace, where it is not that of sstop or the agent: name of the container, the name below `/run/netns`, `net:[INODE]`, or `netns` without the privilege to read its name',
    ...inJson('network_namespace'),
    value: ofOwner(({ section }, owner) => section.owners.namespaces[owner] ?? null),
  },
  ...healthFields<ProcessExport>('owners', ({ rows }, row) => rows.owner[row]!),
  inferred: {
    help: 'whether some of its bytes were attributed only by endpoint; marked `~` on screen',
    ...inJson('inferred'),
    value: ({ rows }, row) => rows.isInferred[row] === 1,
  },
} satisfies RowFields<OrderedProcesses, ProcessExport>;

/** What the process table can be ordered by. */
export type SortKey = SortKeyOf<typeof PROCESS_FIELDS>;

/** Order of the process table. */
export type Sort = TrafficSortBy<SortKey>;

/** Ties are broken by PID, then by slot; rows without a process come after every PID (at most 2^22). */
const TIE_SLOTS = 2 ** 18;
const BEHIND_ALL_PIDS = 2 ** 23;

/** Tie-breaker of an owner's row: unique and constant while the owner lives. */
function ownerTie(owners: OwnerTable, slot: number): number {
  const place = owners.kind[slot] === OwnerKind.PROCESS ? owners.pid[slot]! : BEHIND_ALL_PIDS;
  return place * TIE_SLOTS + slot;
}

/** The columns of the process table that it can be ordered by. */
interface OrderedColumns extends AllTrafficColumns {
  readonly count: number;
  /** Slot in the table of owners. */
  readonly owner: Int32Array;
}

/** Fills the keys of a RowOrder for rows of owners. */
export class ProcessOrder {
  readonly #lowerNames = new LowerNames();
  readonly #rowTexts: string[] = [];

  arrange(
    order: RowOrder,
    rows: OrderedColumns,
    owners: OwnerTable,
    { key, isReversed, isRaw }: Sort,
    health: HealthFigures | undefined,
  ): void {
    const { count, owner, upTotal, downTotal, connections } = rows;
    for (let row = 0; row < count; row++) order.ties[row] = ownerTie(owners, owner[row]!);
    const up = isRaw === true ? rows.rawUp : rows.up;
    const down = isRaw === true ? rows.rawDown : rows.down;
    const lowerNames = (): readonly string[] => {
      for (let row = 0; row < count; row++) this.#rowTexts[row] = this.#lowerNames.of(owners, owner[row]!);
      return this.#rowTexts;
    };
    const ordered: OrderedProcesses = {
      ...{ owner, owners, lowerNames, up, down, upTotal, downTotal, connections },
      rttOf: (row) => health?.rtt(owner[row]!) ?? Number.NaN,
      retransmittedOf: (row) => health?.retransmitted(owner[row]!) ?? Number.NaN,
      dropsOf: (row) => health?.drops(owner[row]!) ?? Number.NaN,
    };
    arrangeBy<OrderedProcesses>(PROCESS_FIELDS[key].order, isReversed, ordered, order, count);
  }
}

/** Sort value of an owner's PID; NaN: not a process. */
export function pidNumber(owners: OwnerTable, owner: number): number {
  const pid = owners.pid[owner]!;
  return pid > 0 ? pid : Number.NaN;
}

/** The PID of an owner; null: not a process. */
export function pidValue(owners: OwnerTable, owner: number): number | null {
  return owners.kind[owner] === OwnerKind.PROCESS ? owners.pid[owner]! : null;
}

function ofOwner<T>(value: (source: ProcessExport, owner: number) => T) {
  return (source: ProcessExport, row: number): T => value(source, source.rows.owner[row]!);
}

function ofProcess<T>(value: (source: ProcessExport, owner: number) => T) {
  return ofOwner((source, owner) =>
    source.section.owners.kind[owner] === OwnerKind.PROCESS ? value(source, owner) : null,
  );
}

/** /proc/PID/stat field 22 counts ticks since boot. */
function startTime(header: SnapshotHeader, startTicks: number): string | null {
  return timeValue(header.bootWallMillis + (startTicks / header.clockTicksPerSecond) * 1000);
}
