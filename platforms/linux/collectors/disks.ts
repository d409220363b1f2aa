import { basename, join } from 'node:path';
import type { BlockDevice, DisksSection, FileSystem } from '../../../src/data/sample/disks-section.ts';
import { type SectionError, sectionError } from '../../../src/data/sample/snapshot.ts';
import { monotonicMicros } from '../clock.ts';
import { NativeBuffer, SyscallError } from '../libc.ts';
import { KeptText } from '../proc/kept-file.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { type FileSystemSpace, readFileSystemSpace } from '../statfs.ts';
import { realPath } from '../sys/sysfs-value.ts';
import { BlockDevices } from './block-devices.ts';
import { selectMounts } from './disk-mounts.ts';
import { DriveTemperatures } from './drive-temperatures.ts';

interface DiskCollectorOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Default true. */
  readonly temperatures?: boolean;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
  /** Space of a mounted file system; returns 0 or -errno. Default statfs(2). */
  readonly space?: (path: NativeBuffer, into: FileSystemSpace) => number;
}

/** Sizes, names and sensors of devices change seldom. */
const FACTS_INTERVAL_MICROS = 60e6;

/** A file system to be asked, with what does not change while it is mounted. */
interface Mounted {
  readonly mount: MountEntry;
  readonly path: NativeBuffer;
  /** Kernel name of its device by its source, for those whose number is not the device's (btrfs). */
  readonly sourceName: string;
}

/** Real file systems, each once, and block devices. Mounts are parsed again only when their text has changed. */
export class DiskCollector {
  readonly #mountinfo: KeptText;
  readonly #devices: BlockDevices;
  readonly #temperatures: DriveTemperatures | undefined;
  readonly #clock: () => number;
  readonly #readSpace: (path: NativeBuffer, into: FileSystemSpace) => number;
  readonly #space: FileSystemSpace = {
    totalBytes: 0,
    usedBytes: 0,
    availableBytes: 0,
    inodes: 0,
    freeInodes: 0,
  };
  #mountsText = new Uint8Array(0);
  #mounted: readonly Mounted[] = [];
  #nextFactsMicros = Number.NEGATIVE_INFINITY;
  #sequence = 0;

  constructor(options: DiskCollectorOptions = {}) {
    const procRoot = options.procRoot ?? '/proc';
    const sysRoot = options.sysRoot ?? '/sys';
    this.#mountinfo = new KeptText(join(procRoot, 'self/mountinfo'), 16 * 1024, 16 << 20);
    this.#devices = new BlockDevices(procRoot, sysRoot);
    this.#temperatures = options.temperatures === false ? undefined : new DriveTemperatures(sysRoot);
    this.#clock = options.clock ?? monotonicMicros;
    this.#readSpace = options.space ?? readFileSystemSpace;
  }

  /** Throws SyscallError where the mounts cannot be read; devices that cannot are an error in the section. */
  collect(): DisksSection {
    const started = monotonicMicros();
    this.#readMounts();
    this.#renewFacts();
    const errors: SectionError[] = [];
    const devices = this.#readDevices(errors);
    const fileSystems = withoutRepeats(this.#mounted.map((mounted) => this.#fileSystem(mounted, devices)));
    return {
      sequence: ++this.#sequence,
      monotonicMicros: started,
      durationMicros: monotonicMicros() - started,
      errors,
      fileSystems,
      devices,
    };
  }

  close(): void {
    this.#mountinfo.close();
    this.#devices.close();
    this.#temperatures?.close();
  }

  #readMounts(): void {
    const failure = this.#mountinfo.read();
    if (failure < 0) throw new SyscallError('read', -failure, this.#mountinfo.path);
    const text = this.#mountinfo.buffer.bytes.subarray(0, this.#mountinfo.length);
    if (Buffer.compare(text, this.#mountsText) === 0) return;
    this.#mountsText = text.slice();
    this.#mounted = selectMounts(parseMountEntries(this.#mountsText, this.#mountsText.length)).map(mountedOf);
  }

  #renewFacts(): void {
    const now = this.#clock();
    if (now < this.#nextFactsMicros) return;
    this.#nextFactsMicros = now + FACTS_INTERVAL_MICROS;
    this.#devices.forgetFacts();
    this.#temperatures?.scan();
  }

  #readDevices(errors: SectionError[]): BlockDevice[] {
    try {
      return this.#devices.read(this.#temperatures);
    } catch (thrown) {
      errors.push(sectionError('read block devices', thrown));
      return [];
    }
  }

  #fileSystem({ mount, path, sourceName }: Mounted, devices: readonly BlockDevice[]): FileSystem {
    const device =
      devices.find(({ major, minor }) => major === mount.major && minor === mount.minor) ??
      devices.find(({ name }) => name === sourceName);
    const space = this.#readSpace(path, this.#space) === 0 ? this.#space : undefined;
    return {
      name: device?.label ?? mount.source.replace(/^\/dev\/(mapper\/)?/, ''),
      source: mount.source,
      mountPoint: mount.mountPoint,
      type: mount.type,
      isReadOnly: mount.isReadOnly,
      isPartition: device?.isPartition ?? false,
      device,
      totalBytes: space?.totalBytes,
      usedBytes: space?.usedBytes,
      availableBytes: space?.availableBytes,
      inodes: space?.inodes,
      freeInodes: space?.freeInodes,
    };
  }
}

function mountedOf(mount: MountEntry): Mounted {
  const path = new NativeBuffer(mount.mountPointBytes.length);
  path.bytes.set(mount.mountPointBytes);
  return { mount, path, sourceName: basename(realPath(mount.source) ?? mount.source) };
}

/** An overlay at `/` has the figures of what it lies upon: a folder bound from there is the same space again. */
function withoutRepeats(fileSystems: readonly FileSystem[]): FileSystem[] {
  const root = fileSystems.find(({ mountPoint, type }) => mountPoint === '/' && type === 'overlay');
  return fileSystems.filter(
    (each) =>
      each === root ||
      root?.totalBytes === undefined ||
      each.totalBytes !== root.totalBytes ||
      each.availableBytes !== root.availableBytes ||
      each.inodes !== root.inodes,
  );
}
