// biome-ignore-all lint: written by the compiler of pbf
// biome-ignore-all format: written by the compiler of pbf
// Made from socktop-v2.proto by `npm run bun bin/dev/wire-code.ts`.
import type { PbfReader, PbfWriter } from 'pbf';
import type { MessageShape } from './protobuf-shape.ts';

export interface Header {
  host_name: string;
  boot_id: string;
  epoch: number;
  monotonic_micros: number;
  wall_millis: number;
  boot_wall_millis: number;
  clock_ticks_per_second: number;
}

export interface SectionFacts {
  sequence: number;
  monotonic_micros: number;
  duration_micros: number;
  errors: Failure[];
}

export interface Failure {
  op: string;
  code: string;
  message: string;
}

export interface NetworkFacts {
  tier: string;
  counted: string;
  process_count: number;
  lost_closings: number;
  lost_bytes: number;
  lost_packets: number;
  parts: NetworkParts | undefined;
}

export interface NetworkParts {
  tcp: string;
  udp: string;
  owners: string;
  processes: string;
  exited: boolean;
  scope: string;
}

export function readHeader(pbf: PbfReader, end?: number): Header {
    const obj: Header = {host_name: "", boot_id: "", epoch: 0, monotonic_micros: 0, wall_millis: 0, boot_wall_millis: 0, clock_ticks_per_second: 0};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.host_name = pbf.readString();
        else if (field === 2) obj.boot_id = pbf.readString();
        else if (field === 3) obj.epoch = pbf.readDouble();
        else if (field === 4) obj.monotonic_micros = pbf.readDouble();
        else if (field === 5) obj.wall_millis = pbf.readDouble();
        else if (field === 6) obj.boot_wall_millis = pbf.readDouble();
        else if (field === 7) obj.clock_ticks_per_second = pbf.readDouble();
    }
    return obj;
}
export function writeHeader(obj: Header, pbf: PbfWriter): void {
    if (obj.host_name) pbf.writeStringField(1, obj.host_name);
    if (obj.boot_id) pbf.writeStringField(2, obj.boot_id);
    if (obj.epoch) pbf.writeDoubleField(3, obj.epoch);
    if (obj.monotonic_micros) pbf.writeDoubleField(4, obj.monotonic_micros);
    if (obj.wall_millis) pbf.writeDoubleField(5, obj.wall_millis);
    if (obj.boot_wall_millis) pbf.writeDoubleField(6, obj.boot_wall_millis);
    if (obj.clock_ticks_per_second) pbf.writeDoubleField(7, obj.clock_ticks_per_second);
}

export function readSectionFacts(pbf: PbfReader, end?: number): SectionFacts {
    const obj: SectionFacts = {sequence: 0, monotonic_micros: 0, duration_micros: 0, errors: []};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.sequence = pbf.readDouble();
        else if (field === 2) obj.monotonic_micros = pbf.readDouble();
        else if (field === 3) obj.duration_micros = pbf.readDouble();
        else if (field === 4) obj.errors.push(readFailure(pbf, pbf.readVarint() + pbf.pos));
    }
    return obj;
}
export function writeSectionFacts(obj: SectionFacts, pbf: PbfWriter): void {
    if (obj.sequence) pbf.writeDoubleField(1, obj.sequence);
    if (obj.monotonic_micros) pbf.writeDoubleField(2, obj.monotonic_micros);
    if (obj.duration_micros) pbf.writeDoubleField(3, obj.duration_micros);
    if (obj.errors) for (const item of obj.errors) pbf.writeMessage(4, writeFailure, item);
}

export function readFailure(pbf: PbfReader, end?: number): Failure {
    const obj: Failure = {op: "", code: "", message: ""};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.op = pbf.readString();
        else if (field === 2) obj.code = pbf.readString();
        else if (field === 3) obj.message = pbf.readString();
    }
    return obj;
}
export function writeFailure(obj: Failure, pbf: PbfWriter): void {
    if (obj.op) pbf.writeStringField(1, obj.op);
    if (obj.code) pbf.writeStringField(2, obj.code);
    if (obj.message) pbf.writeStringField(3, obj.message);
}

