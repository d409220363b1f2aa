import type { InterfaceTable } from '../../data/sample/interface-table.ts';
import {
  type HostTable,
  type NetworkSection,
  OwnerKind,
  type OwnerTable,
  type TrafficTable,
} from '../../data/sample/network-section.ts';
import { TcpState } from '../../data/sample/socket-table.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import type { MessageShape, RowLimits } from './protobuf-shape.ts';
import {
  ADDRESS_COLUMNS_SHAPE,
  HOST_COLUMNS_SHAPE,
  INTERFACE_COLUMNS_SHAPE,
  OWNER_COLUMNS_SHAPE,
  SOCKET_COLUMNS_SHAPE,
  TRAFFIC_COLUMNS_SHAPE,
} from './socktop-v2.generated.ts';
import { WireColumns } from './wire-table.ts';

/** Tables of a network section by their fields in `NetworkReply`; who is referred to comes first. */
export const NETWORK_TABLES = [
  'owners',
  'hosts',
  'traffic',
  'host_traffic',
  'interfaces',
  'addresses',
  'sockets',
] as const;
export type NetworkTableName = (typeof NETWORK_TABLES)[number];

/** The tables of a section. */
export type NetworkTables = Pick<
  NetworkSection,
  'owners' | 'hosts' | 'traffic' | 'hostTraffic' | 'interfaces' | 'sockets' | 'accounts'
>;

export const NETWORK_SHAPES: Readonly<Record<NetworkTableName, MessageShape>> = {
  owners: OWNER_COLUMNS_SHAPE,
  hosts: HOST_COLUMNS_SHAPE,
  traffic: TRAFFIC_COLUMNS_SHAPE,
  host_traffic: TRAFFIC_COLUMNS_SHAPE,
  interfaces: INTERFACE_COLUMNS_SHAPE,
  addresses: ADDRESS_COLUMNS_SHAPE,
  sockets: SOCKET_COLUMNS_SHAPE,
};

/** How many rows a reply of `get_network` may have. */
export const NETWORK_LIMITS: RowLimits = {
  OwnerColumns: ROWS_LIMIT.owners,
  HostColumns: ROWS_LIMIT.hosts,
  TrafficColumns: ROWS_LIMIT.traffic,
  InterfaceColumns: ROWS_LIMIT.interfaces,
  AddressColumns: ROWS_LIMIT.addresses,
  SocketColumns: ROWS_LIMIT.sockets,
  texts: ROWS_LIMIT.texts,
  errors: ROWS_LIMIT.errors,
};

const LARGEST_INT = 0x7fff_ffff;
const LARGEST_BYTE = 0xff;
const LARGEST_PORT = 0xffff;

/** The columns of a table as they are now. */
export function networkColumns(tables: NetworkTables, name: NetworkTableName): WireColumns {
  switch (name) {
    case 'owners':
      return ownerColumns(tables.owners);
    case 'hosts':
      return hostColumns(tables.hosts);
    case 'traffic':
      return trafficColumns(tables.traffic, 'owners');
    case 'host_traffic':
      return trafficColumns(tables.hostTraffic, 'hosts');
    case 'interfaces':
      return interfaceColumns(tables.interfaces);
    case 'addresses':
      return new WireColumns(ADDRESS_COLUMNS_SHAPE).number(
        'interface_index',
        tables.interfaces.addresses.interfaceIndex,
      );
    default:
      return socketColumns(tables);
  }
}

function ownerColumns(owners: OwnerTable): WireColumns {
  return new WireColumns(OWNER_COLUMNS_SHAPE)
    .number('kind', owners.kind, OwnerKind.UNKNOWN, OwnerKind.EXITED)
    .number('pid', owners.pid, 0, LARGEST_INT)
    .number('ppid', owners.ppid, 0, LARGEST_INT)
    .number('start_ticks', owners.startTicks)
    .number('uid', owners.uid, -1)
    .number('has_exited', owners.hasExited, 0, 1)
    .number('connection_count', owners.connectionCount, 0, LARGEST_INT)
    .number('listener_count', owners.listenerCount, 0, LARGEST_INT)
    .text('name', owners.names, false, TEXT_LIMIT.name)
    .text('user', owners.users, true, TEXT_LIMIT.name)
    .text('command_line', owners.commandLines, true, TEXT_LIMIT.line)
    .text('cgroup', owners.cgroups, true, TEXT_LIMIT.line);
}

