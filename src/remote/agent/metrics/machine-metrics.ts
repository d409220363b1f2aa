import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import { CPU, type CpuSample, CpuTable, type Pressure } from '../../../data/schema/cpu-sample.ts';
import {
  BLOCK_DEVICE,
  type BlockDevice,
  type DisksSection,
  FILE_SYSTEM,
  type FileSystem,
} from '../../../data/schema/disks-section.ts';
import { GPU, type GpuSample } from '../../../data/schema/gpu-sample.ts';
import { MEMORY, type MemorySample } from '../../../data/schema/memory-sample.ts';
import {
  BATTERY,
  type Battery,
  SENSORS,
  type SensorsSample,
  type TemperatureSensor,
} from '../../../data/schema/sensors-sample.ts';
import {
  counter,
  type ExpositionWriter,
  encodeLabels,
  type Family,
  gauge,
  info,
  LabelledRows,
  type RowColumn,
  recordColumns,
  writeColumns,
} from './exposition-writer.ts';

/** Modes of node_exporter's `node_cpu_seconds_total`, as it spells them; time in guests is in user and nice. */
const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

/** Idle time that jumps back by more than this was reset: the core was away. Less is the kernel's own rounding. */
const RESET_SECONDS = 3;

/**
 * Processor time that never falls: the kernel's idle and iowait go back a little now and then (proc(5)), which a
 * server would take for a restart of the machine. A core that was away begins anew.
 */
export class CpuCounters {
  /** Ticks, as in CpuTable; row 0 is not kept. */
  readonly highest = new CpuTable();

  absorb(times: CpuTable, ticksPerSecond: number): void {
    const { highest } = this;
    for (let row = 1; row < times.count; row++) {
      highest.rowOf(row - 1);
      const fallen = highest.idle[row]! - times.idle[row]!;
      // Its idle time is unknown where a core is away: it has no values to show.
      const isReset = !(fallen <= RESET_SECONDS * ticksPerSecond);
      for (const mode of CPU_MODES) {
        const was = highest[mode][row]!;
        const now = times[mode][row]!;
        if (isReset || Number.isNaN(was) || now > was) highest[mode][row] = now;
      }
    }
    highest.count = times.count;
  }
}

const SECONDS = counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.', 'seconds');
const FREQUENCY = gauge(
  'node_cpu_scaling_frequency_hertz',
  'Current scaled CPU thread frequency in hertz.',
  'hertz',
);
const MICROS_DECIMALS = 6;

type PressureRead = (cpu: CpuSample) => Pressure | undefined;

/** What some tasks waited for. */
const waiting = (resource: string, read: PressureRead, lack: string): RowColumn<CpuSample> => [
  pressureFamily(`${resource}_waiting`, `Total time in seconds that processes have waited for ${lack}.`),
  (cpu) => read(cpu)?.some?.totalMicros,
  MICROS_DECIMALS,
];

/** What all tasks waited for. */
const stalled = (resource: string, read: PressureRead, lack: string): RowColumn<CpuSample> => [
  pressureFamily(
    `${resource}_stalled`,
    `Total time in seconds no process could make progress for want of ${lack}.`,
  ),
  (cpu) => read(cpu)?.full?.totalMicros,
  MICROS_DECIMALS,
];

const pressureFamily = (name: string, help: string): Family =>
  counter(`node_pressure_${name}_seconds_total`, help, 'seconds');

const CPU_COLUMNS: readonly RowColumn<CpuSample>[] = [
  ...recordColumns<CpuSample>(CPU),
  waiting('cpu', (cpu) => cpu.cpuPressure, 'CPU time'),
  waiting('memory', (cpu) => cpu.memoryPressure, 'memory'),
  stalled('memory', (cpu) => cpu.memoryPressure, 'memory'),
  waiting('io', (cpu) => cpu.ioPressure, 'I/O'),
  stalled('io', (cpu) => cpu.ioPressure, 'I/O'),
];

/** Label sets of one core. */
interface CoreLabels {
  readonly core: Uint8Array;
  readonly modes: readonly Uint8Array[];
}

/** node_exporter's collectors cpu, cpufreq, loadavg, stat and pressure. */
export class CpuMetrics {
  readonly #counters = new CpuCounters();
  /** By row of CpuTable. */
  readonly #labels: CoreLabels[] = [];

