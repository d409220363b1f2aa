import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import type { MachineCollector } from '../../../src/data/sample/platform.ts';
import type { ProcessDetailSection } from '../../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import { type CpuSample, CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import type { DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { MemorySample } from '../../../src/data/schema/memory-sample.ts';
import type { ThreadSample } from '../../../src/data/schema/process-detail.ts';
import type { Part, Section } from '../../../src/data/schema/section-facts.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { parseLoadAverage, parseUptimeSeconds } from '../proc/loadavg.ts';
import { emptyMemInfo, memorySampleOf, parseMemInfo } from '../proc/meminfo.ts';
import { parseCommandLine, parseControlGroup, parsePidIo, parsePidStatm } from '../proc/pid-files.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { parsePidStatusDetail } from '../proc/pid-status.ts';
import { parsePressure } from '../proc/pressure.ts';
import { emptySchedulerCounters, parseCpuStat } from '../proc/stat.ts';
import { decodeText, known } from '../proc/text-scanner.ts';
import { filesOf, forEachStat, latinOf, type Shell } from './shell-answer.ts';
import { ShellDisks } from './shell-disks.ts';
import { ShellLinks } from './shell-links.ts';
import { ShellProcesses, type StatTexts } from './shell-processes.ts';

const NOTHING = new Uint8Array(0);
const FAST_FILES = [
  ...['stat', 'loadavg', 'uptime', 'meminfo', 'net/dev'],
  ...['pressure/cpu', 'pressure/memory', 'pressure/io'],
];
const THREADS_LIMIT = 4096;
const CHILDREN_LIMIT = 16_384;
/** A list of processes is never older than this. */
const NEVER_AGAIN = Number.NEGATIVE_INFINITY;

/** What does not change while a machine runs. */
export interface ShellFacts {
  readonly shell: Shell;
  readonly modelName: string | undefined;
  readonly pageSizeBytes: number;
}

/** A machine by its shell. The text of its fast part is asked for by `prepare`, before it is collected. */
export class ShellMachine implements MachineCollector {
  readonly #facts: () => ShellFacts;
  readonly #stats: StatTexts;
  readonly #processes: ShellProcesses;
  readonly #links = new ShellLinks();
  readonly #disks = new ShellDisks();
  readonly #times = new CpuTable();
  readonly #counters = emptySchedulerCounters();
  readonly #info = emptyMemInfo();
  #files: ReadonlyMap<string, Uint8Array> = new Map();
  #sequence = 0;
  /** Of the last text, microseconds since boot. */
  nowMicros = 0;

  constructor(facts: () => ShellFacts, stats: StatTexts) {
    this.#facts = facts;
    this.#stats = stats;
    this.#processes = new ShellProcesses(() => facts().pageSizeBytes);
  }

  /** The text of /proc/net/dev that was read last. */
  get netDev(): Uint8Array {
    return this.#text('net/dev');
  }

  /** Rejects with OpError where the shell is gone. */
  async prepare(): Promise<void> {
    await this.readTexts();
    await this.#links.refresh(this.#facts().shell, this.nowMicros);
    this.#links.store(this.netDev);
  }

  /** Reads the texts of the fast part, the time among them. Rejects with OpError where the shell is gone. */
  async readTexts(): Promise<void> {
    const [answer] = await this.#facts().shell.ask([`g ${FAST_FILES.join(' ')}`]);
    this.#files = filesOf(answer!);
    const uptime = this.#parse('uptime', parseUptimeSeconds);
    if (uptime >= 0) this.nowMicros = Math.max(this.nowMicros, uptime * 1e6);
  }