function hostColumns(hosts: HostTable): WireColumns {
  return new WireColumns(HOST_COLUMNS_SHAPE).number(
    'connection_count',
    hosts.connectionCount,
    0,
    LARGEST_INT,
  );
}

function trafficColumns(traffic: TrafficTable, subjects: NetworkTableName): WireColumns {
  return new WireColumns(TRAFFIC_COLUMNS_SHAPE)
    .reference('subject', traffic.subject, subjects)
    .number('interface_index', traffic.interfaceIndex)
    .number('tx_bytes', traffic.txBytes)
    .number('rx_bytes', traffic.rxBytes)
    .number('tx_segments', traffic.txSegments)
    .number('rx_segments', traffic.rxSegments)
    .number('tx_header_bytes', traffic.txHeaderBytes)
    .number('rx_header_bytes', traffic.rxHeaderBytes)
    .number('inferred_tx_bytes', traffic.inferredTxBytes)
    .number('inferred_rx_bytes', traffic.inferredRxBytes);
}

function interfaceColumns(interfaces: InterfaceTable): WireColumns {
  return new WireColumns(INTERFACE_COLUMNS_SHAPE)
    .number('index', interfaces.index)
    .number('rx_bytes', interfaces.rxBytes)
    .number('tx_bytes', interfaces.txBytes)
    .number('rx_packets', interfaces.rxPackets)
    .number('tx_packets', interfaces.txPackets)
    .number('is_loopback', interfaces.isLoopback, 0, 1)
    .number('is_uplink', interfaces.isUplink, 0, 1)
    .number('is_up', interfaces.isUp, 0, 1)
    .text('name', interfaces.names, false, TEXT_LIMIT.name);
}

function socketColumns({ sockets, accounts }: NetworkTables): WireColumns {
  return new WireColumns(SOCKET_COLUMNS_SHAPE)
    .number('protocol', sockets.protocol, 0, LARGEST_BYTE)
    .number('family', sockets.family, 0, LARGEST_BYTE)
    .number('state', sockets.state, TcpState.CLOSE, TcpState.CLOSING)
    .address('local', sockets.localAddress)
    .address('remote', sockets.remoteAddress)
    .number('local_port', sockets.localPort, 0, LARGEST_PORT)
    .number('remote_port', sockets.remotePort, 0, LARGEST_PORT)
    .number('inode', sockets.inode)
    .number('uid', sockets.uid, -1)
    .number('cgroup_id', sockets.cgroupId, 0)
    .number('tx_bytes', sockets.txBytes)
    .number('rx_bytes', sockets.rxBytes)
    .number('tx_segments', sockets.txSegments)
    .number('rx_segments', sockets.rxSegments)
    .number('rtt_micros', sockets.rttMicros)
    .number('retransmits', sockets.retransmits)
    .number('owner_pid', sockets.ownerPid, 0, LARGEST_INT)
    .number('owner_start_ticks', sockets.ownerStartTicks)
    .number('owner_basis', sockets.ownerBasis, 0, LARGEST_BYTE)
    .number('first_seen_micros', sockets.firstSeenMicros)
    .number('born_before_start', sockets.bornBeforeStart, 0, 1)
    .number('interface_index', sockets.interfaceIndex)
    .number('is_share', sockets.isShare, 0, 1)
    .reference('owner', accounts.owner, 'owners')
    .reference('host', accounts.host, 'hosts')
    .number('account_interface', accounts.interfaceIndex)
    .number('account_tx_bytes', accounts.txBytes)
    .number('account_rx_bytes', accounts.rxBytes)
    .number('is_closed', accounts.isClosed, 0, 1);
}
