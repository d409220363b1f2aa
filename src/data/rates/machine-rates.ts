import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import type { MachineSection } from '../sample/machine-section.ts';
import type { BlockDevice, DisksSection } from '../schema/disks-section.ts';
import type { GpuSample } from '../schema/gpu-sample.ts';
import { CpuRates } from './cpu-rates.ts';
import { SampleAge, SampleHistory } from './histories.ts';
import { LinkRates } from './link-rates.ts';
import { growth, higher } from './rate-columns.ts';

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

/** One whole device as it is now. */
interface BusyDevice extends DiskRate {
  readonly name: string;
}

/** What stands on other devices or in memory: its bytes are counted there, or reach no disk. */
const VIRTUAL_DEVICE = /^(?:dm-|md|loop|ram|zram|drbd|bcache|zd\d)/;
/** One of the ways to an NVMe drive, `nvme0c1n1` of `nvme0n1`; the drive itself counts since Linux 6.4. */
const WAY_TO_DRIVE = /^(nvme\d+)c\d+(n\d+)$/;

/** Whether the bytes of a device are counted elsewhere too. */
function isCountedTwice(name: string, devices: readonly BlockDevice[]): boolean {
  const drive = name.replace(WAY_TO_DRIVE, '$1$2');
  const isWay = drive !== name && devices.some((each) => each.name === drive && each.readBytes > 0);
  return isWay || VIRTUAL_DEVICE.test(name);
}

/** Rates of block devices between two samples, by their kernel names, and of all real disks together. */
class DiskRates {
  /** Of the whole disks together, bytes per second, sample by sample. */
  readonly reads = new SampleHistory();
  readonly writes = new SampleHistory();
  readonly age = new SampleAge();
  /** Whole disks, the busiest first; in classes, so that the order stays while rates change. */
  busiest: readonly BusyDevice[] = [];
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
    this.#addUp(devices);
    this.age.push(seconds);
  }

  #addUp(devices: readonly BlockDevice[]): void {
    const disks = devices.filter(({ name, isPartition }) => !isPartition && !isCountedTwice(name, devices));
    const known = disks.map(({ name }) => ({ name, ...this.rateOf(name) }));
    const sum = (one: 'read' | 'written'): number =>
      known.reduce(
        (total, { [one]: rate }) => (Number.isNaN(rate) ? total : (total || 0) + rate),
        Number.NaN,
      );
    this.reads.push(sum('read'));
    this.writes.push(sum('written'));
    this.busiest = known.sort((a, b) => sizeOf(b) - sizeOf(a) || (a.name < b.name ? -1 : 1));
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

function sizeOf({ read, written }: DiskRate): number {
  return read + written > 1 ? Math.floor(Math.log2(read + written)) : 0;
}

/** Engines of one kind, all clients together. */
interface Work {
  readonly busy: number;
  /** Cycles that went by; undefined: `busy` is nanoseconds. */
  readonly total: number | undefined;
}

/**
 * Use of GPUs whose driver gives no figure of its own: growth of what their clients have done, the busiest kind of
 * engine counting, as the tools of the drivers have it. Percent, NaN unknown.
 */
export class GpuRates {
  readonly #percent = new Map<string, number>();
  #last = new Map<string, Work>();
  #lastMicros = Number.NaN;

  update(gpus: readonly GpuSample[], monotonicMicros: number): void {
    const elapsedNanos = (monotonicMicros - this.#lastMicros) * 1000;
    this.#lastMicros = monotonicMicros;
    const now = new Map<string, Work>();
    this.#percent.clear();
    for (const gpu of gpus) {
      this.#percent.set(gpu.id, gpu.utilizationPercent ?? this.#busiest(gpu, elapsedNanos, now));
    }
    this.#last = now;
  }

  percentOf(id: string): number {
    return this.#percent.get(id) ?? Number.NaN;
  }

  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.#last.clear();
  }

  #busiest(gpu: GpuSample, elapsedNanos: number, now: Map<string, Work>): number {
    const shares = new Map<string, number>();
    for (const { pid, engines } of gpu.processes) {
      for (const { engine, busy, total, capacity } of engines) {
        const key = `${gpu.id} ${pid} ${engine}`;
        const was = this.#last.get(key);
        now.set(key, { busy, total });
        const share = was === undefined ? 0 : shareOf(was, { busy, total }, elapsedNanos) / capacity;
        shares.set(engine, (shares.get(engine) ?? 0) + share);
      }
    }
    if (!(elapsedNanos > 0) || gpu.isAsleep) return Number.NaN;
    return shares.size === 0 ? Number.NaN : Math.min(100, Math.max(...shares.values()) * 100);
  }
}

