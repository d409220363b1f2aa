import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import {
  BLOCK_DEVICE,
  type BlockDevice,
  type DisksSection,
  FILE_SYSTEM,
  type FileSystem,
} from '../../../data/schema/disks-section.ts';
import { GPU, type GpuSample } from '../../../data/schema/gpu-sample.ts';
import {
  counter,
  type ExpositionWriter,
  encodeLabels,
  type Family,
  gauge,
  info,
  LabelledRows,
} from './exposition-writer.ts';
import { recordColumns } from './record-families.ts';

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