export function readNetworkFacts(pbf: PbfReader, end?: number): NetworkFacts {
    const obj: NetworkFacts = {tier: "", counted: "", process_count: 0, lost_closings: 0, lost_bytes: 0, lost_packets: 0, parts: undefined};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.tier = pbf.readString();
        else if (field === 2) obj.counted = pbf.readString();
        else if (field === 3) obj.process_count = pbf.readDouble();
        else if (field === 4) obj.lost_closings = pbf.readDouble();
        else if (field === 5) obj.lost_bytes = pbf.readDouble();
        else if (field === 6) obj.lost_packets = pbf.readDouble();
        else if (field === 7) obj.parts = readNetworkParts(pbf, pbf.readVarint() + pbf.pos);
    }
    return obj;
}
export function writeNetworkFacts(obj: NetworkFacts, pbf: PbfWriter): void {
    if (obj.tier) pbf.writeStringField(1, obj.tier);
    if (obj.counted) pbf.writeStringField(2, obj.counted);
    if (obj.process_count) pbf.writeDoubleField(3, obj.process_count);
    if (obj.lost_closings) pbf.writeDoubleField(4, obj.lost_closings);
    if (obj.lost_bytes) pbf.writeDoubleField(5, obj.lost_bytes);
    if (obj.lost_packets) pbf.writeDoubleField(6, obj.lost_packets);
    if (obj.parts) pbf.writeMessage(7, writeNetworkParts, obj.parts);
}

export function readNetworkParts(pbf: PbfReader, end?: number): NetworkParts {
    const obj: NetworkParts = {tcp: "", udp: "", owners: "", processes: "", exited: false, scope: ""};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.tcp = pbf.readString();
        else if (field === 2) obj.udp = pbf.readString();
        else if (field === 3) obj.owners = pbf.readString();
        else if (field === 4) obj.processes = pbf.readString();
        else if (field === 5) obj.exited = pbf.readBoolean();
        else if (field === 6) obj.scope = pbf.readString();
    }
    return obj;
}
export function writeNetworkParts(obj: NetworkParts, pbf: PbfWriter): void {
    if (obj.tcp) pbf.writeStringField(1, obj.tcp);
    if (obj.udp) pbf.writeStringField(2, obj.udp);
    if (obj.owners) pbf.writeStringField(3, obj.owners);
    if (obj.processes) pbf.writeStringField(4, obj.processes);
    if (obj.exited) pbf.writeBooleanField(5, obj.exited);
    if (obj.scope) pbf.writeStringField(6, obj.scope);
}

export const HEADER_SHAPE: MessageShape = {
  name: 'Header',
  isTable: false,
  fields: [
    { tag: 1, name: 'host_name', type: 'string', isRepeated: false },
    { tag: 2, name: 'boot_id', type: 'string', isRepeated: false },
    { tag: 3, name: 'epoch', type: 'double', isRepeated: false },
    { tag: 4, name: 'monotonic_micros', type: 'double', isRepeated: false },
    { tag: 5, name: 'wall_millis', type: 'double', isRepeated: false },
    { tag: 6, name: 'boot_wall_millis', type: 'double', isRepeated: false },
    { tag: 7, name: 'clock_ticks_per_second', type: 'double', isRepeated: false },
  ],
};

export const FAILURE_SHAPE: MessageShape = {
  name: 'Failure',
  isTable: false,
  fields: [
    { tag: 1, name: 'op', type: 'string', isRepeated: false },
    { tag: 2, name: 'code', type: 'string', isRepeated: false },
    { tag: 3, name: 'message', type: 'string', isRepeated: false },
  ],
};

export const SECTION_FACTS_SHAPE: MessageShape = {
  name: 'SectionFacts',
  isTable: false,
  fields: [
    { tag: 1, name: 'sequence', type: 'double', isRepeated: false },
    { tag: 2, name: 'monotonic_micros', type: 'double', isRepeated: false },
    { tag: 3, name: 'duration_micros', type: 'double', isRepeated: false },
    { tag: 4, name: 'errors', type: 'message', isRepeated: true, message: FAILURE_SHAPE },
  ],
};

export const NETWORK_PARTS_SHAPE: MessageShape = {
  name: 'NetworkParts',
  isTable: false,
  fields: [
    { tag: 1, name: 'tcp', type: 'string', isRepeated: false },
    { tag: 2, name: 'udp', type: 'string', isRepeated: false },
    { tag: 3, name: 'owners', type: 'string', isRepeated: false },
    { tag: 4, name: 'processes', type: 'string', isRepeated: false },
    { tag: 5, name: 'exited', type: 'bool', isRepeated: false },
    { tag: 6, name: 'scope', type: 'string', isRepeated: false },
  ],
};

