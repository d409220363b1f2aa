import { join } from 'node:path';
import type { BlockDevice } from '../../../src/data/schema/disks-section.ts';
import { SyscallError } from '../libc.ts';
import { emptyDiskStatsLine, parseDiskStatsLine } from '../proc/diskstats.ts';
import { KeptText } from '../proc/kept-file.ts';
import { type BlockFacts, readBlockFacts } from '../sys/sys-block.ts';
import type { DriveTemperatures } from './drive-temperatures.ts';

const SECTOR_BYTES = 512;
const DEVICES_LIMIT = 4096;
/** Their bytes are in another file system's file, or in memory. */
const BORROWED = /^(loop|ram|zram)\d+$/;

/** Counters of all block devices by /proc/diskstats, with the facts of sysfs, read once per device. */
export class BlockDevices {
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

  /** Sizes and names may have changed: facts are read anew. */
  forgetFacts(): void {
    this.#facts.clear();
  }

  /** `temperatures` undefined: not asked. Throws SyscallError where the file cannot be read. */
  read(temperatures: DriveTemperatures | undefined): BlockDevice[] {
    const failure = this.#text.read();
    if (failure < 0) throw new SyscallError('read', -failure, this.#text.path);
    const devices: BlockDevice[] = [];
    const present = new Map<string, BlockFacts>();
    const { bytes } = this.#text.buffer;
    let next = 0;
    while (devices.length < DEVICES_LIMIT && parseDiskStatsLine(bytes, this.#text.length, next, this.#line)) {
      next = this.#line.next;
      const name = this.#decoder.decode(bytes.subarray(this.#line.nameStart, this.#line.nameEnd));
      if (BORROWED.test(name)) continue;
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
    const line = this.#line;
    const { discardedSectors } = line;
    return {
      name,
      major: line.major,
      minor: line.minor,
      isPartition: facts.isPartition,
      parentName: facts.parentName,
      label: facts.label,
      model: facts.model,
      sizeBytes: facts.sizeBytes,
      isRotational: facts.isRotational,
      reads: line.reads,
      readBytes: line.readSectors * SECTOR_BYTES,
      readMillis: line.readMillis,
      writes: line.writes,
      writtenBytes: line.writtenSectors * SECTOR_BYTES,
      writeMillis: line.writeMillis,
      inFlight: line.inFlight,
      busyMillis: line.busyMillis,
      weightedMillis: line.weightedMillis,
      discardedBytes: Number.isNaN(discardedSectors) ? undefined : discardedSectors * SECTOR_BYTES,
      temperatureCelsius,
    };
  }
}
