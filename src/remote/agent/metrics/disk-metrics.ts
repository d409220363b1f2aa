import type { BlockDevice, DisksSection, FileSystem } from '../../../data/schema/disks-section.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { counter, type Family, gauge, info } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';

const ROWS_LIMIT = 1024;
/** The kernel's sectors, whatever the device's are. */
const SECTOR_BYTES = 512;
const MILLIS_DECIMALS = 3;

type DeviceColumn = readonly [
  family: Family,
  read: (device: BlockDevice) => number | undefined,
  decimals: number,
];

const millis = (name: string, help: string, read: (device: BlockDevice) => number): DeviceColumn => [
  counter(`node_disk_${name}_seconds_total`, help, 'seconds'),
  read,
  MILLIS_DECIMALS,
];

const DEVICE_INFO = info('node_disk_info', 'Info of /sys/block/<block_device>.');
const DEVICE_COLUMNS: readonly DeviceColumn[] = [
  [
    counter('node_disk_reads_completed_total', 'The total number of reads completed successfully.'),
    ({ reads }) => reads,
    0,
  ],
  [
    counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.', 'bytes'),
    ({ readBytes }) => readBytes,
    0,
  ],
  millis('read_time', 'The total number of seconds spent by all reads.', ({ readMillis }) => readMillis),
  [
    counter('node_disk_writes_completed_total', 'The total number of writes completed successfully.'),
    ({ writes }) => writes,
    0,
  ],
  [
    counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.', 'bytes'),
    ({ writtenBytes }) => writtenBytes,
    0,
  ],
  millis('write_time', 'The total number of seconds spent by all writes.', ({ writeMillis }) => writeMillis),
  [gauge('node_disk_io_now', 'The number of I/Os currently in progress.'), ({ inFlight }) => inFlight, 0],
  millis('io_time', 'Total seconds spent doing I/Os.', ({ busyMillis }) => busyMillis),
  millis(
    'io_time_weighted',
    'The weighted number of seconds spent doing I/Os.',
    ({ weightedMillis }) => weightedMillis,
  ),
  [
    counter('node_disk_discarded_sectors_total', 'The total number of sectors discarded successfully.'),
    ({ discardedBytes }) => (discardedBytes === undefined ? undefined : discardedBytes / SECTOR_BYTES),
    0,
  ],
];

type FileSystemColumn = readonly [family: Family, read: (each: FileSystem) => number | undefined];

const FILE_SYSTEM_COLUMNS: readonly FileSystemColumn[] = [
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
  for (const [family, read, decimals] of DEVICE_COLUMNS) {
    rows.each((device, labels) => writer.scaled(family, labels, read(device), decimals));
  }
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
  for (const [family, read] of FILE_SYSTEM_COLUMNS) {
    rows.each((each, labels) => writer.sample(family, labels, read(each)));
  }
  return rows.leftOut;
}