export const NETWORK_FACTS_SHAPE: MessageShape = {
  name: 'NetworkFacts',
  isTable: false,
  fields: [
    { tag: 1, name: 'tier', type: 'string', isRepeated: false },
    { tag: 2, name: 'counted', type: 'string', isRepeated: false },
    { tag: 3, name: 'process_count', type: 'double', isRepeated: false },
    { tag: 4, name: 'lost_closings', type: 'double', isRepeated: false },
    { tag: 5, name: 'lost_bytes', type: 'double', isRepeated: false },
    { tag: 6, name: 'lost_packets', type: 'double', isRepeated: false },
    { tag: 7, name: 'parts', type: 'message', isRepeated: false, message: NETWORK_PARTS_SHAPE },
  ],
};

export const OWNER_COLUMNS_SHAPE: MessageShape = {
  name: 'OwnerColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'key0', type: 'fixed32', isRepeated: true },
    { tag: 4, name: 'key1', type: 'fixed32', isRepeated: true },
    { tag: 5, name: 'key2', type: 'fixed32', isRepeated: true },
    { tag: 6, name: 'key3', type: 'fixed32', isRepeated: true },
    { tag: 7, name: 'kind', type: 'uint32', isRepeated: true },
    { tag: 8, name: 'pid', type: 'uint32', isRepeated: true },
    { tag: 9, name: 'ppid', type: 'uint32', isRepeated: true },
    { tag: 10, name: 'start_ticks', type: 'sint64', isRepeated: true },
    { tag: 11, name: 'uid', type: 'sint32', isRepeated: true },
    { tag: 12, name: 'has_exited', type: 'uint32', isRepeated: true },
    { tag: 13, name: 'connection_count', type: 'uint32', isRepeated: true },
    { tag: 14, name: 'listener_count', type: 'uint32', isRepeated: true },
    { tag: 15, name: 'name', type: 'uint32', isRepeated: true },
    { tag: 16, name: 'user', type: 'uint32', isRepeated: true },
    { tag: 17, name: 'command_line', type: 'uint32', isRepeated: true },
    { tag: 18, name: 'cgroup', type: 'uint32', isRepeated: true },
  ],
};

export const HOST_COLUMNS_SHAPE: MessageShape = {
  name: 'HostColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'key0', type: 'fixed32', isRepeated: true },
    { tag: 4, name: 'key1', type: 'fixed32', isRepeated: true },
    { tag: 5, name: 'key2', type: 'fixed32', isRepeated: true },
    { tag: 6, name: 'key3', type: 'fixed32', isRepeated: true },
    { tag: 7, name: 'connection_count', type: 'uint32', isRepeated: true },
  ],
};

export const TRAFFIC_COLUMNS_SHAPE: MessageShape = {
  name: 'TrafficColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'subject', type: 'sint32', isRepeated: true },
    { tag: 4, name: 'interface_index', type: 'sint32', isRepeated: true },
    { tag: 5, name: 'tx_bytes', type: 'sint64', isRepeated: true },
    { tag: 6, name: 'rx_bytes', type: 'sint64', isRepeated: true },
    { tag: 7, name: 'tx_segments', type: 'sint64', isRepeated: true },
    { tag: 8, name: 'rx_segments', type: 'sint64', isRepeated: true },
    { tag: 9, name: 'tx_header_bytes', type: 'sint64', isRepeated: true },
    { tag: 10, name: 'rx_header_bytes', type: 'sint64', isRepeated: true },
    { tag: 11, name: 'inferred_tx_bytes', type: 'sint64', isRepeated: true },
    { tag: 12, name: 'inferred_rx_bytes', type: 'sint64', isRepeated: true },
  ],
};

