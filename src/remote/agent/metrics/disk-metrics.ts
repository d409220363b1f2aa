import {
  BLOCK_DEVICE,
  type BlockDevice,
  type DisksSection,
  FILE_SYSTEM,
  type FileSystem,
} from '../../../data/schema/disks-section.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { info } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';
import { RecordFamilies } from './record-families.ts';

const ROWS_LIMIT = 1024;
/** The kernel's sectors, whatever the device's are. */
const SECTOR_BYTES = 512;

const DEVICE_INFO = info('node_disk_info', 'Info of /sys/block/<block_device>.');
const DEVICES = new RecordFamilies<BlockDevice>(BLOCK_DEVICE, {
  discardedBytes: ({ discardedBytes }) =>
    discardedBytes === undefined ? undefined : discardedBytes / SECTOR_BYTES,
});
const FILE_SYSTEMS = new RecordFamilies<FileSystem>(FILE_SYSTEM, {
  // The family is that of what is free.
  usedBytes: ({ totalBytes, usedBytes }) =>
    totalBytes === undefined || usedBytes === undefined ? undefined : Math.max(0, totalBytes - usedBytes),
  silence: ({ totalBytes, silence }) =>
    silence === 'automount' ? undefined : totalBytes === undefined ? 1 : 0,
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
  DEVICES.each(writer, (put) => rows.each((device, labels) => put(labels, device)));
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
  FILE_SYSTEMS.each(writer, (put) => rows.each((each, labels) => put(labels, each)));
  return rows.leftOut;
}
