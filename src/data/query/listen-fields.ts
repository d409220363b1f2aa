import type { Listener, NetworkExport } from './network-export.ts';
import { pidValue } from './process-fields.ts';
import { exported, falls, type RowFields, rises, risesByText } from './row-fields.ts';

/** What listening ports are ordered by. */
interface OrderedListeners {
  readonly protocol: Uint8Array;
  readonly port: Uint16Array;
  readonly connections: Int32Array;
  /** NaN: no process is known. */
  pidOf(row: number): number;
  lowerNames(): readonly string[];
}

/** What exports read the owner of a row from. */
export interface OwnerExport extends NetworkExport {
  readonly ownerOf: (row: number) => number;
}

/** What exports read a listening port from. */
export interface ListenExport extends OwnerExport {
  readonly listenerOf: (row: number) => Listener;
  /** Connections that came in by it; null where that is not known. */
  readonly acceptedOf: (row: number) => number | null;
  /** How many sockets the row stands for. */
  readonly socketsOf?: (row: number) => number;
}

/** Whose a row is. */
export const OWNER_FIELDS = {
  pid: {
    help: 'process ID, where a process is known',
    ...exported('pid', 'pid'),
    value: ({ section, ownerOf }, row) => pidValue(section.owners, ownerOf(row)),
  },
  process: {
    help: 'name of the process, or what the row is',
    ...exported('process', 'process'),
    value: ({ section, ownerOf }, row) => section.owners.names[ownerOf(row)] ?? '',
  },
  user: {
    help: 'name of the user',
    csv: 'user',
    value: ({ section, ownerOf }, row) => section.owners.users[ownerOf(row)] ?? null,
  },
} satisfies RowFields<never, OwnerExport>;

/** The fields of the listening ports. */
export const LISTEN_FIELDS = {
  protocol: {
    help: '`tcp` or `udp`',
    ...exported('proto', 'proto'),
    order: rises(4, (rows, row) => rows.protocol[row]! * 2 ** 16 + rows.port[row]!),
    value: ({ listenerOf }, row) => listenerOf(row).proto,
  },
  address: {
    help: 'local address',
    ...exported('local_ip', 'ip'),
    value: ({ listenerOf }, row) => listenerOf(row).ip,
  },
  port: {
    help: 'local port',
    ...exported('local_port', 'port'),
    order: rises(1, (rows, row) => rows.port[row]!),
    value: ({ listenerOf }, row) => listenerOf(row).port,
  },
  service: {
    help: 'service of the port',
    csv: 'service',
    value: ({ listenerOf, serviceName }, row) => {
      const { port, proto } = listenerOf(row);
      return serviceName?.(port, proto) ?? null;
    },
  },
  pid: { ...OWNER_FIELDS.pid, order: rises(3, (rows, row) => rows.pidOf(row)) },
  process: { ...OWNER_FIELDS.process, order: risesByText(2, (rows) => rows.lowerNames()) },
  user: OWNER_FIELDS.user,
  connections: {
    help: 'connections that came in by it; `null` for UDP in JSON',
    ...exported('connections', 'conn_count'),
    order: falls(5, (rows, row) => rows.connections[row]!),
    value: ({ acceptedOf }, row) => acceptedOf(row),
  },
  sockets: {
    help: 'sockets that share the port and its process',
    csv: 'sockets',
    value: ({ socketsOf }, row) => socketsOf?.(row) ?? null,
  },
  command: {
    help: 'command line',
    ...exported('command', 'cmdline'),
    value: ({ section, ownerOf }, row) => section.owners.commandLines[ownerOf(row)] ?? null,
  },
} satisfies RowFields<OrderedListeners, ListenExport>;
