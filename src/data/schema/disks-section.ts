import {
  amount,
  count,
  counter,
  flag,
  gauge,
  list,
  optional,
  record,
  reference,
  seldom,
  text,
  type ValueOf,
  word,
} from './record.ts';
import type { Section } from './section-facts.ts';

const UNKNOWN = Number.NaN;

/** A block device, whole or a partition. Counters are cumulative since it appeared. */
export const BLOCK_DEVICE = record({
  /** Kernel name: `nvme0n1`, `sda1`, `dm-0`. */
  name: text(),
  major: count('', 0),
  minor: count('', 0),
  isPartition: flag(),
  /** Whole device of a partition; empty for a whole one. */
  parentName: text(),
  /** What people call it: a device mapper's name, else the kernel name. */
  label: text(),
  model: optional(text()),
  sizeBytes: count('bytes'),
  isRotational: optional(flag()),
  reads: count('', UNKNOWN, {
    metric: counter('node_disk_reads_completed_total', 'The total number of reads completed successfully.'),
  }),
  readBytes: count('bytes', UNKNOWN, {
    metric: counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.'),
  }),
  readMillis: count('milliseconds', UNKNOWN, {
    metric: counter('node_disk_read_time_seconds_total', 'The total number of seconds spent by all reads.'),
  }),
  writes: count('', UNKNOWN, {
    metric: counter('node_disk_writes_completed_total', 'The total number of writes completed successfully.'),
  }),
  writtenBytes: count('bytes', UNKNOWN, {
    metric: counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.'),
  }),
  writeMillis: count('milliseconds', UNKNOWN, {
    metric: counter('node_disk_write_time_seconds_total', 'The total number of seconds spent by all writes.'),
  }),
  /** Requests under way: a gauge. */
  inFlight: count('', UNKNOWN, {
    metric: gauge('node_disk_io_now', 'The number of I/Os currently in progress.'),
  }),
  /** Time with at least one request under way; 32 bits in the kernel, so it wraps after 49 days of work. */
  busyMillis: count('milliseconds', UNKNOWN, {
    metric: counter('node_disk_io_time_seconds_total', 'Total seconds spent doing I/Os.'),
  }),
  weightedMillis: count('milliseconds', UNKNOWN, {
    metric: counter(
      'node_disk_io_time_weighted_seconds_total',
      'The weighted number of seconds spent doing I/Os.',
    ),
  }),
  /** Discards, from 4.18. */
  discardedBytes: count('bytes', undefined, {
    metric: counter(
      'node_disk_discarded_sectors_total',
      'The total number of sectors discarded successfully.',
    ),
  }),
  /** Of the drive itself, or the hottest drive below a mapped device. */
  temperatureCelsius: amount('celsius', undefined),
});
export type BlockDevice = ValueOf<typeof BLOCK_DEVICE>;

/** A mounted file system, once, however often it is mounted. Space as `df -B1` has it. */
export const FILE_SYSTEM = record({
  /** The device's label (`nvme0n1p2`, `vg-root`), or the source where it has no device of its own. */
  name: text('name', { json: 'name' }),
  source: text('line'),
  mountPoint: text('line', { json: 'mount_point' }),
  type: text('name', { json: 'type' }),
  isPartition: flag(),
  /** undefined: it stands on several devices or none. */
  device: reference('devices', BLOCK_DEVICE),
  /** undefined: it could not be asked. `availableBytes` is what ordinary users may still write. */
  totalBytes: count('bytes', undefined, {
    json: 'total_bytes',
    metric: gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.'),
  }),
  usedBytes: count('bytes', undefined, {
    json: 'used_bytes',
    metric: gauge('node_filesystem_free_bytes', 'Filesystem free space in bytes.'),
  }),
  availableBytes: count('bytes', undefined, {
    json: 'available_bytes',
    metric: gauge('node_filesystem_avail_bytes', 'Filesystem space available to non-root users in bytes.'),
  }),
  /** 0: it has no fixed number of them. */
  inodes: count('', undefined, {
    metric: gauge('node_filesystem_files', 'Filesystem total file nodes.'),
  }),
  freeInodes: count('', undefined, {
    metric: gauge('node_filesystem_files_free', 'Filesystem total free file nodes.'),
  }),
  isReadOnly: flag({ metric: gauge('node_filesystem_readonly', 'Filesystem read-only status.') }),
  /**
   * Why it has no figures: it did not answer in time, or was left alone because an automounter mounted it and every
   * question would keep it mounted, or is the network's or a program's (FUSE), which is never asked: the server may be
   * gone. undefined: it was asked, and answered or refused.
   */
  silence: seldom(
    word(['no-answer', 'automount', 'not-asked'], undefined, {
      json: 'silence',
      metric: gauge(
        'node_filesystem_device_error',
        'Whether an error occurred while getting statistics for the device.',
      ),
    }),
  ),
});
export type FileSystem = ValueOf<typeof FILE_SYSTEM>;
export type FileSystemSilence = NonNullable<FileSystem['silence']>;

/** File systems and block devices; no loop devices and RAM disks. Those of the network are named, without figures. */
export const DISKS = record({
  devices: list(BLOCK_DEVICE),
  fileSystems: list(FILE_SYSTEM),
});
export type DisksSection = Section & ValueOf<typeof DISKS>;
