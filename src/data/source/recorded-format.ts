import type { SlotTable } from '../../kit/table/slot-table.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import type { HostTable, NetworkSection, OwnerTable, TrafficTable } from '../sample/network-section.ts';

/**
 * A recording is a gzip file of lines, one a snapshot. A line is the object that `--json` prints, with three fields
 * before its own from which the snapshot can be rebuilt without reading the rest:
 *
 *     {"sstop_recording":1,"lengths":[301,1022,...],"snapshot":[{"part":"header",...},{"part":"owners",...},...],
 *      "schema":1,"timestamp":...,"processes":[...],...}
 *
 * `lengths` are the bytes of each part of `snapshot`, so that parts can be parsed one at a time. A part is the header
 * or up to so many rows of a table, as columns; a column that holds one value throughout is that value alone. Rows
 * refer to rows of other tables by their place in the line (-1 none); `null` is an unknown number or text.
 */
export const RECORDING_VERSION = 1;
/** Lines that hold sections beside the network, or instead of it, are of this version; others stay of the first. */
export const SECTIONS_VERSION = 2;
/** Parts of such lines, after those of the network: what is in them is for whoever wrote them. */
export const SECTION_PARTS = ['machine', 'disks', 'processes'] as const;
export type SectionPart = (typeof SECTION_PARTS)[number];
export const LINE_START = '{"sstop_recording":';
export const PARTS_START = '],"snapshot":[';

/** Longest header of a line up to its first part, and what the lengths of its parts may come to. */
export const LINE_START_LIMIT_BYTES = 48_000;
export const PARTS_LIMIT = 4096;
export const PART_LIMIT_BYTES = 16 << 20;
export const PARTS_LIMIT_BYTES = 64 << 20;
/** Longest line; what follows the parts is passed over, not kept. */
export const LINE_LIMIT_BYTES = 512 << 20;

/** Texts are cut to this many UTF-16 units when recorded, and refused beyond it when read. */
export const TEXT_LIMIT = 32_768;
/** Errors of a collector that one line holds. */
export const ERRORS_LIMIT = 64;

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** Numbers of a table: the value of slot s stands at `s * stride + offset`. A Float64Array may hold unknowns. */
export interface NumberColumn {
  readonly name: string;
  readonly values: NumberArray;
  readonly stride: number;
  readonly offset: number;
  /** The values are slots of that table, -1 none: recorded as places in the line. */
  readonly refersTo: 'owners' | 'hosts' | undefined;
  /** What stands for it where an older recording lacks the column; undefined: none does. */
  readonly standIn: number | undefined;
}

export interface TextColumn {
  readonly name: string;
  readonly texts: (string | undefined)[];
  readonly isOptional: boolean;
}

/** One table as it is recorded. */
export interface RecordedTable {
  readonly name: TableName;
  readonly slots: SlotTable;
  /** Rows are found by the recorded key words; without them by (subject, interface), which are columns. */
  readonly hasKeys: boolean;
  readonly rowsPerPart: number;
  readonly numbers: readonly NumberColumn[];
  readonly texts: readonly TextColumn[];
}

/** In the order of a line: who is referred to comes first. */
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

/** What one part of a table holds at most; owners have texts. */
const ROWS_PER_PART = 1024;
const OWNERS_PER_PART = 64;

/** A table's columns as they are now: ask again once rows have been added. */
export function recordedTable(section: SectionTables, name: TableName): RecordedTable {
  switch (name) {
    case 'owners':
      return ownerColumns(section.owners);
    case 'hosts':
      return hostColumns(section.hosts);
    case 'traffic':
      return trafficColumns('traffic', section.traffic, 'owners');
    case 'hostTraffic':
      return trafficColumns('hostTraffic', section.hostTraffic, 'hosts');
    case 'interfaces':
      return interfaceColumns(section.interfaces);
    case 'addresses':
      return addressColumns(section.interfaces);
    default:
      return socketColumns(section);
  }
}

function numbers(name: string, values: NumberArray, stride = 1, offset = 0): NumberColumn {
  return { name, values, stride, offset, refersTo: undefined, standIn: undefined };
}

function reference(name: string, values: Int32Array, refersTo: 'owners' | 'hosts'): NumberColumn {
  return { name, values, stride: 1, offset: 0, refersTo, standIn: undefined };
}

function ownerColumns(owners: OwnerTable): RecordedTable {
  return {
    name: 'owners',
    slots: owners.slots,
    hasKeys: true,
    rowsPerPart: OWNERS_PER_PART,
    numbers: [
      numbers('kind', owners.kind),
      numbers('pid', owners.pid),
      numbers('ppid', owners.ppid),
      numbers('startTicks', owners.startTicks),
      numbers('uid', owners.uid),
      numbers('hasExited', owners.hasExited),
      numbers('connectionCount', owners.connectionCount),
      numbers('listenerCount', owners.listenerCount),
    ],
    texts: [
      { name: 'names', texts: owners.names, isOptional: false },
      { name: 'users', texts: owners.users, isOptional: true },
      { name: 'commandLines', texts: owners.commandLines, isOptional: true },
      { name: 'cgroups', texts: owners.cgroups, isOptional: true },
    ],
  };
}

