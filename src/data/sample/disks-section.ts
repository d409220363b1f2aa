import type { Section } from './snapshot.ts';

/** A block device, whole or a partition. Counters are cumulative since it appeared. */
export interface BlockDevice {
  /** Kernel name: `nvme0n1`, `sda1`, `dm-0`. */
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly isPartition: boolean;
  /** Whole device of a partition; empty for a whole one. */
  readonly parentName: string;
  /** What people call it: a device mapper's name, else the kernel name. */
  readonly label: string;
  readonly model: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly isRotational: boolean | undefined;
  readonly reads: number;
  readonly readBytes: number;
  readonly readMillis: number;
  readonly writes: number;
  readonly writtenBytes: number;
  readonly writeMillis: number;
  /** Requests under way: a gauge. */
  readonly inFlight: number;
  /** Time with at least one request under way; 32 bits in the kernel, so it wraps after 49 days of work. */
  readonly busyMillis: number;
  readonly weightedMillis: number;
  /** Discards, from 4.18. */
  readonly discardedBytes: number | undefined;
  /** Of the drive itself, or the hottest drive below a mapped device. */
  readonly temperatureCelsius: number | undefined;
}

/**
 * Why a file system has no figures: it did not answer in time, or was left alone because an automounter mounted it and
 * every question would keep it mounted.
 */
export type FileSystemSilence = 'no-answer' | 'automount';

/** A mounted file system, once, however often it is mounted. Space as `df -B1` has it. */
export interface FileSystem {
  /** The device's label (`nvme0n1p2`, `vg-root`), or the source where it has no device of its own. */
  readonly name: string;
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly isReadOnly: boolean;
  readonly isPartition: boolean;
  /** undefined: it stands on several devices or none. */
  readonly device: BlockDevice | undefined;
  /** undefined: it could not be asked. `availableBytes` is what ordinary users may still write. */
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly availableBytes: number | undefined;
  /** 0: it has no fixed number of them. */
  readonly inodes: number | undefined;
  readonly freeInodes: number | undefined;
  /** undefined: it was asked, and answered or refused. */
  readonly silence?: FileSystemSilence | undefined;
}

/** File systems and block devices; no loop devices, RAM disks or network file systems. */
export interface DisksSection extends Section {
  readonly fileSystems: readonly FileSystem[];
  readonly devices: readonly BlockDevice[];
}