  collectMachine(): MachineSection {
    const part = <T>(value: T | undefined): Part<T> => ({
      ...{ value, error: undefined, monotonicMicros: this.nowMicros, durationMicros: 0 },
    });
    return {
      ...this.#section(),
      cpu: part(this.#cpu()),
      memory: part(this.#memory()),
      networks: part(this.#links.table),
      sensors: part<NonNullable<MachineSection['sensors']['value']>>(undefined),
      gpus: part<NonNullable<MachineSection['gpus']['value']>>(undefined),
    };
  }

  async collectDisks(): Promise<DisksSection> {
    const disks = await this.#disks.collect(this.#facts().shell, this.nowMicros);
    return { ...this.#section(), ...disks };
  }

  async collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    const { shell } = this.#facts();
    await this.#processes.collect(shell, await this.#stats.read(shell, this.nowMicros, NEVER_AGAIN), slice);
    await this.#processes.collectMore(shell, want);
    if (this.#files.size === 0) await this.prepare();
    const { table, usage, commandLines, collectedMicros } = this.#processes;
    return {
      ...this.#section(),
      monotonicMicros: collectedMicros,
      processes: table,
      usage,
      commandLines,
      memoryTotalBytes: this.#memory()?.totalBytes ?? Number.NaN,
      coreCount: this.#cpu()?.onlineCount ?? Number.NaN,
    };
  }

  async collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    const { shell, pageSizeBytes } = this.#facts();
    const [stat, small, commandLine, links, threads] = await shell.ask([
      `c ${pid}/stat`,
      `g ${['status', 'statm', 'io', 'cgroup'].map((file) => `${pid}/${file}`).join(' ')}`,
      `c ${pid}/cmdline`,
      `l ${pid}/exe ${pid}/cwd ${pid}/fd`,
      `c ${pid}/task/[0-9]*/stat`,
    ]);
    const own = emptyPidStat();
    if (!parsePidStat(stat!, stat!.length, own) || own.pid !== pid) {
      throw new OpError({ op: 'read process', code: 'ESRCH', message: 'no such process' });
    }
    const files = filesOf(small!);
    const file = (name: string): Uint8Array => files.get(`${pid}/${name}`) ?? NOTHING;
    const status = parsePidStatusDetail(file('status'), file('status').length);
    const statm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };
    const hasMemory = parsePidStatm(file('statm'), file('statm').length, statm);
    const io = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
    const hasIo = parsePidIo(file('io'), file('io').length, io);
    const words = commandLine!.slice();
    const { ppid, state, startTicks, userTicks, systemTicks, threads: threadCount, nice } = own;
    const pages = (count: number): number => count * pageSizeBytes;
    return {
      ...this.#section(),
      process: {
        ...{ pid, ppid, state, startTicks, userTicks, systemTicks, threadCount, nice },
        name: decodeText(stat!.subarray(own.nameStart, own.nameEnd)),
        cpuNanos: (userTicks + systemTicks) * 1e7,
        effectiveUid: known(status.effectiveUid),
        effectiveGid: known(status.effectiveGid),
        residentBytes: pages(hasMemory ? statm.residentPages : own.rssPages),
        sharedBytes: hasMemory ? pages(statm.sharedPages) : undefined,
        virtualBytes: hasMemory ? pages(statm.virtualPages) : undefined,
        swappedBytes: known(status.swapKibibytes * 1024),
        commandLine: parseCommandLine(words, words.length),
        executablePath: linkTarget(links!, `${pid}/exe`),
        workingDirectory: linkTarget(links!, `${pid}/cwd`),
        cgroup: parseControlGroup(file('cgroup'), file('cgroup').length),
        descriptorCount: folderSize(links!, `${pid}/fd`),
        readBytes: hasIo ? io.readBytes : undefined,
        writtenBytes: hasIo ? io.writtenBytes : undefined,
        voluntarySwitches: known(status.voluntarySwitches),
        involuntarySwitches: known(status.involuntarySwitches),
        startWallMillis: undefined,
      },
      threads: await threadsOf(threads!, slice),
      children: this.#processes.table.childrenOf(pid, CHILDREN_LIMIT),
      childFacts: [],
    };
  }

  async collectJournal(): Promise<never> {
    const message = 'journals need socktop-agent on that machine';
    throw new OpError({ op: 'journal', code: 'NO_AGENT', message });
  }

  close(): void {}

  #section(): Section {
    return sectionFacts(++this.#sequence, this.nowMicros, this.nowMicros);
  }

  #text(name: string): Uint8Array {
    return this.#files.get(name) ?? NOTHING;
  }

  #parse<T>(name: string, parse: (bytes: Uint8Array, length: number) => T): T {
    const text = this.#text(name);
    return parse(text, text.length);
  }

  #cpu(): CpuSample | undefined {
    const stat = this.#text('stat');
    const online = parseCpuStat(stat, stat.length, this.#times, this.#counters);
    if (online < 0) return undefined;
    const load = { load1: 0, load5: 0, load15: 0, tasks: 0 };
    const hasLoad = this.#parse('loadavg', (text, length) => parseLoadAverage(text, length, load));
    const { interrupts, contextSwitches, forks, runningTasks, blockedTasks } = this.#counters;
    return {
      times: this.#times,
      ticksPerSecond: 100,
      onlineCount: online,
      modelName: this.#facts().modelName,
      maxFrequencyHz: undefined,
      load1: hasLoad ? load.load1 : undefined,
      load5: hasLoad ? load.load5 : undefined,
      load15: hasLoad ? load.load15 : undefined,
      tasks: hasLoad ? load.tasks : undefined,
      uptimeSeconds: known(this.#parse('uptime', parseUptimeSeconds)),
      interrupts: known(interrupts),
      contextSwitches: known(contextSwitches),
      forks: known(forks),
      runnableTasks: known(runningTasks),
      blockedTasks: known(blockedTasks),
      cpuPressure: this.#parse('pressure/cpu', parsePressure),
      memoryPressure: this.#parse('pressure/memory', parsePressure),
      ioPressure: this.#parse('pressure/io', parsePressure),
    };
  }

  #memory(): MemorySample | undefined {
    const isKnown = this.#parse('meminfo', (text, length) => parseMemInfo(text, length, this.#info));
    return isKnown ? memorySampleOf(this.#info, undefined, undefined) : undefined;
  }
}

async function threadsOf(text: Uint8Array, slice: Slice): Promise<ThreadSample[]> {
  const threads: ThreadSample[] = [];
  await forEachStat(text, slice, (stat, line) => {
    if (threads.length >= THREADS_LIMIT) return;
    const { pid: tid, state, userTicks, systemTicks, startTicks } = stat;
    const name = decodeText(line.subarray(stat.nameStart, stat.nameEnd));
    threads.push({ tid, name, state, userTicks, systemTicks, startTicks });
  });
  return threads.sort((a, b) => a.tid - b.tid);
}

/** Of /proc/PID/fd the number of descriptors, from 6.2 on; undefined: before, or not permitted. */
function folderSize(listing: Uint8Array, name: string): number | undefined {
  const line = latinOf(listing)
    .split('\n')
    .find((each) => each.endsWith(` ${name}`));
  return Number(line?.split(/ +/)[4] ?? 0) || undefined;
}

/** Behind the arrow in what `ls -l` prints of a link. */
function linkTarget(listing: Uint8Array, name: string): string | undefined {
  const text = Buffer.from(listing).toString('utf8');
  const line = text.split('\n').find((each) => each.includes(` ${name} -> `));
  return line?.slice(line.indexOf(' -> ') + ' -> '.length);
}
