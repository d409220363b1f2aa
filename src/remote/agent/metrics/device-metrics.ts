import type { BlockDevice, DisksSection, FileSystem } from '../../../data/sample/disks-section.ts';
import type { GpuSample } from '../../../data/sample/gpu-sample.ts';
import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import {
  counter,
  type ExpositionWriter,
  encodeLabels,
  type Family,
  gauge,
  info,
  LabelledRows,
  type RowColumn,
} from './exposition-writer.ts';

const ROWS_LIMIT = 1024;
/** The kernel's sectors, whatever the device's are. */
const SECTOR_BYTES = 512;
const MILLIS_DECIMALS = 3;

const millis = (
  name: string,
  help: string,
  read: (device: BlockDevice) => number,
): RowColumn<BlockDevice> => [
  counter(`node_disk_${name}_seconds_total`, help, 'seconds'),
  read,
  MILLIS_DECIMALS,
];

const DEVICE_INFO = info('node_disk_info', 'Info of /sys/block/<block_device>.');
const DEVICE_COLUMNS: readonly RowColumn<BlockDevice>[] = [
  [
    counter('node_disk_reads_completed_total', 'The total number of reads completed successfully.'),
    ({ reads }) => reads,
  ],
  [
    counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.', 'bytes'),
    ({ readBytes }) => readBytes,
  ],
  millis('read_time', 'The total number of seconds spent by all reads.', ({ readMillis }) => readMillis),
  [
    counter('node_disk_writes_completed_total', 'The total number of writes completed successfully.'),
    ({ writes }) => writes,
  ],
  [
    counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.', 'bytes'),
    ({ writtenBytes }) => writtenBytes,
  ],
  millis('write_time', 'The total number of seconds spent by all writes.', ({ writeMillis }) => writeMillis),
  [gauge('node_disk_io_now', 'The number of I/Os currently in progress.'), ({ inFlight }) => inFlight],
  millis('io_time', 'Total seconds spent doing I/Os.', ({ busyMillis }) => busyMillis),
  millis(
    'io_time_weighted',
    'The weighted number of seconds spent doing I/Os.',
    ({ weightedMillis }) => weightedMillis,
  ),
  [
    counter('node_disk_discarded_sectors_total', 'The total number of sectors discarded successfully.'),
    ({ discardedBytes }) => (discardedBytes === undefined ? undefined : discardedBytes / SECTOR_BYTES),
  ],
];

const FILE_SYSTEM_COLUMNS: readonly RowColumn<FileSystem>[] = [
  [gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.', 'bytes'), ({ totalBytes }) => totalBytes],
  [
    gauge('node_filesystem_free_bytes', 'Filesystem free space in bytes.', 'bytes'),
    ({ totalBytes, usedBytes }) =>
      totalBytes === undefined || usedBytes === undefined ? undefined : Math.max(0, totalBytes - usedBytes),
  ],
  [
    gauge('node_filesystem_avail_bytes', 'Filesystem space available to non-root users in bytes.', 'bytes'),
    ({ availableBytes }) => availableBytes,
  ],
  [gauge('node_filesystem_files', 'Filesystem total file nodes.'), ({ inodes }) => inodes],
  [gauge('node_filesystem_files_free', 'Filesystem total free file nodes.'), ({ freeInodes }) => freeInodes],
  [
    gauge('node_filesystem_readonly', 'Filesystem read-only status.'),
    ({ isReadOnly }) => (isReadOnly ? 1 : 0),
  ],
  [
    gauge(
      'node_filesystem_device_error',
      'Whether an error occurred while getting statistics for the device.',
    ),
    ({ totalBytes, silence }) => (silence === 'automount' ? undefined : totalBytes === undefined ? 1 : 0),
  ],
];

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
const PERCENT = 100;
const MILLI = 1000;

const GPU_INFO = info(
  'socktop_gpu_info',
  'A GPU, by the address or card that the other series name it with.',
);
const GPU_COLUMNS: readonly RowColumn<GpuSample>[] = [
  [
    gauge('socktop_gpu_asleep', 'Value is 1 if the GPU is powered down and was not asked.'),
    ({ isAsleep }) => (isAsleep ? 1 : 0),
  ],
  [
    gauge('socktop_gpu_utilization_ratio', 'Share of time in which the GPU worked, 0 to 1.', 'ratio'),
    ({ utilizationPercent }) => dividedBy(utilizationPercent, PERCENT),
  ],
  [
    gauge('socktop_gpu_memory_used_bytes', 'Memory of the GPU in use.', 'bytes'),
    ({ memoryUsedBytes }) => memoryUsedBytes,
  ],
  [
    gauge('socktop_gpu_memory_size_bytes', 'Memory of the GPU.', 'bytes'),
    ({ memoryTotalBytes }) => memoryTotalBytes,
  ],
  [
    gauge('socktop_gpu_temperature_celsius', 'Temperature of the GPU.', 'celsius'),
    ({ temperatureCelsius }) => temperatureCelsius,
  ],
  [
    gauge('socktop_gpu_power_watts', 'Power that the GPU draws.', 'watts'),
    ({ powerMilliwatts }) => dividedBy(powerMilliwatts, MILLI),
  ],
  [gauge('socktop_gpu_frequency_hertz', 'Frequency of the GPU.', 'hertz'), ({ frequencyHz }) => frequencyHz],
  [
    gauge('socktop_gpu_frequency_max_hertz', 'The highest frequency that the GPU may reach.', 'hertz'),
    ({ maxFrequencyHz }) => maxFrequencyHz,
  ],
];

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

function dividedBy(value: number | undefined, divisor: number): number | undefined {
  return value === undefined ? undefined : value / divisor;
}
