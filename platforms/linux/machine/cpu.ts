import { join } from 'node:path';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import { type CpuSample, CpuTable, type Pressure } from '../../../src/data/schema/cpu-sample.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { CLOCK_TICKS_PER_SECOND } from '../host.ts';
import { NativeBuffer, orThrow, SyscallError } from '../libc.ts';
import { parseCpuFrequencies, parseCpuModel } from '../proc/cpuinfo.ts';
import { KeptFile, KeptText } from '../proc/kept-file.ts';
import { type LoadAverage, parseLoadAverage, parseUptimeSeconds } from '../proc/loadavg.ts';
import { parsePressure } from '../proc/pressure.ts';
import { emptySchedulerCounters, parseCpuStat } from '../proc/stat.ts';
import { known } from '../proc/text-scanner.ts';
import { listDirectory, readAttribute, readIntegerAttribute, readSysfsInteger } from '../sys/sysfs-value.ts';
import type { CollectorOptions } from './machine.ts';

/** A frequency costs a read per core, and on some processors a question to each: no more often than this. */
const FREQUENCY_INTERVAL_MICROS = 1e6;
/** /proc/cpuinfo is a kilobyte and a half per core, and hypervisors never change what it says. */
const CPUINFO_INTERVAL_MICROS = 10e6;
const PRESSURE_NAMES = ['cpu', 'memory', 'io'] as const;

/** CPU times, frequencies, load, uptime and pressure; only what changes is read again. */
export class CpuCollector {
  /** What the last sample lacks although every kernel has it. */
  error: SectionError | undefined;
  readonly #procRoot: string;
  readonly #sysRoot: string;
  readonly #clock: () => number;
  readonly #table = new CpuTable();
  readonly #counters = emptySchedulerCounters();
  readonly #load: LoadAverage = { load1: 0, load5: 0, load15: 0, tasks: 0 };
  readonly #stat: KeptText;
  readonly #loadavg: KeptFile;
  readonly #uptime: KeptFile;
  readonly #pressures: (KeptFile | undefined)[];
  readonly #text = new NativeBuffer(1024);
  readonly #frequencies: CpuFrequencies;
  #hasPolicies = false;
  #modelName: string | undefined;
  #onlineCount = -1;
  #nextFrequencyMicros = Number.NEGATIVE_INFINITY;

  constructor({ procRoot, sysRoot, clock = monotonicMicros }: CollectorOptions) {
    this.#procRoot = procRoot;
    this.#sysRoot = sysRoot;
    this.#clock = clock;
    this.#stat = new KeptText(join(this.#procRoot, 'stat'), 16 * 1024);
    this.#loadavg = new KeptFile(join(this.#procRoot, 'loadavg'));
    this.#uptime = new KeptFile(join(this.#procRoot, 'uptime'));
    this.#pressures = PRESSURE_NAMES.map((name) => new KeptFile(join(this.#procRoot, 'pressure', name)));
    this.#frequencies = new CpuFrequencies(this.#sysRoot);
  }

