import { bytesText, rateText, tenthsText } from '../../kit/text/format.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { CONTROL_GROUP_FIELDS, ControlGroupRows } from '../query/control-group-rows.ts';
import {
  MACHINE_GROUP_FIELDS,
  type MachineGroupExport,
  MachineGroupRows,
} from '../query/machine-group-rows.ts';
import {
  type Figures,
  MACHINE_PROCESS_FIELDS,
  type MachineProcessExport,
  MachineProcessRows,
  type MachineSort,
  plainSortKeys,
  type UserNames,
} from '../query/machine-process-rows.ts';
import { countValue, entryMaker, rateValue, timeValue } from '../query/row-fields.ts';
import { ControlGroupsRates } from '../rates/control-group-rates.ts';
import { MachineRates } from '../rates/machine-rates.ts';
import { ProcessRates } from '../rates/process-rates.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import type { Grouping } from '../sample/process-table.ts';
import type { ProcessesWant, Snapshot } from '../sample/snapshot.ts';
import type { ControlGroupsSection } from '../schema/control-groups-section.ts';
import { CPU, type CpuSample } from '../schema/cpu-sample.ts';
import { type DisksSection, FILE_SYSTEM, type FileSystem } from '../schema/disks-section.ts';
import { GPU, type GpuSample } from '../schema/gpu-sample.ts';
import { MEMORY } from '../schema/memory-sample.ts';
import { USAGE_COLUMNS, type UsageRateId } from '../schema/process-columns.ts';
import type { RecordField, Shape } from '../schema/record.ts';
import type { SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import { SENSORS } from '../schema/sensors-sample.ts';
import { csvFields, csvHeader, csvLines } from './csv.ts';
import { type AlignedColumn, alignedText } from './table-text.ts';

/** Rows whose costly figures are asked for: each costs files of /proc. */
const ASKED_PIDS = 256;

/** A machine as its exports have it: the newest of each section, with unsmoothed rates. Sections are borrowed. */
export class SystemExport implements MachineProcessExport {
  readonly rates = new MachineRates();
  readonly processRates = new ProcessRates();
  readonly rows = new MachineProcessRows();
  header: SnapshotHeader | undefined;
  machine: MachineSection | undefined;
  disks: DisksSection | undefined;
  controlGroups: ControlGroupsSection | undefined;
  readonly controlGroupRates = new ControlGroupsRates();
  processes: MachineProcesses | undefined;
  /** Of the last sample, and of the disks until they are read again. */
  errors: readonly SectionError[] = [];
  /** Between the last two samples of the machine; NaN before the second. */
  intervalSeconds = Number.NaN;
  /** CSV and tables have a row for each of these, with sums; undefined: a row for each process. */
  readonly groupBy: Grouping | undefined;
  /** Order of the processes or sums. */
  readonly sort: MachineSort;
  readonly #userOf: UserNames;
  #processSampleCount = 0;

  constructor(userOf: UserNames, groupBy?: Grouping, sortKey?: string) {
    this.#userOf = userOf;
    this.groupBy = groupBy;
    const keys = plainSortKeys();
    this.sort = { key: keys.find((key) => key === sortKey) ?? keys[0]!, isReversed: false };
  }

  /** Whether there is anything to tell. */
  get hasData(): boolean {
    return this.machine !== undefined || this.processes !== undefined;
  }

  /** Whether all there is to tell has come twice. */
  get hasRates(): boolean {
    const isMachineRated = this.machine === undefined || !Number.isNaN(this.intervalSeconds);
    const areProcessesRated = this.processes === undefined || this.#processSampleCount > 1;
    return this.hasData && isMachineRated && areProcessesRated;
  }

  absorb(snapshot: Snapshot): void {
    const { header, machine, disks, controlGroups, machineProcesses } = snapshot;
    if (this.header !== undefined && this.header.epoch !== header.epoch) this.#rebase();
    this.header = header;
    if (machine !== undefined) this.#takeMachine(machine);
    if (disks !== undefined) {
      this.rates.updateDisks(disks);
      this.disks = disks;
    }
    const errors = [...snapshot.errors, ...(machine?.errors ?? []), ...(this.disks?.errors ?? [])];
    // A drive that does not answer is named by its sensors and by the disks.
    const each = new Map(errors.map((error) => [error.message, error]));
    this.errors = [...each.values()].filter((error) => !isWithoutGroups(error));
    if (controlGroups !== undefined) {
      this.controlGroupRates.update(controlGroups);
      this.controlGroups = controlGroups;
    }
    if (machineProcesses !== undefined) {
      if (this.processRates.update(machineProcesses, header)) this.#processSampleCount++;
      this.processes = machineProcesses;
      this.rows.build(machineProcesses, this.processRates, this.#userOf);
    }
  }

  /** The costly figures of the processes that come first. The first sample has them of all: the second has rates. */
  get wantedProcesses(): ProcessesWant {
    const cgroups = this.groupBy === 'container' || this.groupBy === 'unit';
    // Sums are over all processes.
    if (this.processes === undefined || this.groupBy !== undefined)
      return { visiblePids: [], columnsOfAll: USAGE_COLUMNS, cgroups };
    const out = new Int32Array(ASKED_PIDS);
    const count = this.rows.window(this.sort, 0, ASKED_PIDS, out);
    const visiblePids = Array.from(out.subarray(0, count), (row) => this.rows.pid[row]!);
    return { visiblePids, columns: USAGE_COLUMNS };
  }

  /** Not smoothed; NaN unknown. */
  rateOf(id: UsageRateId, row: number): number {
    const slot = this.processes?.processes.find(this.rows.pid[row]!) ?? -1;
    return this.processRates.usage[id].raw[slot] ?? Number.NaN;
  }

  /** Slots of the interfaces, uplinks first. */
  interfaceSlots(table: InterfaceTable): readonly number[] {
    const slots = [...table.slots.rows.subarray(0, table.slots.count)];
    return slots.sort((a, b) => table.isUplink[b]! - table.isUplink[a]! || table.index[a]! - table.index[b]!);
  }

  #takeMachine(machine: MachineSection): void {
    if (machine.sequence === this.machine?.sequence) return;
    const before = this.machine?.monotonicMicros ?? Number.NaN;
    this.intervalSeconds = (machine.monotonicMicros - before) / 1e6;
    this.rates.update(machine);
    this.machine = machine;
  }

  #rebase(): void {
    this.rates.rebase();
    this.processRates.rebase();
    this.controlGroupRates.rebase();
    this.#processSampleCount = 0;
    this.machine = undefined;
  }
}

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
    ...(data.controlGroups === undefined
      ? {}
      : { control_groups: controlGroupEntries(data.controlGroups, data) }),
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
  const { links } = data.rates.interfaces;
  return data.interfaceSlots(table).map((slot) => ({
    name: table.names[slot] ?? '',
    is_uplink: table.isUplink[slot] === 1,
    is_up: table.isUp[slot] === 1,
    bytes_recv: countValue(table.rxBytes[slot]!),
    bytes_sent: countValue(table.txBytes[slot]!),
    recv_rate: rateValue(links.rawRx[slot] ?? UNKNOWN),
    send_rate: rateValue(links.rawTx[slot] ?? UNKNOWN),
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

/** A machine without control groups lacks nothing: they are left out. */
function isWithoutGroups({ op, code }: SectionError): boolean {
  return op === 'collect control groups' && (code === 'ENOTSUP' || code === 'ENOENT');
}

const controlGroupEntry = entryMaker<typeof CONTROL_GROUP_FIELDS, ControlGroupRows>(CONTROL_GROUP_FIELDS);

/** Those that wait most first. */
function controlGroupEntries(
  { groups }: ControlGroupsSection,
  { controlGroupRates }: SystemExport,
): object[] {
  const rows = new ControlGroupRows();
  rows.build(groups, controlGroupRates);
  return Array.from(rows.order({ key: 'trouble', isReversed: false }), (row) => controlGroupEntry(rows, row));
}

function processEntries(data: SystemExport): object[] {
  return Array.from(data.rows.order(data.sort), (row) => processEntry(data, row));
}

/**
 * The fields of a record under the names that its declaration gives them in JSON, in its order. What is unknown is null,
 * and so is every field where there is no record; what most machines do not have is left out.
 */
function exportedRecord(
  { fields }: Pick<RecordField, 'fields'>,
  value: object | undefined,
): Record<string, unknown> {
  const source = (value ?? {}) as Readonly<Record<string, unknown>>;
  const entry: Record<string, unknown> = {};
  for (const [name, { json, shape, isSeldom }] of Object.entries(fields)) {
    if (json === undefined) continue;
    const exported = exportedValue(shape, source[name]);
    if (exported !== null || isSeldom !== true) entry[json] = exported;
  }
  return entry;
}

function exportedValue(shape: Shape, value: unknown): unknown {
  if (value === undefined) return null;
  if (shape.kind === 'optional') return exportedValue(shape.field.shape, value);
  if (shape.kind === 'record') return exportedRecord(shape, value as object);
  if (shape.kind !== 'list') return typeof value === 'number' ? countValue(value) : value;
  return (value as readonly unknown[]).map((item) => exportedValue(shape.item.shape, item));
}

function number(value: number | undefined): number | null {
  return countValue(value ?? UNKNOWN);
}

const CSV_FIELDS = csvFields<MachineProcessExport>(MACHINE_PROCESS_FIELDS);
const GROUP_CSV_FIELDS = csvFields<MachineGroupExport>(MACHINE_GROUP_FIELDS);

/** Sums have no PID and no user. */
function groupSort({ key, isReversed }: MachineSort): MachineGroupRows['sort'] {
  return { key: key === 'pid' || key === 'user' ? 'cpu' : key, isReversed };
}

function groupedProcesses(data: SystemExport, by: Grouping): MachineGroupExport {
  const rows = new MachineGroupRows();
  rows.build(data.rows, by, (id, row) => data.rateOf(id, row));
  return { rows, rateOf: (id, row) => rows[id][row]! };
}

/** What `--once` shows of a process. */
const FIGURE_TEXTS: readonly (AlignedColumn & { text(rows: Figures, row: number): string })[] = [
  { title: 'CPU %', isNumber: true, text: ({ machinePercent }, row) => tenthsText(machinePercent[row]!) },
  { title: 'MEM', isNumber: true, text: ({ residentBytes }, row) => bytesText(residentBytes[row]!) },
  { title: 'MEM %', isNumber: true, text: ({ memoryPercent }, row) => tenthsText(memoryPercent[row]!) },
];
const TABLE_COLUMNS: readonly (AlignedColumn & { text(rows: MachineProcessRows, row: number): string })[] = [
  { title: 'PID', isNumber: true, text: ({ pid }, row) => String(pid[row]) },
  { title: 'USER', isNumber: false, text: ({ users }, row) => sanitizeLine(users[row]!) },
  { title: 'PROCESS', isNumber: false, text: ({ names }, row) => sanitizeLine(names[row]!) },
  ...FIGURE_TEXTS,
];

/** The first line of `--csv`, with its line end. */
export function systemCsvHeader({ groupBy }: Partial<Pick<SystemExport, 'groupBy'>> = {}): string {
  return groupBy === undefined ? csvHeader(CSV_FIELDS) : csvHeader(GROUP_CSV_FIELDS);
}

/** One line for each process or sum, in their order; what is unknown is empty. */
export function systemCsv(data: SystemExport): string {
  const wallMillis = data.header?.wallMillis ?? UNKNOWN;
  if (data.groupBy !== undefined) {
    const sums = groupedProcesses(data, data.groupBy);
    return csvLines(GROUP_CSV_FIELDS, sums, wallMillis, sums.rows.order(groupSort(data.sort)));
  }
  return csvLines(CSV_FIELDS, data, wallMillis, data.rows.order(data.sort));
}

/** What `--once` prints: the machine in two lines, then its processes or their sums, aligned, plain. */
export function systemTable(data: SystemExport): string {
  const { rows, groupBy, sort } = data;
  if (groupBy !== undefined) {
    const { rows: sums } = groupedProcesses(data, groupBy);
    const lines = Array.from(sums.order(groupSort(sort)), (row) => [
      ...[sanitizeLine(sums.names[row] || '-'), String(sums.processes[row])],
      ...FIGURE_TEXTS.map(({ text }) => text(sums, row)),
    ]);
    const columns = [
      { title: groupBy.toUpperCase(), isNumber: false },
      { title: 'PROCS', isNumber: true },
      ...FIGURE_TEXTS,
    ];
    return `${summaryOf(data)}\n\n${alignedText(columns, lines)}`;
  }
  const lines = Array.from(rows.order(sort), (row) => TABLE_COLUMNS.map(({ text }) => text(rows, row)));
  return `${summaryOf(data)}\n\n${alignedText(TABLE_COLUMNS, lines)}`;
}

function summaryOf({ header, machine, rates, rows, processes }: SystemExport): string {
  const { usedBytes = UNKNOWN, totalBytes = UNKNOWN } = machine?.memory.value ?? {};
  const { load1, load5, load15 } = machine?.cpu.value ?? {};
  const load = [load1, load5, load15].map((value) => value?.toFixed(2) ?? '-').join(' ');
  const { uploads, downloads } = rates.interfaces;
  const first = [
    sanitizeLine(header?.hostName ?? ''),
    timeValue(header?.wallMillis ?? UNKNOWN) ?? '-',
    `cpu ${tenthsText(rates.cpu.usage.total)} %`,
    `memory ${bytesText(usedBytes)} of ${bytesText(totalBytes)}`,
  ];
  const second = [
    `load ${load}`,
    `${processes === undefined ? '-' : rows.processCount} processes`,
    `up ${rateText(uploads.last)}`,
    `down ${rateText(downloads.last)}`,
  ];
  return `${first.join('  ')}\n${second.join('  ')}`;
}
