import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { ProcessDetailSection } from '../sample/process-detail-section.ts';
import type { ProcessTable } from '../sample/process-table.ts';
import { PROCESS_USAGE_RATES, USAGE_RATE_IDS, usageRates, usageScale } from '../schema/process-columns.ts';
import type { SnapshotHeader } from '../schema/section-facts.ts';
import { SampleHistory } from './histories.ts';
import { CounterRates } from './rate-columns.ts';

/** CPU use of processes between two samples, by the process table's slots. */
export class ProcessCpu extends columnsClass({
  /** Share of one core, percent: two busy threads are 200. NaN: unknown, being seen for the first time. */
  corePercent: numbers('f64'),
  /** Of the row that the share is of. */
  serial: numbers('u32'),
  lastNanos: numbers('f64'),
}) {
  /** When the sample before was taken, in ticks since boot: what has begun since has used everything since. NaN: unknown. */
  begunFromTicks = Number.NaN;
  #lastMicros = Number.NaN;
  #lastTicks = Number.NaN;

  /** A process has a share from its second sample on, and from its first if it has begun since the sample before. */
  update(processes: ProcessTable, monotonicMicros: number, header: SnapshotHeader): void {
    const { rows, count, serial, capacity } = processes.slots;
    this.reserve(capacity);
    const begunFromTicks = this.#lastTicks;
    this.begunFromTicks = begunFromTicks;
    this.#lastTicks = ticksSinceBoot(header, monotonicMicros);
    const elapsedNanos = (monotonicMicros - this.#lastMicros) * 1000;
    this.#lastMicros = monotonicMicros;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const nanos = processes.cpuNanos[slot]!;
      const isKnown = this.serial[slot] === serial[slot];
      const hasBegun = !isKnown && processes.startTicks[slot]! >= begunFromTicks;
      const grown = hasBegun ? nanos : nanos - this.lastNanos[slot]!;
      const hasShare = (isKnown || hasBegun) && elapsedNanos > 0;
      this.corePercent[slot] = hasShare ? (Math.max(0, grown) / elapsedNanos) * 100 : Number.NaN;
      this.serial[slot] = serial[slot]!;
      this.lastNanos[slot] = nanos;
    }
  }

  /** The next sample is the first again. */
  reset(): void {
    this.serial.fill(0);
    this.#lastMicros = Number.NaN;
    this.#lastTicks = Number.NaN;
  }
}

/** Start ticks of a process that would begin at that moment. */
function ticksSinceBoot(header: SnapshotHeader, monotonicMicros: number): number {
  const wallMillis = header.wallMillis - (header.monotonicMicros - monotonicMicros) / 1000;
  return Math.floor(((wallMillis - header.bootWallMillis) / 1000) * header.clockTicksPerSecond);
}

/** Share of the whole machine, 0 to 100. */
export function machinePercent(corePercent: number, coreCount: number): number {
  return Math.min(100, corePercent / coreCount);
}

/** Of a second. */
const MILLIS = 1000;

/** CPU and usage of every process between two samples, by the process table's slots. */
export class ProcessRates {
  readonly cpu = new ProcessCpu();
  /**
   * A process has a rate from the second sample in a row for which it was asked on, and from the first if it has begun
   * since the sample before. No rows before there is one.
   */
  readonly usage = usageRates(() => new CounterRates());
  #sequence = Number.NaN;
  #lastMicros = Number.NaN;