  /** Throws OpError where /proc/stat cannot be read or is none; everything else is undefined where it is missing. */
  collect(): CpuSample {
    this.error = undefined;
    orThrow(this.#stat.read(), 'read', this.#stat.path);
    const online = parseCpuStat(this.#stat.buffer.bytes, this.#stat.length, this.#table, this.#counters);
    if (online < 0) throw new OpError({ op: 'parse /proc/stat', code: 'BAD_VALUE' });
    if (online !== this.#onlineCount) this.#learnCores(online);
    this.#readFrequencies();
    const hasLoad = this.#readLoad();
    const load = this.#load;
    return {
      times: this.#table,
      ticksPerSecond: CLOCK_TICKS_PER_SECOND,
      onlineCount: online,
      modelName: this.#modelName,
      maxFrequencyHz: this.#frequencies.maxFrequencyHz,
      load1: hasLoad ? load.load1 : undefined,
      load5: hasLoad ? load.load5 : undefined,
      load15: hasLoad ? load.load15 : undefined,
      runnableTasks: known(this.#counters.runningTasks),
      tasks: hasLoad ? load.tasks : undefined,
      uptimeSeconds: this.#readUptime(),
      contextSwitches: known(this.#counters.contextSwitches),
      forks: known(this.#counters.forks),
      interrupts: known(this.#counters.interrupts),
      blockedTasks: known(this.#counters.blockedTasks),
      cpuPressure: this.#readPressure(0),
      memoryPressure: this.#readPressure(1),
      ioPressure: this.#readPressure(2),
    };
  }

  close(): void {
    this.#stat.close();
    this.#loadavg.close();
    this.#uptime.close();
    for (const file of this.#pressures) file?.close();
    this.#frequencies.close();
  }

  /** Cores came or went, or this is the first time. */
  #learnCores(online: number): void {
    this.#onlineCount = online;
    this.#hasPolicies = this.#frequencies.scan() && this.#isNumberedAsInSysfs();
    this.#nextFrequencyMicros = Number.NEGATIVE_INFINITY;
    if (this.#modelName === undefined) this.#modelName = this.#readModel();
  }

  /** lxcfs numbers the cores of a container anew in /proc, where /sys has the host's. */
  #isNumberedAsInSysfs(): boolean {
    const { isOnline, count } = this.#table;
    const online = readAttribute(join(this.#sysRoot, 'devices/system/cpu/online'));
    if (online === undefined) return true;
    const cores = parseCpuList(online);
    return (
      cores.length === this.#onlineCount &&
      cores.every((core) => core + 1 < count && isOnline[core + 1] === 1)
    );
  }

  #readModel(): string | undefined {
    const { buffer, length } = this.#readCpuinfo();
    const model = parseCpuModel(buffer.bytes, length);
    // Boards with a device tree name themselves there, NUL included.
    const board = join(this.#sysRoot, 'firmware/devicetree/base/model');
    return model ?? readAttribute(board)?.replaceAll('\0', '');
  }

  #readCpuinfo(): KeptText {
    const text = new KeptText(join(this.#procRoot, 'cpuinfo'));
    text.read();
    text.close();
    return text;
  }

  #readFrequencies(): void {
    const now = this.#clock();
    if (now < this.#nextFrequencyMicros) return;
    if (this.#hasPolicies) {
      this.#nextFrequencyMicros = now + FREQUENCY_INTERVAL_MICROS;
      this.#frequencies.read(this.#table);
      return;
    }
    const { buffer, length } = this.#readCpuinfo();
    const told = parseCpuFrequencies(buffer.bytes, length, this.#table);
    this.#nextFrequencyMicros = told === 0 ? Number.POSITIVE_INFINITY : now + CPUINFO_INTERVAL_MICROS;
  }

  #readLoad(): boolean {
    const length = this.#readSmall(this.#loadavg);
    return length > 0 && parseLoadAverage(this.#text.bytes, length, this.#load);
  }

  #readUptime(): number | undefined {
    const length = this.#readSmall(this.#uptime);
    return length > 0 ? known(parseUptimeSeconds(this.#text.bytes, length)) : undefined;
  }

  /** As `KeptFile.read`, and notes what failed. */
  #readSmall(file: KeptFile): number {
    const length = file.read(this.#text);
    if (length < 0) this.error = sectionError('collect CPU', new SyscallError('read', -length, file.path));
    return length;
  }

  #readPressure(index: number): Pressure | undefined {
    const file = this.#pressures[index];
    if (file === undefined) return undefined;
    const length = file.read(this.#text);
    // Built without PSI, or switched off at boot: it is not asked again.
    if (length < 0) this.#pressures[index] = undefined;
    return length > 0 ? parsePressure(this.#text.bytes, length) : undefined;
  }
}

interface Policy {
  readonly cores: readonly number[];
  readonly current: KeptFile;
}

const HERTZ_PER_KILOHERTZ = 1e3;

/**
 * The numbers of a kernel list: `0-3,8` or `0 1 2 3`; empty where the text is none. No number reaches 8192 (NR_CPUS).
 */
function parseCpuList(text: string): number[] {
  const cores: number[] = [];
  for (const range of text.trim().split(/[\s,]+/)) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    for (let core = first; core <= Math.min(last, 8191); core++) cores.push(core);
  }
  return cores;
}

/**
 * Frequencies by /sys/devices/system/cpu/cpufreq: one read for all cores that change together, so that a small board
 * with one clock costs one read.
 */
class CpuFrequencies {
  readonly #root: string;
  #policies: Policy[] = [];
  maxFrequencyHz: number | undefined;

  constructor(sysRoot: string) {
    this.#root = join(sysRoot, 'devices/system/cpu/cpufreq');
  }

  /** Finds the policies again after cores came or went. Returns whether there are any. */
  scan(): boolean {
    this.close();
    let maxKilohertz = 0;
    for (const name of listDirectory(this.#root)) {
      if (!name.startsWith('policy')) continue;
      const path = join(this.#root, name);
      const cores = parseCpuList(readAttribute(join(path, 'related_cpus')) ?? '');
      this.#policies.push({ cores, current: new KeptFile(join(path, 'scaling_cur_freq')) });
      maxKilohertz = Math.max(maxKilohertz, readIntegerAttribute(join(path, 'cpuinfo_max_freq')) ?? 0);
    }
    this.maxFrequencyHz = maxKilohertz > 0 ? maxKilohertz * HERTZ_PER_KILOHERTZ : undefined;
    return this.#policies.length > 0;
  }

  /** Writes frequencies of online cores; NaN: not reported by the driver. */
  read(table: CpuTable): void {
    for (const { cores, current } of this.#policies) {
      const kilohertz = readSysfsInteger(current);
      // Some drivers say 0, and the kernel `<unknown>`, for what they do not know.
      const hertz = kilohertz > 0 ? kilohertz * HERTZ_PER_KILOHERTZ : Number.NaN;
      for (const core of cores) {
        const row = core + 1;
        if (row < table.count && table.isOnline[row] === 1) table.frequencyHz[row] = hertz;
      }
    }
  }

  close(): void {
    for (const { current } of this.#policies) current.close();
    this.#policies = [];
  }
}
