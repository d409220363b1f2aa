import { basename, join } from 'node:path';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import type {
  BlockDevice,
  DisksSection,
  FileSystem,
  FileSystemSilence,
} from '../../../src/data/schema/disks-section.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { monotonicMicros } from '../clock.ts';
import { GuardedSpace } from '../guarded/guarded-space.ts';
import type { SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { SyscallError } from '../libc.ts';
import { KeptText } from '../proc/kept-file.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { BlockDevices, DriveTemperatures } from './block-devices.ts';
import { isAutomounted, selectMounts, selectRemoteMounts } from './disk-mounts.ts';

interface DiskCollectorOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Default true. */
  readonly temperatures?: boolean;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
  /** Who asks the file systems. Default a process beside. */
  readonly space?: SpaceSource;
}

/** Results by request key; a hanging file system is missing. */
export type SpaceSource = Pick<GuardedSpace, 'ask' | 'close'>;

/** Sizes, names and sensors of devices change seldom. */
const FACTS_INTERVAL_MICROS = 60e6;

/** A file system to be shown, with what does not change while it is mounted. */
interface Mounted {
  readonly mount: MountEntry;
  /** Tells it from others, and from what is mounted there later. */
  readonly key: string;
  /** undefined: it is not asked. */
  readonly question: SpaceQuestion | undefined;
  /** Why it is not asked. */
  readonly silence: FileSystemSilence | undefined;
}

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

  constructor(options: DiskCollectorOptions = {}) {
    const procRoot = options.procRoot ?? '/proc';
    const sysRoot = options.sysRoot ?? '/sys';
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
    const rows = this.#mounted.map((mounted) => fileSystemOf(mounted, answers, devices));
    const fileSystems = withoutRepeats(withPools(rows));
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
    this.#space.close();
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
    const all = parseMountEntries(this.#mountsText, this.#mountsText.length);
    const byId = new Map(all.map((mount) => [mount.id, mount]));
    this.#mounted = [
      ...selectMounts(all).map((mount) =>
        mountedOf(mount, isAutomounted(mount, byId) ? 'automount' : undefined),
      ),
      ...selectRemoteMounts(all).map((mount) => mountedOf(mount, 'not-asked')),
    ];
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

function mountedOf(mount: MountEntry, silence: FileSystemSilence | undefined): Mounted {
  const { id, mountPoint, mountPointBytes, source } = mount;
  // Without the NUL at its end.
  const path = mountPointBytes.subarray(0, -1);
  const devicePath = source.startsWith('/dev/') ? source : undefined;
  return {
    mount,
    key: `${id} ${mountPoint} ${source}`,
    question: silence === undefined ? { path, devicePath } : undefined,
    silence,
  };
}

function fileSystemOf(
  { mount, key, silence }: Mounted,
  answers: ReadonlyMap<string, SpaceAnswer> | undefined,
  devices: readonly BlockDevice[],
): FileSystem {
  const answer = answers?.get(key);
  // Those whose number is not the device's (btrfs) have it by its name.
  const sourceName = basename(answer?.deviceTarget ?? mount.source);
  const device =
    devices.find(({ major, minor }) => major === mount.major && minor === mount.minor) ??
    devices.find(({ name }) => name === sourceName);
  const space = answer?.errno === 0 ? answer.space : undefined;
  return {
    name: device?.label ?? mount.source.replace(/^\/dev\/(mapper\/)?/, ''),
    source: mount.source,
    mountPoint: mount.mountPoint,
    type: mount.type,
    isReadOnly: [...mount.options, ...mount.superOptions].includes('ro'),
    isPartition: device?.isPartition ?? false,
    device,
    totalBytes: space?.totalBytes,
    usedBytes: space?.usedBytes,
    availableBytes: space?.availableBytes,
    inodes: space?.inodes,
    freeInodes: space?.freeInodes,
    silence: silence ?? (answers !== undefined && answer === undefined ? 'no-answer' : undefined),
  };
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

/** What differs by less is written between two questions. */
const SLACK_BYTES = 64 << 20;

/**
 * File systems with the data sets of ZFS put together: a row for each pool, and one for each data set that has a quota
 * of its own. statfs(2) of a data set tells what this one refers to and what it may still write (OpenZFS, zfs_vfsops.c,
 * zfs_statvfs): those of a pool share what is free, so that what is used is the sum over them. A quota shows by less
 * room than the data set around it has; it holds for those inside as far as they have no more room. What snapshots and
 * data sets that are not mounted hold is not known here.
 */
function withPools(fileSystems: readonly FileSystem[]): FileSystem[] {
  const sets = fileSystems.filter(({ type }) => type === 'zfs');
  if (sets.length === 0) return [...fileSystems];
  const byPool = Map.groupBy(sets, ({ source }) => poolOf(source));
  return fileSystems.flatMap((each) => {
    if (each.type !== 'zfs') return [each];
    const pool = byPool.get(poolOf(each.source))!;
    if (each === faceOf(pool)) return [poolRow(each, pool)];
    return hasOwnQuota(each, pool) ? [summed(each, insideOf(each, pool))] : [];
  });
}

function poolOf(source: string): string {
  return source.split('/', 1)[0]!;
}

/** The mount that stands for the pool: `/`, else the data set furthest out, else the shortest path. */
function faceOf(pool: readonly FileSystem[]): FileSystem {
  const rank = ({ mountPoint, source }: FileSystem): number =>
    mountPoint === '/' ? -1 : source.split('/').length * 4096 + mountPoint.length;
  return pool.reduce((best, each) => (rank(each) < rank(best) ? each : best));
}

/** All of the pool; what is free is what the data set with the most room has. */
function poolRow(face: FileSystem, pool: readonly FileSystem[]): FileSystem {
  const row = summed(face, pool);
  const free = largestOf(pool);
  if (row.usedBytes === undefined || free === undefined) return { ...row, name: poolOf(face.source) };
  return { ...row, name: poolOf(face.source), availableBytes: free, totalBytes: row.usedBytes + free };
}

function summed(face: FileSystem, sets: readonly FileSystem[]): FileSystem {
  const known = sets.filter(({ usedBytes }) => usedBytes !== undefined);
  const { availableBytes } = face;
  if (known.length === 0 || availableBytes === undefined) return face;
  const usedBytes = known.reduce((sum, each) => sum + each.usedBytes!, 0);
  return { ...face, usedBytes, totalBytes: usedBytes + availableBytes };
}

function largestOf(sets: readonly FileSystem[]): number | undefined {
  const known = sets.flatMap(({ availableBytes }) => availableBytes ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

function hasOwnQuota(each: FileSystem, pool: readonly FileSystem[]): boolean {
  const around = pool
    .filter(({ source }) => each.source.startsWith(`${source}/`))
    .reduce<FileSystem | undefined>(
      (best, other) => (best === undefined || other.source.length > best.source.length ? other : best),
      undefined,
    );
  const room = around?.availableBytes ?? largestOf(pool);
  return each.availableBytes !== undefined && room !== undefined && each.availableBytes < room - SLACK_BYTES;
}

/** The data set and those inside for which its quota holds. */
function insideOf(each: FileSystem, pool: readonly FileSystem[]): FileSystem[] {
  const room = (each.availableBytes ?? 0) + SLACK_BYTES;
  return pool.filter(
    (other) =>
      other === each ||
      (other.source.startsWith(`${each.source}/`) && (other.availableBytes ?? Number.NaN) <= room),
  );
}
