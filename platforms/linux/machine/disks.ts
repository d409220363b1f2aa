import { basename, dirname, join } from 'node:path';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import type { BlockDevice, DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import { monotonicMicros } from '../clock.ts';
import { GuardedSpace } from '../guarded/guarded-space.ts';
import type { SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { orThrow } from '../libc.ts';
import {
  countersOf,
  emptyDiskStatsLine,
  isBorrowed,
  parseDiskStatsLine,
  sectorBytes,
} from '../proc/diskstats.ts';
import { KeptText } from '../proc/kept-file.ts';
import { type HwmonChip, type HwmonTemperature, readHwmonChips } from '../sys/hwmon.ts';
import { listDirectory, readAttribute, readIntegerAttribute, realPath } from '../sys/sysfs-value.ts';
import { fileSystemsOf, type Mounted, mountedIn } from './file-systems.ts';
import type { CollectorOptions } from './machine.ts';

interface DiskCollectorOptions extends CollectorOptions {
  /** Default true. */
  readonly temperatures?: boolean;
  /** Who asks the file systems. Default a process beside. */
  readonly space?: SpaceSource;
}

/** Results by request key; a hanging file system is missing. */
export type SpaceSource = Pick<GuardedSpace, 'ask' | 'close'>;

/** Sizes, names and sensors of devices change seldom. */
const FACTS_INTERVAL_MICROS = 60e6;

/** Real file systems, each once, and block devices. Mounts are parsed again only when their text has changed. */
export class DiskCollector {
  readonly #mountinfo: KeptText;
  readonly #devices: BlockDevices;
  readonly #temperatures: DriveTemperatures | undefined;
  readonly #clock: () => number;
  readonly #space: SpaceSource;
  #mountsText = new Uint8Array(0);
  #mounted: readonly Mounted[] = [];
  /** What the file systems said last, and of which mounts. */
  #asked: {
    readonly answers: ReadonlyMap<string, SpaceAnswer>;
    readonly askedMicros: number;
    readonly mounted: readonly Mounted[];
  } = { answers: new Map(), askedMicros: Number.NEGATIVE_INFINITY, mounted: [] };
  #nextFactsMicros = Number.NEGATIVE_INFINITY;
  #sequence = 0;

  constructor(options: DiskCollectorOptions) {
    const { procRoot, sysRoot } = options;
    this.#mountinfo = new KeptText(join(procRoot, 'self/mountinfo'), 16 * 1024, 16 << 20);
    this.#devices = new BlockDevices(procRoot, sysRoot);
    this.#temperatures = options.temperatures === false ? undefined : new DriveTemperatures(sysRoot);
    this.#clock = options.clock ?? monotonicMicros;
    this.#space = options.space ?? new GuardedSpace();
  }

  /**
   * `spaceMaxAgeMillis`: how old the space of file systems may be. Rejects with SyscallError where the mounts cannot be
   * read; what else fails is an error in the section.
   */
  async collect(spaceMaxAgeMillis = 0): Promise<DisksSection> {
    const started = monotonicMicros();
    this.#readMounts();
    this.#renewFacts();
    const errors: SectionError[] = [];
    const answers = await this.#askSpace(spaceMaxAgeMillis, errors);
    const devices = this.#readDevices(errors);
    const fileSystems = fileSystemsOf(this.#mounted, answers, devices);
    return { ...sectionFacts(++this.#sequence, started, monotonicMicros(), errors), fileSystems, devices };
  }

  close(): void {
    this.#space.close();
    this.#mountinfo.close();
    this.#devices.close();
    this.#temperatures?.close();
  }

  #readMounts(): void {
    orThrow(this.#mountinfo.read(), 'read', this.#mountinfo.path);
    const text = this.#mountinfo.buffer.bytes.subarray(0, this.#mountinfo.length);
    if (Buffer.compare(text, this.#mountsText) === 0) return;
    this.#mountsText = text.slice();
    this.#mounted = mountedIn(this.#mountsText);
  }

  /** undefined: the helper could not be asked. */
  async #askSpace(
    maxAgeMillis: number,
    errors: SectionError[],
  ): Promise<ReadonlyMap<string, SpaceAnswer> | undefined> {
    const { answers, askedMicros, mounted } = this.#asked;
    const isFresh = mounted === this.#mounted && this.#clock() - askedMicros <= maxAgeMillis * 1000;
    if (isFresh) return answers;
    const questions = new Map<string, SpaceQuestion>();
    for (const { key, question } of this.#mounted) if (question !== undefined) questions.set(key, question);
    if (questions.size === 0) return new Map();
    try {
      const fresh = await this.#space.ask(questions);
      this.#asked = { answers: fresh, askedMicros: this.#clock(), mounted: this.#mounted };
      return fresh;
    } catch (thrown) {
      errors.push(sectionError('ask file systems', thrown));
      return undefined;
    }
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
}

const DEVICES_LIMIT = 4096;

/** Counters of all block devices by /proc/diskstats, with the facts of sysfs, read once per device. */
class BlockDevices {
  readonly #sysRoot: string;
  readonly #text: KeptText;
  readonly #line = emptyDiskStatsLine();
  readonly #decoder = new TextDecoder();
  /** By `major:minor name`, in the order of the file; facts of devices that went are forgotten. */
  #facts = new Map<string, BlockFacts>();

  constructor(procRoot: string, sysRoot: string) {
    this.#sysRoot = sysRoot;
    this.#text = new KeptText(join(procRoot, 'diskstats'), 16 * 1024);
  }

  /** Sizes and names may have changed: reads the facts again. */
  forgetFacts(): void {
    this.#facts.clear();
  }

  /** `temperatures` undefined: not asked. Throws SyscallError where the file cannot be read. */
  read(temperatures: DriveTemperatures | undefined): BlockDevice[] {
    orThrow(this.#text.read(), 'read', this.#text.path);
    const devices: BlockDevice[] = [];
    const present = new Map<string, BlockFacts>();
    const { bytes } = this.#text.buffer;
    let next = 0;
    while (devices.length < DEVICES_LIMIT && parseDiskStatsLine(bytes, this.#text.length, next, this.#line)) {
      next = this.#line.next;
      const name = this.#decoder.decode(bytes.subarray(this.#line.nameStart, this.#line.nameEnd));
      if (isBorrowed(name)) continue;
      const key = `${this.#line.major}:${this.#line.minor} ${name}`;
      const facts = this.#facts.get(key) ?? readBlockFacts(this.#sysRoot, name);
      present.set(key, facts);
      devices.push(this.#device(name, facts, temperatures?.read(facts.drivePaths)));
    }
    this.#facts = present;
    return devices;
  }

  close(): void {
    this.#text.close();
  }

  #device(name: string, facts: BlockFacts, temperatureCelsius: number | undefined): BlockDevice {
    const { major, minor } = this.#line;
    const { drivePaths: _, ...known } = facts;
    return { name, major, minor, ...known, ...countersOf(this.#line), temperatureCelsius };
  }
}

/** Drivers that measure drives. */
const DRIVE_CHIPS = new Set(['nvme', 'drivetemp', 'mmc']);

/** Temperatures of drives, found by the device that a hwmon chip belongs to. */
class DriveTemperatures {
  readonly #sysRoot: string;
  #chips: readonly HwmonChip[] = [];

  constructor(sysRoot: string) {
    this.#sysRoot = sysRoot;
  }

  /** Drives or modules came or went. */
  scan(): void {
    this.close();
    this.#chips = readHwmonChips(this.#sysRoot).filter(({ name }) => DRIVE_CHIPS.has(name));
  }

  /** Temperature of the hottest of the drives with these device paths, degrees Celsius; undefined: none reports one. */
  read(drivePaths: readonly string[]): number | undefined {
    let hottest: number | undefined;
    for (const path of drivePaths) {
      const celsius = this.#sensorOf(path)?.read();
      if (celsius !== undefined && (hottest === undefined || celsius > hottest)) hottest = celsius;
    }
    return hottest;
  }

  close(): void {
    for (const chip of this.#chips) chip.close();
    this.#chips = [];
  }

  /** The first input is the drive as a whole (`Composite` of NVMe); the others are places in it. */
  #sensorOf(drivePath: string): HwmonTemperature | undefined {
    const chip = this.#chips.find(
      ({ name, devicePath }) =>
        devicePath === drivePath ||
        // Until 5.15 the chip of an NVMe drive belonged to the controller's PCI device.
        (name === 'nvme' && devicePath === dirname(dirname(drivePath))),
    );
    return chip?.isAsleep() ? undefined : chip?.temperatures[0];
  }
}

/** Constant facts of a device from /sys/class/block. */
type BlockFacts = Readonly<ReturnType<typeof readBlockFacts>>;

const STACK_DEPTH_LIMIT = 8;

/** Facts of a block device by kernel name; without sysfs (some containers) derived from the name. */
function readBlockFacts(sysRoot: string, name: string) {
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
    /** Whole device of a partition; empty for a whole one. */
    parentName,
    /** A device mapper's name, else the kernel name. */
    label: readAttribute(join(path, 'dm/name')) ?? name,
    model: readAttribute(join(whole, 'device/model')) ?? readAttribute(join(whole, 'device/name')),
    sizeBytes: sectors === undefined ? undefined : sectorBytes(sectors),
    isRotational: rotational === undefined ? undefined : rotational === 1,
    /** Paths, all links followed, of the devices that measure the temperature of what is below. */
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