  write(writer: ExpositionWriter, cpu: CpuSample): void {
    this.#writeTimes(writer, cpu);
    const { times } = cpu;
    for (let row = 1; row < times.count; row++) {
      writer.sample(FREQUENCY, this.#labelsOf(row).core, times.frequencyHz[row]);
    }
    writeColumns(writer, CPU_COLUMNS, cpu);
  }

  #writeTimes(writer: ExpositionWriter, { times, ticksPerSecond }: CpuSample): void {
    this.#counters.absorb(times, ticksPerSecond);
    const { highest } = this.#counters;
    for (let row = 1; row < times.count; row++) {
      const { modes } = this.#labelsOf(row);
      for (let i = 0; i < CPU_MODES.length; i++) {
        const ticks = highest[CPU_MODES[i]!][row]!;
        if (ticksPerSecond === 100) writer.scaled(SECONDS, modes[i]!, ticks, 2);
        else writer.sample(SECONDS, modes[i]!, ticks / ticksPerSecond);
      }
    }
  }

  #labelsOf(row: number): CoreLabels {
    const known = this.#labels[row];
    if (known !== undefined) return known;
    const cpu = String(row - 1);
    const modes = CPU_MODES.map((mode) => encodeLabels('cpu', cpu, 'mode', mode));
    const labels = { core: encodeLabels('cpu', cpu), modes };
    this.#labels[row] = labels;
    return labels;
  }
}

const MEMORY_COLUMNS = recordColumns<MemorySample>(MEMORY, {
  // The kernel's own figures know nothing of the cache of ZFS.
  availableBytes: ({ availableBytes, reclaimableArcBytes = 0 }) => availableBytes - reclaimableArcBytes,
  cachedBytes: ({ cachedBytes, reclaimableSlabBytes, reclaimableArcBytes = 0 }) =>
    difference(difference(cachedBytes, reclaimableSlabBytes), reclaimableArcBytes),
  // The family is that of what is free.
  swapUsedBytes: ({ swapTotalBytes, swapUsedBytes }) => difference(swapTotalBytes, swapUsedBytes),
});

/** node_exporter's collector meminfo, as far as MemorySample goes. */
export function writeMemory(writer: ExpositionWriter, memory: MemorySample): void {
  writeColumns(writer, MEMORY_COLUMNS, memory);
}

/** Missing where either is. */
function difference(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);
}

const SENSORS_LIMIT = 1024;
const ZONE_PREFIX = 'thermal_zone';

const SENSOR_LABEL = gauge('node_hwmon_sensor_label', 'Label for given chip and sensor.');
const CHIP_NAMES = gauge('node_hwmon_chip_names', 'Annotation metric for human-readable chip names.');
const ZONE_TEMPERATURE = gauge('node_thermal_zone_temp', 'Zone temperature in Celsius.');
type SensorList = Exclude<keyof SensorsSample, 'cpu' | 'batteries'>;
/** What all sensors have in common. */
type ChipInput = NonNullable<SensorsSample[SensorList]>[number];

/** The lists of sensors, each with the families of its records. */
const SENSOR_LISTS = Object.entries(SENSORS.fields).flatMap(([name, { shape }]) => {
  if (name === 'batteries') return [];
  const list = shape.kind === 'optional' ? shape.field.shape : shape;
  if (list.kind !== 'list' || list.item.shape.kind !== 'record') return [];
  const columns = recordColumns<ChipInput>(list.item.shape).map(
    ([family, read]): RowColumn<ChipSensor> => [family, ({ sensor }) => read(sensor)],
  );
  return [{ name: name as SensorList, columns }];
});

const BATTERY_COLUMNS = recordColumns<Battery>(BATTERY);

/** A sensor of a chip, named as node_exporter names both. */
interface ChipSensor {
  readonly sensor: ChipInput;
  readonly chip: string;
  /** `temp1`. */
  readonly name: string;
}

/** node_exporter's collectors hwmon, thermal_zone and, of batteries, powersupplyclass. Returns how many rows were left out for want of room. */
export function writeSensors(writer: ExpositionWriter, sample: SensorsSample): number {
  const zones = new LabelledRows<TemperatureSensor>(SENSORS_LIMIT);
  const owners = new Map<string, string>();
  const all: ChipSensor[] = [];
  let leftOut = 0;
  for (const { name, columns } of SENSOR_LISTS) {
    const rows = new LabelledRows<ChipSensor>(SENSORS_LIMIT);
    for (const sensor of sample[name] ?? []) {
      if (sensor.id.startsWith(ZONE_PREFIX) && 'celsius' in sensor) {
        zones.add(sensor, 'type', sensor.chip, 'zone', sensor.id.slice(ZONE_PREFIX.length));
      } else {
        const each = chipSensor(sensor, owners);
        rows.add(each, 'chip', each.chip, 'sensor', each.name);
      }
    }
    rows.samples(writer, columns);
    all.push(...rows.rows);
    leftOut += rows.leftOut;
  }
  for (const { sensor, chip, name } of all) {
    if (sensor.label === name) continue;
    writer.sample(SENSOR_LABEL, encodeLabels('chip', chip, 'label', sensor.label, 'sensor', name), 1);
  }
  writeChipNames(writer, all);
  zones.each(({ celsius }, labels) => writer.sample(ZONE_TEMPERATURE, labels, celsius));
  const batteries = new LabelledRows<Battery>(SENSORS_LIMIT);
  for (const battery of sample.batteries ?? []) batteries.add(battery, 'power_supply', battery.name);
  batteries.samples(writer, BATTERY_COLUMNS);
  return leftOut + zones.leftOut + batteries.leftOut;
}

