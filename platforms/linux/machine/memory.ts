import { dirname, join } from 'node:path';
import type { MemorySample } from '../../../src/data/schema/memory-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { NativeBuffer, orThrow } from '../libc.ts';
import { KeptFile, KeptText } from '../proc/kept-file.ts';
import { emptyMemInfo, memorySampleOf, parseMemInfo, type ZramUse } from '../proc/meminfo.ts';
import { KeyedNumbers, known, TextScanner } from '../proc/text-scanner.ts';
import { listDirectory, readAttribute } from '../sys/sysfs-value.ts';
import type { CollectorOptions } from './machine.ts';

/** Modules may be loaded later. */
const SCAN_INTERVAL_MICROS = 30e6;

/** Memory and swap by /proc/meminfo, zram by sysfs, the cache of ZFS by its own statistics. */
export class MemoryCollector {
  readonly #meminfo: KeptText;
  readonly #arcstats: KeptText;
  readonly #zram: ZramDevices;
  readonly #clock: () => number;
  readonly #info = emptyMemInfo();
  readonly #zramUse: ZramUse = { storedBytes: 0, poolBytes: 0 };
  readonly #options: CollectorOptions;
  #hasArc = false;
  #hasLimit = false;
  #nextScanMicros = Number.NEGATIVE_INFINITY;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#meminfo = new KeptText(join(options.procRoot, 'meminfo'), 8192);
    this.#arcstats = new KeptText(join(options.procRoot, 'spl/kstat/zfs/arcstats'), 16 * 1024);
    this.#zram = new ZramDevices(options.sysRoot);
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** Throws OpError where /proc/meminfo cannot be read or is none. */
  collect(): MemorySample {
    orThrow(this.#meminfo.read(), 'read', this.#meminfo.path);
    if (!parseMemInfo(this.#meminfo.buffer.bytes, this.#meminfo.length, this.#info)) {
      throw new OpError({ op: 'parse /proc/meminfo', code: 'BAD_VALUE' });
    }
    const now = this.#clock();
    if (now >= this.#nextScanMicros) {
      this.#nextScanMicros = now + SCAN_INTERVAL_MICROS;
      this.#zram.scan();
      // lxcfs lays a container's own figures over the kernel's; the cache is still the host's.
      const mounts = readAttribute(join(this.#options.procRoot, 'self/mountinfo'));
      this.#hasArc = mounts?.includes(' /proc/meminfo ') !== true;
      this.#hasLimit = true;
    }
    const zram = this.#zram.read(this.#zramUse) ? this.#zramUse : undefined;
    return { ...memorySampleOf(this.#info, zram, this.#readArc()), ...this.#readLimit() };
  }

  /** Looked for again at the next scan where there was none. */
  #readLimit(): MemoryLimit | undefined {
    if (!this.#hasLimit) return undefined;
    const limit = readMemoryLimit(this.#options, this.#info.memTotal * 1024);
    this.#hasLimit = limit !== undefined;
    return limit;
  }

  /** undefined: there is no ZFS. */
  #readArc(): number | undefined {
    if (!this.#hasArc) return undefined;
    this.#hasArc = this.#arcstats.read() === 0;
    const bytes = parseReclaimableArcBytes(this.#arcstats.buffer.bytes, this.#arcstats.length);
    return known(bytes);
  }

  close(): void {
    this.#meminfo.close();
    this.#arcstats.close();
    this.#zram.close();
  }
}

const scanner = new TextScanner();

/**
 * /sys/block/zramN/mm_stat (Documentation/admin-guide/blockdev/zram.rst); false where it is cut short. Bytes:
 *
 *   orig_data_size compr_data_size mem_used_total mem_limit ...
 */
function parseZramMmStat(bytes: Uint8Array, length: number, into: ZramUse): boolean {
  scanner.reset(bytes, 0, length);
  into.storedBytes = scanner.unsigned();
  scanner.unsigned();
  into.poolBytes = scanner.unsigned();
  return into.storedBytes + into.poolBytes >= 0 && scanner.at < scanner.end;
}

/** All zram devices of the machine together. */
class ZramDevices {
  readonly #root: string;
  readonly #text = new NativeBuffer(256);
  readonly #one: ZramUse = { storedBytes: 0, poolBytes: 0 };
  #files: KeptFile[] = [];

  constructor(sysRoot: string) {
    this.#root = join(sysRoot, 'block');
  }

  /** Devices came or went. */
  scan(): void {
    this.close();
    this.#files = listDirectory(this.#root)
      .filter((name) => /^zram\d+$/.test(name))
      .map((name) => new KeptFile(join(this.#root, name, 'mm_stat')));
  }

  /** The sums into `into`; false where no device holds anything. */
  read(into: ZramUse): boolean {
    into.storedBytes = 0;
    into.poolBytes = 0;
    for (const file of this.#files) {
      const length = file.read(this.#text);
      if (length <= 0 || !parseZramMmStat(this.#text.bytes, length, this.#one)) continue;
      into.storedBytes += this.#one.storedBytes;
      into.poolBytes += this.#one.poolBytes;
    }
    return into.poolBytes > 0;
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
  }
}

/** Behind each name stands the type. */
const ARC = new KeyedNumbers({ size: 'size ', least: 'c_min ' }, 1);
/**
 * /proc/spl/kstat/zfs/arcstats (OpenZFS, module/os/linux/spl/spl-kstat.c): bytes of ZFS's cache that it gives back to
 * programs, which is all but the least that it keeps. NaN: the text does not tell.
 *
 *   name                            type data
 *   c_min                           4    1048576000
 *   size                            4    15032385536
 */
export function parseReclaimableArcBytes(bytes: Uint8Array, length: number): number {
  const { size, least } = ARC.parse(bytes, length, ARC.empty());
  return Math.max(0, size - least);
}

/** Limit of a control group and what is charged to it, page cache included; bytes. */
type MemoryLimit = Pick<MemorySample, 'groupLimitBytes' | 'groupUsedBytes'>;

/** A group's files: of the second version, or of the first. */
interface Hierarchy {
  readonly root: string;
  readonly path: string;
  readonly limitFile: string;
  readonly usedFile: string;
}

const NESTING_LIMIT = 32;

/**
 * The tightest memory limit on the control groups of this program, of cgroup v2 (`memory.max`, `memory.current`) or v1
 * (`memory.limit_in_bytes`, `memory.usage_in_bytes`). undefined: none, or none below the machine's memory.
 */
function readMemoryLimit(roots: CollectorOptions, totalBytes: number): MemoryLimit | undefined {
  let tightest: MemoryLimit | undefined;
  for (const { root, path, limitFile, usedFile } of hierarchies(roots)) {
    let group = path;
    for (let depth = 0; depth < NESTING_LIMIT; depth++) {
      const groupLimitBytes = numberIn(join(root, group, limitFile));
      const groupUsedBytes = numberIn(join(root, group, usedFile));
      const isTighter = groupLimitBytes < (tightest?.groupLimitBytes ?? totalBytes);
      if (isTighter && !Number.isNaN(groupUsedBytes)) tightest = { groupLimitBytes, groupUsedBytes };
      if (group === '/') break;
      group = dirname(group);
    }
  }
  return tightest;
}

function hierarchies({ procRoot, sysRoot }: CollectorOptions): readonly Hierarchy[] {
  const mount = join(sysRoot, 'fs/cgroup');
  return (readAttribute(join(procRoot, 'self/cgroup')) ?? '').split('\n').flatMap((line): Hierarchy[] => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // A path out of the group's own namespace leads elsewhere.
    if (controllers === undefined || path.includes('..')) return [];
    if (controllers === '') {
      return [{ root: mount, path, limitFile: 'memory.max', usedFile: 'memory.current' }];
    }
    if (!controllers.split(',').includes('memory')) return [];
    const names = { limitFile: 'memory.limit_in_bytes', usedFile: 'memory.usage_in_bytes' };
    return [{ root: join(mount, 'memory'), path, ...names }];
  });
}

/** NaN where there is no such file, or no number in it (`max`). */
function numberIn(path: string): number {
  const text = readAttribute(path) ?? '';
  return /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
}
