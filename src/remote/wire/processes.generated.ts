// biome-ignore-all lint: written by the compiler of pbf
// biome-ignore-all format: written by the compiler of pbf
// Made from processes.proto by `npm run bun bin/dev/wire-code.ts`.
import type { PbfReader, PbfWriter } from 'pbf';
import type { MessageShape } from '../../data/codec/protobuf.ts';

export interface Processes {
  process_count: number;
  rows: Process[];
}

export interface Process {
  pid: number;
  name: string;
  cpu_usage: number;
  mem_bytes: number;
}

export function readProcesses(pbf: PbfReader, end?: number): Processes {
    const obj: Processes = {process_count: 0, rows: []};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.process_count = pbf.readVarint();
        else if (field === 2) obj.rows.push(readProcess(pbf, pbf.readVarint() + pbf.pos));
    }
    return obj;
}
export function writeProcesses(obj: Processes, pbf: PbfWriter): void {
    if (obj.process_count) pbf.writeVarintField(1, obj.process_count);
    if (obj.rows) for (const item of obj.rows) pbf.writeMessage(2, writeProcess, item);
}

export function readProcess(pbf: PbfReader, end?: number): Process {
    const obj: Process = {pid: 0, name: "", cpu_usage: 0, mem_bytes: 0};
    let field: number;
    while ((field = pbf.nextField(end))) {
        if (field === 1) obj.pid = pbf.readVarint();
        else if (field === 2) obj.name = pbf.readString();
        else if (field === 3) obj.cpu_usage = pbf.readFloat();
        else if (field === 4) obj.mem_bytes = pbf.readVarint();
    }
    return obj;
}
export function writeProcess(obj: Process, pbf: PbfWriter): void {
    if (obj.pid) pbf.writeVarintField(1, obj.pid);
    if (obj.name) pbf.writeStringField(2, obj.name);
    if (obj.cpu_usage) pbf.writeFloatField(3, obj.cpu_usage);
    if (obj.mem_bytes) pbf.writeVarintField(4, obj.mem_bytes);
}

export const PROCESS_SHAPE: MessageShape = {
  name: 'Process',
  isTable: false,
  fields: [
    { tag: 1, name: 'pid', type: 'uint32', isRepeated: false },
    { tag: 2, name: 'name', type: 'string', isRepeated: false },
    { tag: 3, name: 'cpu_usage', type: 'float', isRepeated: false },
    { tag: 4, name: 'mem_bytes', type: 'uint64', isRepeated: false },
  ],
};

export const PROCESSES_SHAPE: MessageShape = {
  name: 'Processes',
  isTable: false,
  fields: [
    { tag: 1, name: 'process_count', type: 'uint64', isRepeated: false },
    { tag: 2, name: 'rows', type: 'message', isRepeated: true, message: PROCESS_SHAPE },
  ],
};