  /** Takes a section; false if it was seen before. */
  update(section: MachineProcesses, header: SnapshotHeader): boolean {
    if (section.sequence === this.#sequence) return false;
    this.#sequence = section.sequence;
    const { processes, usage, monotonicMicros } = section;
    this.cpu.update(processes, monotonicMicros, header);
    const { begunFromTicks } = this.cpu;
    const { rows, count, serial, capacity } = processes.slots;
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    for (const id of USAGE_RATE_IDS) {
      const rates = this.usage[id];
      const { counter } = PROCESS_USAGE_RATES[id];
      if (!usage.mayHave(counter)) {
        rates.clearRows();
        continue;
      }
      const counters = usage[counter];
      const scale = usageScale(id);
      rates.begin(capacity, seconds);
      for (let i = 0; i < count; i++) {
        const slot = rows[i]!;
        // A thread waits no longer than time goes by.
        const most = scale === 1 ? Number.POSITIVE_INFINITY : MILLIS * Math.max(1, processes.threads[slot]!);
        const hasBegun = processes.startTicks[slot]! >= begunFromTicks;
        rates.record(slot, serial[slot]!, (counters[slot] ?? Number.NaN) / scale, hasBegun, most);
      }
    }
    return true;
  }

  /** The next sample is the first again. */
  rebase(): void {
    this.cpu.reset();
    this.#sequence = Number.NaN;
    this.#lastMicros = Number.NaN;
  }
}

/** One process in depth over time: CPU, memory, storage I/O, and the CPU of its threads. */
export class DetailRates {
  /** Share of one core, percent: two busy threads are 200. */
  readonly cpu = new SampleHistory();
  /** Resident bytes. */
  readonly memory = new SampleHistory();
  /** Bytes per second; NaN unknown. */
  readonly reads = new SampleHistory();
  readonly writes = new SampleHistory();
  #pid = 0;
  #startTicks = Number.NaN;
  #lastMicros = Number.NaN;
  #lastCpuNanos = Number.NaN;
  #lastRead = Number.NaN;
  #lastWritten = Number.NaN;
  /** By tid: ticks as they were, and the share of a core since. */
  #lastTicks = new Map<number, number>();
  #threadPercent = new Map<number, number>();

  /** Takes a sample; another process begins anew. */
  update(section: ProcessDetailSection, ticksPerSecond: number): void {
    const { process, monotonicMicros } = section;
    if (process.pid !== this.#pid || process.startTicks !== this.#startTicks) this.clear();
    this.#pid = process.pid;
    this.#startTicks = process.startTicks;
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    this.cpu.push(rateOf(this.#lastCpuNanos, process.cpuNanos, seconds) / 1e7);
    this.memory.push(process.residentBytes);
    const { readBytes = Number.NaN, writtenBytes = Number.NaN } = process;
    this.reads.push(rateOf(this.#lastRead, readBytes, seconds));
    this.writes.push(rateOf(this.#lastWritten, writtenBytes, seconds));
    this.#lastCpuNanos = process.cpuNanos;
    this.#lastRead = readBytes;
    this.#lastWritten = writtenBytes;
    this.#updateThreads(section, seconds * ticksPerSecond);
  }

  /** Share of one core, percent; NaN unknown. */
  threadPercentOf(tid: number): number {
    return this.#threadPercent.get(tid) ?? Number.NaN;
  }

  /** Nothing is known of any process. */
  clear(): void {
    for (const history of [this.cpu, this.memory, this.reads, this.writes]) history.clear();
    this.#pid = 0;
    this.rebase();
  }

  /** The next sample is the first again; the past stays. */
  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.#lastTicks.clear();
    this.#threadPercent.clear();
  }

  #updateThreads(section: ProcessDetailSection, ticks: number): void {
    const now = new Map<number, number>();
    this.#threadPercent.clear();
    for (const { tid, userTicks, systemTicks } of section.threads) {
      const used = userTicks + systemTicks;
      const was = this.#lastTicks.get(tid);
      now.set(tid, used);
      if (was !== undefined && ticks > 0)
        this.#threadPercent.set(tid, Math.max(0, (used - was) / ticks) * 100);
    }
    this.#lastTicks = now;
  }
}

/** NaN where either is unknown. */
function rateOf(last: number, now: number, seconds: number): number {
  return seconds > 0 ? Math.max(0, now - last) / seconds : Number.NaN;
}
