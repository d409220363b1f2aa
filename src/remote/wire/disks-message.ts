import type { FileSystemSilence } from '../../data/sample/disks-section.ts';
import type { Section, SnapshotHeader } from '../../data/sample/snapshot.ts';
import {
  count,
  exact,
  flag,
  type JsonCodec,
  list,
  oneOf,
  optionalFlag,
  optionalText,
  record,
  seldom,
  text,
} from './json-codec.ts';
import { TEXT_LIMIT } from './limits.ts';
import { sectionFacts, snapshotHeader } from './section-json.ts';

/** A block device; counters since it appeared. */
interface DeviceMessage {
  readonly name: string;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly isPartition: boolean;
  readonly parentName: string;
  readonly label: string;
  readonly model: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly isRotational: boolean | undefined;
  readonly reads: number | undefined;
  readonly readBytes: number | undefined;
  readonly readMillis: number | undefined;
  readonly writes: number | undefined;
  readonly writtenBytes: number | undefined;
  readonly writeMillis: number | undefined;
  readonly inFlight: number | undefined;
  readonly busyMillis: number | undefined;
  readonly weightedMillis: number | undefined;
  readonly discardedBytes: number | undefined;
  readonly temperatureCelsius: number | undefined;
}

/** A mounted file system. */
export interface FileSystemMessage {
  readonly name: string;
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly isReadOnly: boolean;
  readonly isPartition: boolean;
  /** `name` of a device of the same reply. */
  readonly deviceName: string | undefined;
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly inodes: number | undefined;
  readonly freeInodes: number | undefined;
  readonly silence?: FileSystemSilence | undefined;
}

/** The reply to `get_disks` on `socktop.v2`. */
export interface DisksMessage {
  readonly header: SnapshotHeader;
  readonly section: Section;
  readonly fileSystems: readonly FileSystemMessage[];
  readonly devices: readonly DeviceMessage[];
}

const name = text(TEXT_LIMIT.name);
const line = text(TEXT_LIMIT.line);
const optionalName = optionalText(TEXT_LIMIT.name);
const counter = count();

const device: JsonCodec<DeviceMessage> = record<DeviceMessage>({
  ...{ name, major: counter, minor: counter, isPartition: flag, parentName: name, label: name },
  ...{ model: optionalName, sizeBytes: counter, isRotational: optionalFlag },
  ...{ reads: counter, readBytes: counter, readMillis: counter },
  ...{ writes: counter, writtenBytes: counter, writeMillis: counter },
  ...{ inFlight: counter, busyMillis: counter, weightedMillis: counter, discardedBytes: counter },
  temperatureCelsius: exact,
});

const silence = seldom(oneOf<FileSystemSilence>(['no-answer', 'automount']));

const fileSystem: JsonCodec<FileSystemMessage> = record<FileSystemMessage>({
  ...{ name, source: line, mountPoint: line, type: name, isReadOnly: flag, isPartition: flag },
  ...{ deviceName: optionalName, totalBytes: counter, usedBytes: counter, availableBytes: counter },
  ...{ inodes: counter, freeInodes: counter, silence },
});

/** `get_disks` of `socktop.v2`. */
export const disksMessage: JsonCodec<DisksMessage> = record<DisksMessage>({
  header: snapshotHeader,
  section: sectionFacts,
  fileSystems: list(fileSystem),
  devices: list(device),
});