function shareOf(was: Work, is: Work, elapsedNanos: number): number {
  const went = is.total === undefined ? elapsedNanos : is.total - (was.total ?? 0);
  return went > 0 && is.busy > was.busy ? (is.busy - was.busy) / went : 0;
}

/** Everything about a machine that its counters tell only over time, with the past that charts show. */
export class MachineRates {
  readonly cpu = new CpuRates();
  readonly interfaces = new InterfaceRates();
  readonly disks = new DiskRates();
  readonly gpus = new GpuRates();
  /** Used memory, percent. */
  readonly memory = new SampleHistory();
  /** Of the processors, the interfaces and the memory. */
  readonly age = new SampleAge();
  #lastMicros = Number.NaN;
  #sequence = Number.NaN;
  #disksSequence = Number.NaN;

  /** Takes a section of a machine; one that was seen before changes nothing. */
  update(section: MachineSection): void {
    if (section.sequence === this.#sequence) return;
    this.#sequence = section.sequence;
    const { cpu, networks, memory, gpus } = section;
    this.age.push((section.monotonicMicros - this.#lastMicros) / 1e6);
    this.#lastMicros = section.monotonicMicros;
    if (cpu.value !== undefined) this.cpu.update(cpu.value.times);
    if (networks.value !== undefined) this.interfaces.update(networks.value, networks.monotonicMicros);
    if (gpus.value !== undefined) this.gpus.update(gpus.value, gpus.monotonicMicros);
    const { usedBytes = Number.NaN, totalBytes = Number.NaN } = memory.value ?? {};
    this.memory.push((usedBytes / totalBytes) * 100);
  }

  updateDisks(section: DisksSection): void {
    if (section.sequence === this.#disksSequence) return;
    this.#disksSequence = section.sequence;
    this.disks.update(section.devices, section.monotonicMicros);
  }

  /** Counting begins anew (another boot, a pause, a connection that was lost): the next samples are the first again. */
  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.cpu.rebase();
    this.interfaces.rebase();
    this.disks.rebase();
    this.gpus.rebase();
    this.#sequence = Number.NaN;
    this.#disksSequence = Number.NaN;
  }
}

/** Samples of each interface that are kept: more than a line has room for. */
const INTERFACE_SAMPLES = 64;

/** One interface as it is now. */
interface InterfaceRate {
  readonly name: string;
  readonly isUplink: boolean;
  readonly isUp: boolean;
  /** Bytes per second, smoothed; NaN unknown. */
  readonly upload: number;
  readonly download: number;
  /** The highest since the first sample. */
  readonly uploadPeak: number;
  readonly downloadPeak: number;
  /** Both directions together, as measured, sample by sample. */
  readonly traffic: SampleHistory;
}

/** By the slots of the interfaces: the highest rates since the first sample. */
class PeakColumns extends columnsClass({
  tx: numbers('f64', Number.NaN),
  rx: numbers('f64', Number.NaN),
  serial: numbers('u32'),
}) {}

/** Rates of a machine's interfaces and of its uplinks together, bytes per second, with their peaks and their past. */
class InterfaceRates {
  /** Busy uplinks first, then whatever else is busy, each by traffic; interfaces that are down stand last. */
  interfaces: readonly InterfaceRate[] = [];
  /** Sum of the uplinks, or of all but loopback if the uplinks are unknown. Smoothed; NaN: unknown. */
  upload = Number.NaN;
  download = Number.NaN;
  uploadPeak = Number.NaN;
  downloadPeak = Number.NaN;
  /** Names of what `upload` and `download` add up. */
  get counted(): readonly string[] {
    return this.interfaces.filter(({ isUp, isUplink }) => isUp && isUplink).map(({ name }) => name);
  }
  /** As measured, sample by sample. */
  readonly uploads = new SampleHistory();
  readonly downloads = new SampleHistory();
  /** By the slots of the interfaces. */
  readonly links = new LinkRates();
  readonly #peaks = new PeakColumns();
  readonly #traffic: SampleHistory[] = [];
  #lastMicros = Number.NaN;

  /** Takes counters read at a moment of the monotonic clock. */
  update(table: InterfaceTable, monotonicMicros: number): void {
    const fromMicros = this.#lastMicros;
    this.#lastMicros = monotonicMicros;
    const { capacity, rows, count } = table.slots;
    this.links.begin(capacity, (monotonicMicros - fromMicros) / 1e6);
    this.#peaks.reserve(capacity);
    for (let i = 0; i < count; i++) this.#record(table, rows[i]!, fromMicros, monotonicMicros);
    this.#addUp(table);
    this.interfaces = this.#listed(table);
  }

  /** The next sample is the first again; peaks and the past stay. */
  rebase(): void {
    this.#lastMicros = Number.NaN;
  }

  #record(table: InterfaceTable, slot: number, fromMicros: number, toMicros: number): void {
    const serial = table.slots.serial[slot]!;
    if (this.#peaks.serial[slot] !== serial) {
      this.#peaks.serial[slot] = serial;
      this.#peaks.tx[slot] = Number.NaN;
      this.#peaks.rx[slot] = Number.NaN;
      this.#traffic[slot] = new SampleHistory(INTERFACE_SAMPLES);
    }
    const rates = this.links;
    rates.recordOver(slot, serial, table.txBytes[slot]!, table.rxBytes[slot]!, fromMicros, toMicros);
    this.#peaks.tx[slot] = higher(this.#peaks.tx[slot]!, rates.rawTx[slot]!);
    this.#peaks.rx[slot] = higher(this.#peaks.rx[slot]!, rates.rawRx[slot]!);
    this.#traffic[slot]!.push(rates.rawTx[slot]! + rates.rawRx[slot]!);
  }

  #addUp(table: InterfaceTable): void {
    const { rows, count } = table.slots;
    const isKnown = hasUplink(table);
    let [rawTx, rawRx, upload, download, counted] = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (isKnown ? table.isUplink[slot] !== 1 : table.isLoopback[slot] === 1) continue;
      // One that has just appeared has no rate yet: the others have.
      if (Number.isNaN(this.links.rawTx[slot]! + this.links.rawRx[slot]!)) continue;
      counted++;
      rawTx += this.links.rawTx[slot]!;
      rawRx += this.links.rawRx[slot]!;
      upload += this.links.smoothTx[slot]!;
      download += this.links.smoothRx[slot]!;
    }
    this.uploads.push(counted > 0 ? rawTx : Number.NaN);
    this.downloads.push(counted > 0 ? rawRx : Number.NaN);
    this.upload = counted > 0 ? upload : Number.NaN;
    this.download = counted > 0 ? download : Number.NaN;
    this.uploadPeak = higher(this.uploadPeak, this.uploads.last);
    this.downloadPeak = higher(this.downloadPeak, this.downloads.last);
  }

