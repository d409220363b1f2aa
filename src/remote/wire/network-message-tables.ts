import { withUnderscores } from '../../data/codec/json-values.ts';
import { OwnerKind } from '../../data/sample/network-section.ts';
import { TcpState } from '../../data/sample/socket-table.ts';
import { type SectionTables, type ToldTable, toldTable } from '../../data/sample/told-tables.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
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

/** What stands for a column that is left out, where that is neither 0 nor, for counts, unknown. */
const LEFT_OUT: Readonly<Record<string, number>> = {
  ...{ kind: OwnerKind.UNKNOWN, state: TcpState.CLOSE, uid: -1, cgroup_id: 0 },
};
/** Largest values, where the kind of the column does not tell. */
const MOST: Readonly<Record<string, number>> = {
  ...{ kind: OwnerKind.EXITED, state: TcpState.CLOSING, has_exited: 1, is_loopback: 1, is_uplink: 1 },
  ...{ is_up: 1, born_before_start: 1, is_share: 1, is_closed: 1 },
};

const LINES = new Set(['command_line', 'cgroup']);

/** The columns of a table as they are now. */
export function networkColumns(tables: SectionTables, name: NetworkTableName): WireColumns {
  const columns = new WireColumns(NETWORK_SHAPES[name]);
  const { numbers, texts } = tableOf(tables, name);
  for (const told of numbers) {
    const wireName = withUnderscores(told.name);
    columns.told(wireName, told, LEFT_OUT[wireName], MOST[wireName]);
  }
  for (const { name: plural, texts: column, isOptional } of texts) {
    const wireName = withUnderscores(plural).slice(0, -1);
    const limit = LINES.has(wireName) ? TEXT_LIMIT.line : TEXT_LIMIT.name;
    columns.text(wireName, column, isOptional, limit);
  }
  return columns;
}

/** The row index of a table. */
export function slotsOf(tables: SectionTables, name: NetworkTableName): SlotTable {
  return tableOf(tables, name).slots;
}

function tableOf(tables: SectionTables, name: NetworkTableName): ToldTable {
  return toldTable(tables, name === 'host_traffic' ? 'hostTraffic' : name);
}
