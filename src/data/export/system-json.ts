import { countValue, rateValue, timeValue } from '../query/cell-values.ts';
import { MACHINE_PROCESS_FIELDS, type MachineProcessExport } from '../query/machine-process-rows.ts';
import { CPU, type CpuSample } from '../schema/cpu-sample.ts';
import { FILE_SYSTEM, type FileSystem } from '../schema/disks-section.ts';
import { GPU, type GpuSample } from '../schema/gpu-sample.ts';
import { MEMORY } from '../schema/memory-sample.ts';
import { SENSORS } from '../schema/sensors-sample.ts';
import { entryMaker, exportedRecord } from './exported-fields.ts';
import type { SystemExport } from './system-export.ts';

/** Version of the shape below. */
const SYSTEM_JSON_SCHEMA = 1;

const UNKNOWN = Number.NaN;

/**
 * One line of socktop's `--json`, without a line end. Bytes, bytes a second, percent, seconds, degrees Celsius; what is
 * unknown is null, as all rates are before the second sample. A part that could not be collected is null.
 */
export function systemJson(data: SystemExport): string {
  const { header, machine } = data;
  const cpu = machine?.cpu.value;
  return JSON.stringify({
    schema: SYSTEM_JSON_SCHEMA,
    timestamp: timeValue(header?.wallMillis ?? UNKNOWN),
    interval_s: rateValue(data.intervalSeconds),
    host: header?.hostName ?? '',
    uptime_s: number(cpu?.uptimeSeconds),
    load: cpu === undefined ? null : [number(cpu.load1), number(cpu.load5), number(cpu.load15)],
    cpu: cpu === undefined ? null : cpuEntry(data, cpu),
    memory: machine?.memory.value === undefined ? null : exportedRecord(MEMORY, machine.memory.value),
    pressure: cpu === undefined ? null : pressureEntry(cpu),
    cpu_temp_c: number(machine?.sensors.value?.cpu?.celsius),
    ...exportedRecord(SENSORS, machine?.sensors.value),
    networks: networkEntries(data),
    disks: data.disks === undefined ? null : data.disks.fileSystems.map((each) => diskEntry(data, each)),
    gpus: machine?.gpus.value?.map((gpu) => gpuEntry(data, gpu)) ?? null,
    process_count: data.processes === undefined ? null : data.rows.processCount,
    processes: data.processes === undefined ? null : processEntries(data),
    errors: data.errors.map(({ op, code, message }) => ({ op, code, message })),
  });
}

function cpuEntry({ rates }: SystemExport, cpu: CpuSample): object {
  const { usage } = rates.cpu;
  return {
    percent: rateValue(usage.total),
    per_core: Array.from(usage.percent.subarray(1, Math.max(1, usage.count)), rateValue),
    ...exportedRecord(CPU, cpu),
  };
}

/** Share of the last ten seconds in which some task waited. */
function pressureEntry({ cpuPressure, memoryPressure, ioPressure }: CpuSample): object {
  return {
    cpu: number(cpuPressure?.some?.avg10),
    memory: number(memoryPressure?.some?.avg10),
    io: number(ioPressure?.some?.avg10),
  };
}

function networkEntries(data: SystemExport): object[] | null {
  const table = data.machine?.networks.value;
  if (table === undefined) return null;
  return data.interfaceSlots(table).map((slot) => ({
    name: table.names[slot] ?? '',
    is_uplink: table.isUplink[slot] === 1,
    is_up: table.isUp[slot] === 1,
    bytes_recv: countValue(table.rxBytes[slot]!),
    bytes_sent: countValue(table.txBytes[slot]!),
    recv_rate: rateValue(data.links.rawRx[slot] ?? UNKNOWN),
    send_rate: rateValue(data.links.rawTx[slot] ?? UNKNOWN),
  }));
}

function diskEntry({ rates }: SystemExport, fileSystem: FileSystem): object {
  const { device } = fileSystem;
  const { name, mount_point, type, silence, ...bytes } = exportedRecord(FILE_SYSTEM, fileSystem);
  const rate = rates.disks.rateOf(device?.name ?? '');
  return {
    ...{ name, mount_point, type, device: device?.name ?? null },
    ...bytes,
    temp_c: number(device?.temperatureCelsius),
    read_rate: rateValue(rate.read),
    write_rate: rateValue(rate.written),
    silence,
  };
}

function gpuEntry({ rates }: SystemExport, gpu: GpuSample): object {
  // Where the driver does not tell, the rates of the processes do.
  return { ...exportedRecord(GPU, gpu), percent: rateValue(rates.gpus.percentOf(gpu.id)) };
}

const processEntry = entryMaker<typeof MACHINE_PROCESS_FIELDS, MachineProcessExport>(MACHINE_PROCESS_FIELDS);

/** Those that use most of the CPU first. */
function processEntries(data: SystemExport): object[] {
  return Array.from(data.rows.order({ key: 'cpu', isReversed: false }), (row) => processEntry(data, row));
}

function number(value: number | undefined): number | null {
  return countValue(value ?? UNKNOWN);
}