function writeChipNames(writer: ExpositionWriter, sensors: readonly ChipSensor[]): void {
  const chips = new LabelledRows<string>(SENSORS_LIMIT);
  for (const { chip, sensor } of sensors) {
    // One without a name of its own is called by its number.
    if (!sensor.id.startsWith(`${sensor.chip}/`))
      chips.add(chip, 'chip', chip, 'chip_name', cleaned(sensor.chip));
  }
  chips.each((_, labels) => writer.sample(CHIP_NAMES, labels, 1));
}

/** `owners` says which chip had its name first: another one that would be called the same gets its number behind it. */
function chipSensor(sensor: ChipInput, owners: Map<string, string>): ChipSensor {
  const slash = sensor.id.indexOf('/');
  const hwmon = sensor.id.slice(0, Math.max(0, slash));
  const base = chipName(sensor, hwmon);
  const owner = owners.get(base) ?? hwmon;
  owners.set(base, owner);
  const chip = owner === hwmon ? base : `${base}_${cleaned(hwmon)}`;
  return { sensor, chip, name: sensor.id.slice(slash + 1) };
}

/**
 * As node_exporter 1.12 calls chips. `platform_coretemp_0`, `nvme_nvme0`: where the device hangs, and its name; else
 * the driver. Several chips of one device all have their driver behind it (`platform_asus_nb_wmi_asus`), or their
 * number where the driver is the same.
 */
function chipName({ chip, device, bus, chipSuffix = '' }: ChipInput, hwmon: string): string {
  const own = device === undefined ? cleaned(chip) : cleaned(device);
  const name = own === '' ? cleaned(hwmon) : own;
  const isPlaced = own !== '' && device !== undefined && bus !== undefined;
  const base = isPlaced ? `${cleaned(bus)}_${name}` : name;
  const suffix = cleaned(chipSuffix);
  return suffix === '' ? base : `${base}_${suffix}`;
}

/** As node_exporter makes names fit for metrics: lower case, everything else but digits and colons an underscore. */
function cleaned(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '');
}

const ROWS_LIMIT = 1024;
/** The kernel's sectors, whatever the device's are. */
const SECTOR_BYTES = 512;

const DEVICE_INFO = info('node_disk_info', 'Info of /sys/block/<block_device>.');
const DEVICE_COLUMNS = recordColumns<BlockDevice>(BLOCK_DEVICE, {
  discardedBytes: ({ discardedBytes }) =>
    discardedBytes === undefined ? undefined : discardedBytes / SECTOR_BYTES,
});
const FILE_SYSTEM_COLUMNS = recordColumns<FileSystem>(FILE_SYSTEM, {
  // The family is that of what is free.
  usedBytes: ({ totalBytes, usedBytes }) =>
    totalBytes === undefined || usedBytes === undefined ? undefined : Math.max(0, totalBytes - usedBytes),
  silence: ({ totalBytes, silence }) =>
    silence === 'automount' || silence === 'not-asked' ? undefined : totalBytes === undefined ? 1 : 0,
});

/** node_exporter's collectors diskstats and filesystem. Returns how many rows were left out for want of room. */
export function writeDisks(writer: ExpositionWriter, { devices, fileSystems }: DisksSection): number {
  return writeDevices(writer, devices) + writeFileSystems(writer, fileSystems);
}

/** Whole devices, as node_exporter has it: with their partitions a sum over all would count twice. */
function writeDevices(writer: ExpositionWriter, devices: readonly BlockDevice[]): number {
  const rows = new LabelledRows<BlockDevice>(ROWS_LIMIT);
  for (const device of devices) if (!device.isPartition) rows.add(device, 'device', device.name);
  rows.each((device) => writer.sample(DEVICE_INFO, deviceInfo(device), 1));
  rows.samples(writer, DEVICE_COLUMNS);
  return rows.leftOut;
}