export const INTERFACE_COLUMNS_SHAPE: MessageShape = {
  name: 'InterfaceColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'key0', type: 'fixed32', isRepeated: true },
    { tag: 4, name: 'key1', type: 'fixed32', isRepeated: true },
    { tag: 5, name: 'key2', type: 'fixed32', isRepeated: true },
    { tag: 6, name: 'key3', type: 'fixed32', isRepeated: true },
    { tag: 7, name: 'index', type: 'sint32', isRepeated: true },
    { tag: 8, name: 'rx_bytes', type: 'sint64', isRepeated: true },
    { tag: 9, name: 'tx_bytes', type: 'sint64', isRepeated: true },
    { tag: 10, name: 'rx_packets', type: 'sint64', isRepeated: true },
    { tag: 11, name: 'tx_packets', type: 'sint64', isRepeated: true },
    { tag: 12, name: 'is_loopback', type: 'uint32', isRepeated: true },
    { tag: 13, name: 'is_uplink', type: 'uint32', isRepeated: true },
    { tag: 14, name: 'is_up', type: 'uint32', isRepeated: true },
    { tag: 15, name: 'name', type: 'uint32', isRepeated: true },
  ],
};

export const ADDRESS_COLUMNS_SHAPE: MessageShape = {
  name: 'AddressColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'key0', type: 'fixed32', isRepeated: true },
    { tag: 4, name: 'key1', type: 'fixed32', isRepeated: true },
    { tag: 5, name: 'key2', type: 'fixed32', isRepeated: true },
    { tag: 6, name: 'key3', type: 'fixed32', isRepeated: true },
    { tag: 7, name: 'interface_index', type: 'sint32', isRepeated: true },
  ],
};

export const SOCKET_COLUMNS_SHAPE: MessageShape = {
  name: 'SocketColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'serial', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'key0', type: 'fixed32', isRepeated: true },
    { tag: 4, name: 'key1', type: 'fixed32', isRepeated: true },
    { tag: 5, name: 'key2', type: 'fixed32', isRepeated: true },
    { tag: 6, name: 'key3', type: 'fixed32', isRepeated: true },
    { tag: 7, name: 'protocol', type: 'uint32', isRepeated: true },
    { tag: 8, name: 'family', type: 'uint32', isRepeated: true },
    { tag: 9, name: 'state', type: 'uint32', isRepeated: true },
    { tag: 10, name: 'local0', type: 'uint32', isRepeated: true },
    { tag: 11, name: 'local1', type: 'uint32', isRepeated: true },
    { tag: 12, name: 'local2', type: 'uint32', isRepeated: true },
    { tag: 13, name: 'local3', type: 'fixed32', isRepeated: true },
    { tag: 14, name: 'remote0', type: 'uint32', isRepeated: true },
    { tag: 15, name: 'remote1', type: 'uint32', isRepeated: true },
    { tag: 16, name: 'remote2', type: 'uint32', isRepeated: true },
    { tag: 17, name: 'remote3', type: 'fixed32', isRepeated: true },
    { tag: 18, name: 'local_port', type: 'uint32', isRepeated: true },
    { tag: 19, name: 'remote_port', type: 'uint32', isRepeated: true },
    { tag: 20, name: 'inode', type: 'uint32', isRepeated: true },
    { tag: 21, name: 'uid', type: 'sint32', isRepeated: true },
    { tag: 22, name: 'cgroup_id', type: 'sint64', isRepeated: true },
    { tag: 23, name: 'tx_bytes', type: 'sint64', isRepeated: true },
    { tag: 24, name: 'rx_bytes', type: 'sint64', isRepeated: true },
    { tag: 25, name: 'tx_segments', type: 'sint64', isRepeated: true },
    { tag: 26, name: 'rx_segments', type: 'sint64', isRepeated: true },
    { tag: 27, name: 'rtt_micros', type: 'sint64', isRepeated: true },
    { tag: 28, name: 'retransmits', type: 'sint64', isRepeated: true },
    { tag: 29, name: 'owner_pid', type: 'uint32', isRepeated: true },
    { tag: 30, name: 'owner_start_ticks', type: 'sint64', isRepeated: true },
    { tag: 31, name: 'owner_basis', type: 'uint32', isRepeated: true },
    { tag: 32, name: 'first_seen_micros', type: 'sint64', isRepeated: true },
    { tag: 33, name: 'born_before_start', type: 'uint32', isRepeated: true },
    { tag: 34, name: 'interface_index', type: 'sint32', isRepeated: true },
    { tag: 35, name: 'is_share', type: 'uint32', isRepeated: true },
    { tag: 36, name: 'owner', type: 'sint32', isRepeated: true },
    { tag: 37, name: 'host', type: 'sint32', isRepeated: true },
    { tag: 38, name: 'account_interface', type: 'sint32', isRepeated: true },
    { tag: 39, name: 'account_tx_bytes', type: 'sint64', isRepeated: true },
    { tag: 40, name: 'account_rx_bytes', type: 'sint64', isRepeated: true },
    { tag: 41, name: 'is_closed', type: 'uint32', isRepeated: true },
  ],
};

