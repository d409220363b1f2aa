import { type CpuSample, CpuTable } from '../schema/cpu-sample.ts';
import type { BlockDevice, DisksSection, FileSystem } from '../schema/disks-section.ts';
import type { GpuSample } from '../schema/gpu-sample.ts';
import type { MemorySample } from '../schema/memory-sample.ts';
import type { Part, SnapshotHeader } from '../schema/section-facts.ts';
import { InterfaceTable } from './interface-table.ts';
import { type MachineProcesses, ProcessUsage } from './machine-processes.ts';
import type { MachineSection } from './machine-section.ts';
import type { ProcessDetailSection } from './process-detail-section.ts';
import { ProcessTable } from './process-table.ts';
import type { Snapshot } from './snapshot.ts';

const GB = 2 ** 30;

export interface SystemProcess {
  readonly name: string;
  readonly uid?: number;
  readonly startTicks?: number;
  readonly residentBytes?: number;
  readonly threads?: number;
  readonly cgroup?: string;
}

/** A machine that tests make up, section by section: processors, memory, disks, eth0 and lo, processes at will. */
export class SystemWorld {
  readonly times = new CpuTable();
  readonly interfaces = new InterfaceTable();
  readonly processes = new ProcessTable();
  readonly usage = new ProcessUsage();
  readonly cgroups: (string | undefined)[] = [];
  readonly fileSystems: FileSystem[] = [];
  readonly devices: BlockDevice[] = [];
  readonly gpus: GpuSample[] = [];
  memory: MemorySample | undefined = memoryOf(16 * GB, 4 * GB, 2 * GB, GB);
  hostName = 'web-1';
  epoch = 1;
  monotonicMicros = 1e6;
  #sequence = 0;

  constructor(cores = 4) {
    for (let core = -1; core < cores; core++) {
      const row = core < 0 ? 0 : this.times.rowOf(core);
      const { user, nice, system, idle, iowait, irq, softirq, steal, guest, isOnline } = this.times;
      for (const column of [user, nice, system, idle, iowait, irq, softirq, steal, guest]) column[row] = 0;
      isOnline[row] = 1;
    }
    this.addInterface('lo', true);
    this.addInterface('eth0', false);
  }

  get cores(): number {
    return this.times.count - 1;
  }

  addInterface(name: string, isLoopback: boolean): number {
    const index = this.interfaces.slots.count + 1;
    const slot = this.interfaces.slots.add(index, 0, 0, 0);
    this.interfaces.index[slot] = index;
    this.interfaces.names[slot] = name;
    this.interfaces.isLoopback[slot] = isLoopback ? 1 : 0;
    this.interfaces.isUplink[slot] = isLoopback ? 0 : 1;
    this.interfaces.isUp[slot] = 1;
    return slot;
  }

  addProcess(pid: number, spec: SystemProcess): number {
    const slot = this.processes.slots.add(pid, 0, 0, 0);
    this.processes.pid[slot] = pid;
    this.processes.ppid[slot] = 1;
    this.processes.startTicks[slot] = spec.startTicks ?? pid * 10;
    this.processes.uid[slot] = spec.uid ?? 0;
    this.processes.state[slot] = 0x53;
    this.processes.threads[slot] = spec.threads ?? 1;
    this.processes.cpuNanos[slot] = 0;
    this.processes.rssBytes[slot] = spec.residentBytes ?? 1e6;
    this.processes.names[slot] = spec.name;
    this.cgroups[slot] = spec.cgroup;
    return slot;
  }

  removeProcess(pid: number): void {
    this.processes.slots.remove(this.processes.find(pid));
  }

  addFileSystem(mountPoint: string, usedBytes: number, totalBytes: number): void {
    this.fileSystems.push({
      ...{ name: 'vda1', source: '/dev/vda1', mountPoint, type: 'ext4', isReadOnly: false },
      ...{ isPartition: true, device: undefined, totalBytes, usedBytes },
      ...{ availableBytes: totalBytes - usedBytes, inodes: 0, freeInodes: 0 },
    });
  }

  /** So many seconds go by, in which each core is busy for a share of them: one figure for all, or one each. */
  pass(seconds: number, busy: number | readonly number[] = 0): void {
    this.monotonicMicros += seconds * 1e6;
    for (let core = 0; core < this.cores; core++) {
      const share = typeof busy === 'number' ? busy : (busy[core] ?? 0);
      for (const row of [0, core + 1]) {
        this.times.user[row]! += seconds * 100 * share;
        this.times.idle[row]! += seconds * 100 * (1 - share);
      }
    }
  }

  /** Processor time for a process, seconds. */
  use(pid: number, seconds: number): void {
    this.processes.cpuNanos[this.processes.find(pid)]! += seconds * 1e9;
  }

