import { type Arrays, type ColumnSet, declaredColumns } from '../../kit/table/columns.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import { ADDRESS_COLUMNS, INTERFACE_COLUMNS } from './interface-table.ts';
import {
  HOST_COLUMNS,
  type NetworkSection,
  OWNER_COLUMNS,
  SOCKET_ACCOUNT_COLUMNS,
  TRAFFIC_COLUMNS,
} from './network-section.ts';
import { SOCKET_COLUMNS } from './socket-table.ts';

/** The tables of a section as they are recorded and sent; who is referred to comes first. */
export const TABLE_NAMES = [
  'owners',
  'hosts',
  'traffic',
  'hostTraffic',
  'interfaces',
  'addresses',
  'sockets',
] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** The tables of a section, which a recording keeps row by row. */
export type SectionTables = Pick<
  NetworkSection,
  'owners' | 'hosts' | 'traffic' | 'hostTraffic' | 'interfaces' | 'sockets' | 'accounts'
>;

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** Numbers of a table: the value of slot s stands at `s * stride + offset`. A Float64Array may hold unknowns. */
export interface ToldNumbers {
  readonly name: string;
  readonly values: NumberArray;
  readonly stride: number;
  readonly offset: number;
  /** The values are slots of that table, -1 none: told as places of rows. */
  readonly refersTo: 'owners' | 'hosts' | undefined;
}

export interface ToldTexts {
  readonly name: string;
  readonly texts: (string | undefined)[];
  readonly isOptional: boolean;
}

/** The columns of a table that are recorded and sent, in the order of their declaration. */
export interface ToldTable {
  readonly slots: SlotTable;
  readonly numbers: ToldNumbers[];
  readonly texts: ToldTexts[];
}

/** Told with the machine, not with its network. */
const UNTOLD = new Set([
  ...['rxErrors', 'rxDropped', 'txErrors', 'txDropped', 'linkBitsPerSecond', 'mtuBytes'],
  ...['operationalStates', 'hardwareAddresses'],
]);
const SOCKET_NAMES: Names = { localAddress: 'local', remoteAddress: 'remote' };
const ACCOUNT_NAMES: Names = {
  ...{ interfaceIndex: 'accountInterface', txBytes: 'accountTxBytes', rxBytes: 'accountRxBytes' },
};

type Names = Readonly<Record<string, string>>;
type References = Readonly<Record<string, 'owners' | 'hosts'>>;

/** A table's columns as they are now: ask again once rows have been added. */
export function toldTable(section: SectionTables, name: TableName): ToldTable {
  const { owners, hosts, traffic, hostTraffic, interfaces, sockets, accounts } = section;
  switch (name) {
    case 'owners':
      return told(owners.slots, OWNER_COLUMNS, owners);
    case 'hosts':
      return told(hosts.slots, HOST_COLUMNS, hosts);
    case 'traffic':
      return told(traffic.slots, TRAFFIC_COLUMNS, traffic, {}, { subject: 'owners' });
    case 'hostTraffic':
      return told(hostTraffic.slots, TRAFFIC_COLUMNS, hostTraffic, {}, { subject: 'hosts' });
    case 'interfaces':
      return told(interfaces.slots, INTERFACE_COLUMNS, interfaces);
    case 'addresses':
      return told(interfaces.addresses.slots, ADDRESS_COLUMNS, interfaces.addresses);
    default: {
      const { slots, numbers, texts } = told(sockets.slots, SOCKET_COLUMNS, sockets, SOCKET_NAMES);
      const references: References = { owner: 'owners', host: 'hosts' };
      const beside = told(slots, SOCKET_ACCOUNT_COLUMNS, accounts, ACCOUNT_NAMES, references);
      return { slots, numbers: [...numbers, ...beside.numbers], texts };
    }
  }
}

/** Of a column with several words a row each is told under its name with the word's number behind it. */
function told<S extends ColumnSet>(
  slots: SlotTable,
  set: S,
  table: Arrays<S>,
  names: Names = {},
  references: References = {},
): ToldTable {
  const result: ToldTable = { slots, numbers: [], texts: [] };
  for (const column of declaredColumns(set, table)) {
    if (UNTOLD.has(column.name)) continue;
    if ('texts' in column) {
      result.texts.push(column);
      continue;
    }
    const { values, stride } = column;
    const name = names[column.name] ?? column.name;
    const refersTo = references[column.name];
    if (values instanceof Float32Array) continue;
    for (let offset = 0; offset < stride; offset++) {
      result.numbers.push({
        name: stride === 1 ? name : `${name}${offset}`,
        values,
        stride,
        offset,
        refersTo,
      });
    }
  }
  return result;
}
