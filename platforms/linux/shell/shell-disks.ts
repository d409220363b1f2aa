import type { BlockDevice, DisksSection, FileSystem } from '../../../src/data/schema/disks-section.ts';
import type { SpaceAnswer } from '../guarded/helper-message.ts';
import { fileSystemsOf, type Mounted, mountedIn } from '../machine/file-systems.ts';
import {
  countersOf,
  emptyDiskStatsLine,
  isBorrowed,
  parseDiskStatsLine,
  sectorBytes,
} from '../proc/diskstats.ts';
import { filesOf, latinOf, type Shell } from './shell-answer.ts';

const FOLDER = '/sys/class/block';
const FACTS_INTERVAL_MICROS = 60e6;
const DEVICES_LIMIT = 4096;
/** Paths that are handed to the shell as they are; no others are asked for. */
const PLAIN_PATH = /^\/[\w./@+-]*$/;
const PATHS_LIMIT = 64;

/** File systems and block devices of a machine, by its shell. */
export class ShellDisks {
  readonly #line = emptyDiskStatsLine();
  #facts: ReadonlyMap<string, Uint8Array> = new Map();
  #nextFactsMicros = Number.NEGATIVE_INFINITY;

  /** Rejects with OpError where the shell is gone. */
  async collect(shell: Shell, nowMicros: number): Promise<Pick<DisksSection, 'devices' | 'fileSystems'>> {
    const [counters, facts] = await shell.ask([
      'g diskstats self/mountinfo',
      ...(nowMicros < this.#nextFactsMicros ? [] : [`g ${FACT_FILES}`]),
    ]);
    if (facts !== undefined) {
      this.#facts = filesOf(facts);
      this.#nextFactsMicros = nowMicros + FACTS_INTERVAL_MICROS;
    }
    const files = filesOf(counters!);
    const devices = this.#devices(files.get('diskstats') ?? new Uint8Array(0));
    const fileSystems = await this.#fileSystems(shell, files.get('self/mountinfo'), devices);
    return {
      devices,
      fileSystems: fileSystems.map((each) => ({ ...each, inodes: undefined, freeInodes: undefined })),
    };
  }

  async #fileSystems(
    shell: Shell,
    mountinfo: Uint8Array | undefined,
    devices: readonly BlockDevice[],
  ): Promise<FileSystem[]> {
    const mounted = mountedIn(mountinfo ?? new Uint8Array(0));
    const asked = mounted.filter(({ question, mount }) => question && PLAIN_PATH.test(mount.mountPoint));
    const some = asked.slice(0, PATHS_LIMIT);
    if (some.length === 0) return fileSystemsOf(mounted, undefined, devices);
    const [table] = await shell.ask([`f ${some.map(({ mount }) => mount.mountPoint).join(' ')}`]);
    return fileSystemsOf(mounted, answersOf(latinOf(table!), mounted), devices);
  }

  #devices(text: Uint8Array): BlockDevice[] {
    const devices: BlockDevice[] = [];
    const line = this.#line;
    for (let at = 0; parseDiskStatsLine(text, text.length, at, line); at = line.next) {
      const name = latinOf(text.subarray(line.nameStart, line.nameEnd));
      if (isBorrowed(name) || devices.length >= DEVICES_LIMIT) continue;
      const isPartition = this.#fact(name, 'partition') !== undefined;
      const whole = isPartition ? this.#wholeOf(name) : name;
      const sectors = Number(this.#fact(name, 'size') ?? Number.NaN);
      const rotational = this.#fact(whole, 'queue/rotational');
      devices.push({
        ...{ name, major: line.major, minor: line.minor, isPartition },
        parentName: isPartition ? whole : '',
        label: this.#fact(name, 'dm/name') ?? name,
        model: this.#fact(whole, 'device/model') ?? this.#fact(whole, 'device/name'),
        sizeBytes: Number.isNaN(sectors) ? undefined : sectorBytes(sectors),
        isRotational: rotational === undefined ? undefined : rotational === '1',
        ...countersOf(line),
        temperatureCelsius: undefined,
      });
    }
    return devices;
  }

  #fact(name: string, file: string): string | undefined {
    const bytes = this.#facts.get(`${FOLDER}/${name.replaceAll('/', '!')}/${file}`);
    const text = bytes === undefined ? '' : latinOf(bytes).trim();
    return text === '' ? undefined : text;
  }

  /** `sda` of `sda1`, `nvme0n1` of `nvme0n1p2`. */
  #wholeOf(partition: string): string {
    const bare = partition.replace(/\d+$/, '');
    return this.#fact(bare, 'size') === undefined ? bare.replace(/p$/, '') : bare;
  }
}

const FACT_FILES = ['size', 'partition', 'queue/rotational', 'dm/name', 'device/model', 'device/name']
  .map((file) => `${FOLDER}/*/${file}`)
  .join(' ');

const BYTES_PER_KIB = 1024;
const DF_LINE = /^.* (\d+) +(\d+) +(-?\d+) +\d+% (\/.*)$/;

/** By the keys of the mounts; `df -Pk` (POSIX) says `source KiB used available share mount-point`. */
function answersOf(table: string, mounted: readonly Mounted[]): ReadonlyMap<string, SpaceAnswer> {
  const answers = new Map<string, SpaceAnswer>();
  for (const line of table.split('\n')) {
    const [, total, used, available, mountPoint] = DF_LINE.exec(line) ?? [];
    const found = mounted.find(({ mount }) => mount.mountPoint === mountPoint);
    if (found === undefined) continue;
    answers.set(found.key, {
      errno: 0,
      space: {
        totalBytes: Number(total) * BYTES_PER_KIB,
        usedBytes: Number(used) * BYTES_PER_KIB,
        availableBytes: Math.max(0, Number(available)) * BYTES_PER_KIB,
        // df tells none; the same for all, so that repeats are known as such.
        ...{ inodes: 0, freeInodes: 0 },
      },
      deviceTarget: undefined,
    });
  }
  return answers;
}