  machine(facts: Partial<CpuSample> = {}): MachineSection {
    return {
      ...this.#section(),
      cpu: this.#part(this.#cpu(facts)),
      memory: this.#part(this.memory),
      networks: this.#part(this.interfaces),
      sensors: this.#part({ sensors: [], cpu: undefined }),
      gpus: this.#part<readonly GpuSample[]>([...this.gpus]),
    };
  }

  machineProcesses(): MachineProcesses {
    this.usage.clear(this.processes.slots.capacity);
    return {
      ...this.#section(),
      ...{ processes: this.processes, usage: this.usage, cgroups: this.cgroups },
      ...{ memoryTotalBytes: 16 * GB, coreCount: this.cores },
    };
  }

  disks(): DisksSection {
    return {
      ...this.#section(),
      fileSystems: this.fileSystems,
      devices: this.devices.map((device) => ({ ...device })),
    };
  }

  processDetail(pid: number): ProcessDetailSection {
    const table = this.processes;
    const slot = table.find(pid);
    return {
      ...this.#section(),
      process: {
        ...{ pid, ppid: 1, name: table.names[slot]!, state: 0x53, startTicks: table.startTicks[slot]! },
        ...{ userTicks: 100, systemTicks: 50, cpuNanos: table.cpuNanos[slot]!, threadCount: 2, nice: 5 },
        ...{ effectiveUid: 0, effectiveGid: 0, residentBytes: table.rssBytes[slot]!, sharedBytes: 1024 },
        ...{ virtualBytes: 4096, swappedBytes: 0, commandLine: `/usr/bin/${table.names[slot]} --serve` },
        ...{ executablePath: `/usr/bin/${table.names[slot]}`, workingDirectory: '/srv', cgroup: '/' },
        ...{ descriptorCount: 7, readBytes: 10, writtenBytes: 20 },
        ...{ voluntarySwitches: 1, involuntarySwitches: 2 },
      },
      threads: [pid, pid + 1].map((tid) => ({
        ...{ tid, name: `worker-${tid}`, state: 0x53, userTicks: 10, systemTicks: 5, startTicks: 1 },
      })),
      children: table.pick([]),
    };
  }

  /** All of it, or what is given. */
  snapshot(sections: Partial<Snapshot> = this.#everything()): Snapshot {
    return { header: this.header(), errors: [], ...sections };
  }

  header(): SnapshotHeader {
    return {
      ...{ hostName: this.hostName, bootId: 'boot', epoch: this.epoch, clockTicksPerSecond: 100 },
      ...{ monotonicMicros: this.monotonicMicros, bootWallMillis: 1_699_990_000_000 },
      wallMillis: 1_700_000_000_000 + this.monotonicMicros / 1000,
    };
  }

  /** Start ticks of a process that begins now. */
  get ticksSinceBoot(): number {
    const { wallMillis, bootWallMillis } = this.header();
    return Math.floor((wallMillis - bootWallMillis) / 10);
  }

  #everything(): Partial<Snapshot> {
    return { machine: this.machine(), machineProcesses: this.machineProcesses(), disks: this.disks() };
  }

  #cpu(facts: Partial<CpuSample>): CpuSample {
    return {
      ...{ times: this.times, ticksPerSecond: 100, onlineCount: this.cores, modelName: 'A processor' },
      ...{ maxFrequencyHz: undefined, load1: 0.42, load5: 0.38, load15: 0.3, runnableTasks: 2, tasks: 300 },
      ...{ uptimeSeconds: 93_780, contextSwitches: 1, forks: 1, interrupts: 1, blockedTasks: 0 },
      ...{ cpuPressure: undefined, memoryPressure: undefined, ioPressure: undefined, ...facts },
    };
  }

  #section(): { sequence: number; monotonicMicros: number; durationMicros: number; errors: [] } {
    this.#sequence++;
    return { sequence: this.#sequence, monotonicMicros: this.monotonicMicros, durationMicros: 1, errors: [] };
  }

  #part<T>(value: T | undefined): Part<T> {
    return { value, error: undefined, monotonicMicros: this.monotonicMicros, durationMicros: 1 };
  }
}

function memoryOf(total: number, used: number, swapTotal: number, swapUsed: number): MemorySample {
  const unknown = undefined;
  return {
    ...{ totalBytes: total, freeBytes: total - used, availableBytes: total - used, usedBytes: used },
    ...{ buffersBytes: 0, cachedBytes: total / 4, sharedBytes: 0, dirtyBytes: 0, writebackBytes: unknown },
    ...{ anonymousBytes: 0, slabBytes: 0, committedBytes: 0, commitLimitBytes: 0, swapCachedBytes: 0 },
    ...{ swapTotalBytes: swapTotal, swapUsedBytes: swapUsed, zswapPoolBytes: unknown },
    ...{ zswapStoredBytes: unknown, zramPoolBytes: unknown, zramStoredBytes: unknown },
  };
}