function hostColumns(hosts: HostTable): RecordedTable {
  return {
    name: 'hosts',
    slots: hosts.slots,
    hasKeys: true,
    rowsPerPart: ROWS_PER_PART,
    numbers: [numbers('connectionCount', hosts.connectionCount)],
    texts: [],
  };
}

function trafficColumns(
  name: 'traffic' | 'hostTraffic',
  traffic: TrafficTable,
  subjects: 'owners' | 'hosts',
): RecordedTable {
  return {
    name,
    slots: traffic.slots,
    hasKeys: false,
    rowsPerPart: ROWS_PER_PART,
    numbers: [
      reference('subject', traffic.subject, subjects),
      numbers('interfaceIndex', traffic.interfaceIndex),
      numbers('txBytes', traffic.txBytes),
      numbers('rxBytes', traffic.rxBytes),
      numbers('txSegments', traffic.txSegments),
      numbers('rxSegments', traffic.rxSegments),
      numbers('txHeaderBytes', traffic.txHeaderBytes),
      numbers('rxHeaderBytes', traffic.rxHeaderBytes),
      numbers('inferredTxBytes', traffic.inferredTxBytes),
      numbers('inferredRxBytes', traffic.inferredRxBytes),
    ],
    texts: [],
  };
}

function interfaceColumns(interfaces: InterfaceTable): RecordedTable {
  return {
    name: 'interfaces',
    slots: interfaces.slots,
    hasKeys: true,
    rowsPerPart: ROWS_PER_PART,
    numbers: [
      numbers('index', interfaces.index),
      numbers('rxBytes', interfaces.rxBytes),
      numbers('txBytes', interfaces.txBytes),
      numbers('rxPackets', interfaces.rxPackets),
      numbers('txPackets', interfaces.txPackets),
      numbers('isLoopback', interfaces.isLoopback),
      numbers('isUplink', interfaces.isUplink),
      numbers('isUp', interfaces.isUp),
    ],
    texts: [{ name: 'names', texts: interfaces.names, isOptional: false }],
  };
}

function addressColumns(interfaces: InterfaceTable): RecordedTable {
  return {
    name: 'addresses',
    slots: interfaces.addresses.slots,
    hasKeys: true,
    rowsPerPart: ROWS_PER_PART,
    numbers: [numbers('interfaceIndex', interfaces.addresses.interfaceIndex)],
    texts: [],
  };
}

function socketColumns({ sockets, accounts }: SectionTables): RecordedTable {
  return {
    name: 'sockets',
    slots: sockets.slots,
    hasKeys: true,
    rowsPerPart: ROWS_PER_PART,
    numbers: [
      numbers('protocol', sockets.protocol),
      numbers('family', sockets.family),
      numbers('state', sockets.state),
      ...addressWords('local', sockets.localAddress),
      ...addressWords('remote', sockets.remoteAddress),
      numbers('localPort', sockets.localPort),
      numbers('remotePort', sockets.remotePort),
      numbers('inode', sockets.inode),
      numbers('uid', sockets.uid),
      numbers('cgroupId', sockets.cgroupId),
      numbers('txBytes', sockets.txBytes),
      numbers('rxBytes', sockets.rxBytes),
      numbers('txSegments', sockets.txSegments),
      numbers('rxSegments', sockets.rxSegments),
      numbers('rttMicros', sockets.rttMicros),
      numbers('retransmits', sockets.retransmits),
      numbers('ownerPid', sockets.ownerPid),
      numbers('ownerStartTicks', sockets.ownerStartTicks),
      numbers('ownerBasis', sockets.ownerBasis),
      numbers('firstSeenMicros', sockets.firstSeenMicros),
      numbers('bornBeforeStart', sockets.bornBeforeStart),
      // Version 0.1 did not record it.
      { ...numbers('interfaceIndex', sockets.interfaceIndex), standIn: 0 },
      reference('owner', accounts.owner, 'owners'),
      reference('host', accounts.host, 'hosts'),
      numbers('accountInterface', accounts.interfaceIndex),
      numbers('accountTxBytes', accounts.txBytes),
      numbers('accountRxBytes', accounts.rxBytes),
      numbers('isClosed', accounts.isClosed),
    ],
    texts: [],
  };
}

/** Four columns for the four words of an address, so that those of IPv4 take one. */
function addressWords(name: string, words: Uint32Array): NumberColumn[] {
  return [0, 1, 2, 3].map((word) => numbers(`${name}${word}`, words, 4, word));
}