function deviceInfo({ name, major, minor, model }: BlockDevice): Uint8Array {
  return encodeLabels('device', name, 'major', String(major), 'minor', String(minor), 'model', model);
}

function writeFileSystems(writer: ExpositionWriter, fileSystems: readonly FileSystem[]): number {
  const rows = new LabelledRows<FileSystem>(ROWS_LIMIT);
  for (const each of fileSystems) {
    rows.add(each, 'device', each.source, 'fstype', each.type, 'mountpoint', each.mountPoint);
  }
  rows.samples(writer, FILE_SYSTEM_COLUMNS);
  return rows.leftOut;
}

const BITS_PER_BYTE = 8;

type InterfaceRead = (table: InterfaceTable, slot: number) => number | undefined;

const statistic = (name: string, unit: string, read: InterfaceRead): readonly [Family, InterfaceRead] => [
  counter(`node_network_${name}_total`, `Network device statistic ${name}.`, unit),
  read,
];

const INTERFACE_INFO = info(
  'node_network_info',
  'Non-numeric data of the network device, value is always 1.',
);
const INTERFACE_COLUMNS: readonly (readonly [family: Family, read: InterfaceRead])[] = [
  statistic('receive_bytes', 'bytes', (table, slot) => table.rxBytes[slot]),
  statistic('receive_packets', 'packets', (table, slot) => table.rxPackets[slot]),
  statistic('receive_errs', '', (table, slot) => table.rxErrors[slot]),
  statistic('receive_drop', '', (table, slot) => table.rxDropped[slot]),
  statistic('transmit_bytes', 'bytes', (table, slot) => table.txBytes[slot]),
  statistic('transmit_packets', 'packets', (table, slot) => table.txPackets[slot]),
  statistic('transmit_errs', '', (table, slot) => table.txErrors[slot]),
  statistic('transmit_drop', '', (table, slot) => table.txDropped[slot]),
  [gauge('node_network_up', 'Value is 1 if operstate is up, 0 otherwise.'), isUp],
  [
    gauge('node_network_mtu_bytes', 'Network device property: mtu_bytes.', 'bytes'),
    (table, slot) => table.mtuBytes[slot]! || undefined,
  ],
  [
    gauge('node_network_speed_bytes', 'Network device property: speed_bytes.', 'bytes'),
    (table, slot) => table.linkBitsPerSecond[slot]! / BITS_PER_BYTE,
  ],
];

/** node_exporter's collectors netdev and netclass. Returns how many rows were left out for want of room. */
export function writeInterfaces(writer: ExpositionWriter, table: InterfaceTable): number {
  const slots = new LabelledRows<number>(ROWS_LIMIT);
  const { rows, count } = table.slots;
  for (let i = 0; i < count; i++) slots.add(rows[i]!, 'device', table.names[rows[i]!] ?? '');
  slots.each((slot) => writer.sample(INTERFACE_INFO, interfaceInfo(table, slot), 1));
  for (const [family, read] of INTERFACE_COLUMNS) {
    slots.each((slot, labels) => writer.sample(family, labels, read(table, slot)));
  }
  return slots.leftOut;
}

function isUp(table: InterfaceTable, slot: number): number {
  const state = table.operationalStates[slot];
  const up = state === undefined ? table.isUp[slot] === 1 : state === 'up';
  return up ? 1 : 0;
}

function interfaceInfo(table: InterfaceTable, slot: number): Uint8Array {
  const name = table.names[slot] ?? '';
  const address = table.hardwareAddresses[slot];
  return encodeLabels('address', address, 'device', name, 'operstate', table.operationalStates[slot]);
}

const GPUS_LIMIT = 64;

const GPU_INFO = info('socktop_gpu_info', 'Info of the GPU, value is always 1.');
const GPU_COLUMNS = recordColumns<GpuSample>(GPU);

/** GPUs, which node_exporter does not have. Returns how many rows were left out for want of room. */
export function writeGpus(writer: ExpositionWriter, gpus: readonly GpuSample[]): number {
  const rows = new LabelledRows<GpuSample>(GPUS_LIMIT);
  for (const gpu of gpus) rows.add(gpu, 'gpu', gpu.id);
  rows.each(({ id, name, vendor }) =>
    writer.sample(GPU_INFO, encodeLabels('gpu', id, 'name', name, 'vendor', vendor), 1),
  );
  rows.samples(writer, GPU_COLUMNS);
  return rows.leftOut;
}
