import { join } from 'node:path';
import { NativeBuffer } from '../libc.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { TextScanner } from '../proc/text-scanner.ts';
import { listDirectory } from './sysfs-value.ts';

/** Data in zram devices, and the RAM that they take for it. */
export interface ZramUse {
  storedBytes: number;
  poolBytes: number;
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
export class ZramDevices {
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
