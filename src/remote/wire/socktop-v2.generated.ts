// biome-ignore-all lint: written by the compiler of pbf
// biome-ignore-all format: written by the compiler of pbf
// Made from socktop-v2.proto by `npm run bun bin/dev/wire-code.ts`.
import type { PbfReader, PbfWriter } from 'pbf';
import type { MessageShape } from '../../data/codec/protobuf.ts';
import { tableShape } from '../../data/codec/table-format.ts';

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
  names: string;
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
    const obj: NetworkParts = {tcp: "", udp: "", owners: "", processes: "", exited: false, scope: "", names: ""};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.tcp = pbf.readString();
        else if (field === 2) obj.udp = pbf.readString();
        else if (field === 3) obj.owners = pbf.readString();
        else if (field === 4) obj.processes = pbf.readString();
        else if (field === 5) obj.exited = pbf.readBoolean();
        else if (field === 6) obj.scope = pbf.readString();
        else if (field === 7) obj.names = pbf.readString();
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
    if (obj.names) pbf.writeStringField(7, obj.names);
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
    { tag: 7, name: 'names', type: 'string', isRepeated: false },
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

export const NETWORK_REPLY_SHAPE: MessageShape = {
  name: 'NetworkReply',
  isTable: false,
  fields: [
    { tag: 1, name: 'header', type: 'message', isRepeated: false, message: HEADER_SHAPE },
    { tag: 2, name: 'section', type: 'message', isRepeated: false, message: SECTION_FACTS_SHAPE },
    { tag: 3, name: 'network', type: 'message', isRepeated: false, message: NETWORK_FACTS_SHAPE },
    { tag: 4, name: 'errors', type: 'message', isRepeated: true, message: FAILURE_SHAPE },
    { tag: 5, name: 'texts', type: 'string', isRepeated: true },
    { tag: 6, name: 'owners', type: 'message', isRepeated: false, message: tableShape('OwnerColumns') },
    { tag: 7, name: 'hosts', type: 'message', isRepeated: false, message: tableShape('HostColumns') },
    { tag: 8, name: 'traffic', type: 'message', isRepeated: false, message: tableShape('TrafficColumns') },
    { tag: 9, name: 'host_traffic', type: 'message', isRepeated: false, message: tableShape('TrafficColumns') },
    { tag: 10, name: 'interfaces', type: 'message', isRepeated: false, message: tableShape('InterfaceColumns') },
    { tag: 11, name: 'addresses', type: 'message', isRepeated: false, message: tableShape('AddressColumns') },
    { tag: 12, name: 'sockets', type: 'message', isRepeated: false, message: tableShape('SocketColumns') },
    { tag: 13, name: 'problems', type: 'message', isRepeated: false, message: tableShape('ProblemColumns') },
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
    { tag: 8, name: 'removed', type: 'message', isRepeated: false, message: tableShape('RemovedColumns') },
    { tag: 9, name: 'rows', type: 'message', isRepeated: false, message: tableShape('ProcessColumns') },
  ],
};
