import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { InterfaceTable } from '../sample/interface-table.ts';
import { SampleHistory } from './histories.ts';
import { LinkRates } from './link-rates.ts';

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
export class InterfaceRates {
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

function higher(peak: number, value: number): number {
  return Number.isNaN(peak) || value > peak ? value : peak;
}