  /** Few, once a sample: this makes objects. */
  #listed(table: InterfaceTable): readonly InterfaceRate[] {
    const isKnown = hasUplink(table);
    const slots = Array.from(table.slots.rows.subarray(0, table.slots.count));
    const listed = slots.map((slot) => ({
      name: table.names[slot]!,
      isUplink: isKnown ? table.isUplink[slot] === 1 : table.isLoopback[slot] !== 1,
      isUp: table.isUp[slot] === 1,
      upload: this.links.smoothTx[slot]!,
      download: this.links.smoothRx[slot]!,
      uploadPeak: this.#peaks.tx[slot]!,
      downloadPeak: this.#peaks.rx[slot]!,
      traffic: this.#traffic[slot]!,
    }));
    return listed.sort((a, b) => weightOf(b) - weightOf(a) || (a.name < b.name ? -1 : 1));
  }
}

function hasUplink(table: InterfaceTable): boolean {
  const { rows, count } = table.slots;
  for (let i = 0; i < count; i++) if (table.isUplink[rows[i]!] === 1) return true;
  return false;
}

/** In classes, so that the order stays while rates change: by peak only in whole powers of two. */
function weightOf(rate: InterfaceRate): number {
  const peak = rate.uploadPeak + rate.downloadPeak;
  const size = peak > 1 ? Math.floor(Math.log2(peak)) : 0;
  return (rate.isUp ? 4000 : 0) + (size > 0 ? 2000 : 0) + (rate.isUplink ? 1000 : 0) + size;
}
