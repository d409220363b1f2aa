import { basename, dirname, join } from 'node:path';
import { listDirectory, readAttribute, readIntegerAttribute, realPath } from './sysfs-value.ts';

/** What /sys/class/block tells of a device and does not change while it is there. */
export interface BlockFacts {
  readonly isPartition: boolean;
  /** Whole device of a partition; empty for a whole one. */
  readonly parentName: string;
  /** A device mapper's name, else the kernel name. */
  readonly label: string;
  readonly model: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly isRotational: boolean | undefined;
  /** Paths, all links followed, of the devices that measure the temperature of what is below. */
  readonly drivePaths: readonly string[];
}

const SECTOR_BYTES = 512;
const STACK_DEPTH_LIMIT = 8;

/** Facts of a block device by kernel name; without sysfs (some containers) the name alone tells. */
export function readBlockFacts(sysRoot: string, name: string): BlockFacts {
  // Names with a slash (cciss/c0d0) have an exclamation mark in its place.
  const path = join(sysRoot, 'class/block', name.replaceAll('/', '!'));
  const real = realPath(path);
  const isPartition = readAttribute(join(path, 'partition')) !== undefined;
  const parentName = isPartition && real !== undefined ? basename(dirname(real)) : '';
  const whole = parentName === '' ? path : join(sysRoot, 'class/block', parentName);
  const sectors = readIntegerAttribute(join(path, 'size'));
  const rotational = readIntegerAttribute(join(whole, 'queue/rotational'));
  return {
    isPartition: real === undefined ? /^(?:[shv]d[a-z]+|\w+\d+p)\d+$/.test(name) : isPartition,
    parentName,
    label: readAttribute(join(path, 'dm/name')) ?? name,
    model: readAttribute(join(whole, 'device/model')) ?? readAttribute(join(whole, 'device/name')),
    sizeBytes: sectors === undefined ? undefined : sectors * SECTOR_BYTES,
    isRotational: rotational === undefined ? undefined : rotational === 1,
    drivePaths: [...new Set(drivePathsOf(sysRoot, whole, STACK_DEPTH_LIMIT))],
  };
}

/** Of a mapped or joined device (LVM, LUKS, RAID) those of all drives below it. */
function drivePathsOf(sysRoot: string, path: string, depth: number): string[] {
  const slaves = depth > 0 ? listDirectory(join(path, 'slaves')) : [];
  if (slaves.length > 0) return slaves.flatMap((slave) => slavePaths(sysRoot, slave, depth - 1));
  const device = realPath(join(path, 'device'));
  if (device === undefined) return [];
  // With multipath the disk hangs on a subsystem, which names its controllers.
  const controllers = listDirectory(device).filter((entry) => /^nvme\d+$/.test(entry));
  return [device, ...controllers.flatMap((entry) => realPath(join(device, entry)) ?? [])];
}

function slavePaths(sysRoot: string, name: string, depth: number): string[] {
  const path = join(sysRoot, 'class/block', name);
  const real = realPath(path);
  const isPartition = real !== undefined && readAttribute(join(path, 'partition')) !== undefined;
  return drivePathsOf(sysRoot, isPartition ? dirname(real) : path, depth);
}