export const NETWORK_REPLY_SHAPE: MessageShape = {
  name: 'NetworkReply',
  isTable: false,
  fields: [
    { tag: 1, name: 'header', type: 'message', isRepeated: false, message: HEADER_SHAPE },
    { tag: 2, name: 'section', type: 'message', isRepeated: false, message: SECTION_FACTS_SHAPE },
    { tag: 3, name: 'network', type: 'message', isRepeated: false, message: NETWORK_FACTS_SHAPE },
    { tag: 4, name: 'errors', type: 'message', isRepeated: true, message: FAILURE_SHAPE },
    { tag: 5, name: 'texts', type: 'string', isRepeated: true },
    { tag: 6, name: 'owners', type: 'message', isRepeated: false, message: OWNER_COLUMNS_SHAPE },
    { tag: 7, name: 'hosts', type: 'message', isRepeated: false, message: HOST_COLUMNS_SHAPE },
    { tag: 8, name: 'traffic', type: 'message', isRepeated: false, message: TRAFFIC_COLUMNS_SHAPE },
    { tag: 9, name: 'host_traffic', type: 'message', isRepeated: false, message: TRAFFIC_COLUMNS_SHAPE },
    { tag: 10, name: 'interfaces', type: 'message', isRepeated: false, message: INTERFACE_COLUMNS_SHAPE },
    { tag: 11, name: 'addresses', type: 'message', isRepeated: false, message: ADDRESS_COLUMNS_SHAPE },
    { tag: 12, name: 'sockets', type: 'message', isRepeated: false, message: SOCKET_COLUMNS_SHAPE },
  ],
};

export const REMOVED_COLUMNS_SHAPE: MessageShape = {
  name: 'RemovedColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'pid', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'start_ticks', type: 'sint64', isRepeated: true },
  ],
};

export const PROCESS_COLUMNS_SHAPE: MessageShape = {
  name: 'ProcessColumns',
  isTable: true,
  fields: [
    { tag: 1, name: 'rows', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'pid', type: 'uint32', isRepeated: true },
    { tag: 3, name: 'start_ticks', type: 'sint64', isRepeated: true },
    { tag: 4, name: 'state', type: 'uint32', isRepeated: true },
    { tag: 5, name: 'threads', type: 'sint64', isRepeated: true },
    { tag: 6, name: 'cpu_nanos', type: 'sint64', isRepeated: true },
    { tag: 7, name: 'resident_bytes', type: 'sint64', isRepeated: true },
    { tag: 8, name: 'read_bytes', type: 'sint64', isRepeated: true },
    { tag: 9, name: 'written_bytes', type: 'sint64', isRepeated: true },
    { tag: 10, name: 'name', type: 'uint32', isRepeated: true },
    { tag: 11, name: 'user', type: 'uint32', isRepeated: true },
    { tag: 12, name: 'command_line', type: 'uint32', isRepeated: true },
  ],
};

export const PROCESSES_REPLY_SHAPE: MessageShape = {
  name: 'ProcessesReply',
  isTable: false,
  fields: [
    { tag: 1, name: 'header', type: 'message', isRepeated: false, message: HEADER_SHAPE },
    { tag: 2, name: 'section', type: 'message', isRepeated: false, message: SECTION_FACTS_SHAPE },
    { tag: 3, name: 'base_sequence', type: 'double', isRepeated: false },
    { tag: 4, name: 'process_count', type: 'double', isRepeated: false },
    { tag: 5, name: 'memory_total_bytes', type: 'double', isRepeated: false },
    { tag: 6, name: 'core_count', type: 'double', isRepeated: false },
    { tag: 7, name: 'texts', type: 'string', isRepeated: true },
    { tag: 8, name: 'removed', type: 'message', isRepeated: false, message: REMOVED_COLUMNS_SHAPE },
    { tag: 9, name: 'rows', type: 'message', isRepeated: false, message: PROCESS_COLUMNS_SHAPE },
  ],
};
