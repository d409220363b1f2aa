import type { ListenRows } from './listen-rows.ts';
import type { NetworkExport } from './network-export.ts';
import { pidValue } from './process-fields.ts';
import { exported, falls, type RowFields, rises, risesByText } from './row-fields.ts';

/** An address and port that somebody listens on. */
export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

/** What exports read a listening port from. */
export interface ListenExport extends NetworkExport {
  readonly listenerOf: (row: number) => Listener;
  readonly ownerOf: (row: number) => number;
  /** Connections that came in by it; null where that is not known. */
  readonly acceptedOf: (row: number) => number | null;
  /** How many sockets the row stands for. */
  readonly socketsOf: (row: number) => number;
}

/** The columns of the listening ports. */
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
  pid: {
    help: 'process ID; empty or `null` where no process is known',
    ...exported('pid', 'pid'),
    order: rises(3, (rows, row) => rows.pidOf(row)),
    value: ({ section, ownerOf }, row) => pidValue(section.owners, ownerOf(row)),
  },
  process: {
    help: 'name of the process',
    ...exported('process', 'process'),
    order: risesByText(2, (rows) => rows.lowerNames()),
    value: ({ section, ownerOf }, row) => section.owners.names[ownerOf(row)] ?? '',
  },
  user: {
    help: 'name of the user',
    csv: 'user',
    value: ({ section, ownerOf }, row) => section.owners.users[ownerOf(row)] ?? null,
  },
  connections: {
    help: 'connections that came in by it; `null` for UDP in JSON',
    ...exported('connections', 'conn_count'),
    order: falls(5, (rows, row) => rows.connections[row]!),
    value: ({ acceptedOf }, row) => acceptedOf(row),
  },
  sockets: {
    help: 'sockets that share the port and its process',
    csv: 'sockets',
    value: ({ socketsOf }, row) => socketsOf(row),
  },
  command: {
    help: 'command line',
    ...exported('command', 'cmdline'),
    value: ({ section, ownerOf }, row) => section.owners.commandLines[ownerOf(row)] ?? null,
  },
} satisfies RowFields<ListenRows, ListenExport>;
