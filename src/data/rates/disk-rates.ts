import type { BlockDevice } from '../schema/disks-section.ts';
import { growth } from './rate-columns.ts';

/** What a block device does now, bytes per second; NaN unknown. */
interface DiskRate {
  readonly read: number;
  readonly written: number;
}

interface Counters {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

const UNKNOWN: DiskRate = { read: Number.NaN, written: Number.NaN };

/** Rates of block devices between two samples, by their kernel names. */
export class DiskRates {
  readonly #rates = new Map<string, DiskRate>();
  #last = new Map<string, Counters>();
  #lastMicros = Number.NaN;

  /** Takes counters read at a moment of the monotonic clock; devices that are gone are forgotten. */
  update(devices: readonly BlockDevice[], monotonicMicros: number): void {
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    const before = this.#last;
    this.#last = new Map(devices.map((device) => [device.name, device]));
    this.#rates.clear();
    for (const { name, readBytes, writtenBytes } of devices) {
      const was = before.get(name);
      if (was === undefined || !(seconds > 0)) continue;
      this.#rates.set(name, {
        read: growth(was.readBytes, readBytes) / seconds,
        written: growth(was.writtenBytes, writtenBytes) / seconds,
      });
    }
  }

  rateOf(name: string): DiskRate {
    return this.#rates.get(name) ?? UNKNOWN;
  }

  /** The next sample is the first again. */
  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.#rates.clear();
  }
}
