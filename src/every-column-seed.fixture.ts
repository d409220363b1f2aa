import { CpuTable } from './data/sample/cpu-sample.ts';
import type { BlockDevice, DisksSection, FileSystem } from './data/sample/disks-section.ts';
import type { GpuSample } from './data/sample/gpu-sample.ts';
import { InterfaceTable } from './data/sample/interface-table.ts';
import type { JournalSection } from './data/sample/journal-section.ts';
import { type MachineProcesses, ProcessUsage } from './data/sample/machine-processes.ts';
import type { MachineSection, Part } from './data/sample/machine-section.ts';
import type { MemorySample } from './data/sample/memory-sample.ts';
import { type NetworkSection, NetworkTables } from './data/sample/network-section.ts';
import type { ProcessDetail, ProcessDetailSection } from './data/sample/process-detail.ts';
import { ProcessTable } from './data/sample/process-table.ts';
import type { TemperatureSensor } from './data/sample/sensors-sample.ts';
import type { Section, SectionError, SnapshotHeader } from './data/sample/snapshot.ts';
import { columnsOf } from './every-column.fixture.ts';
import type { SlotTable } from './kit/table/slot-table.ts';

const ROWS = 2;
/** Columns that hold no counts: a value for each row, which is none that a reader makes up. */
const VALUES: Readonly<Record<string, readonly number[]>> = {
  ...{ kind: [1, 2], hasExited: [1, 0], protocol: [6, 17], family: [2, 10], ownerBasis: [1, 2] },
  ...{ bornBeforeStart: [1, 0], isShare: [0, 1], isClosed: [1, 0], isLoopback: [1, 0], isUplink: [0, 1] },
  ...{ isUp: [1, 0], isOnline: [1, 0, 1], subject: [0, 1], owner: [1, 0], host: [0, 1], state: [1, 10] },
};
/** Letters of /proc/PID/stat. */
const PROCESS_STATES = [0x53, 0x52];
export const PIDS = [4001, 4002];
export const FIRST_PID = 4001;

/** The user of a number, here and on the machine that is asked. */
export function seededUser(uid: number): string {
  return `user-${uid}`;
}

/** Sections in which every column and every field holds a value of its own; `seed` makes others of them. */
export class EveryColumn {
  #last: number;

  constructor(seed: number) {
    this.#last = seed;
  }

  header(): SnapshotHeader {
    return {
      ...{ hostName: 'web-1', bootId: 'boot', epoch: this.#next(), monotonicMicros: this.#next() },
      ...{ wallMillis: this.#next(), bootWallMillis: this.#next(), clockTicksPerSecond: 250 },
    };
  }

  network(): NetworkSection {
    const tables = new NetworkTables();
    const { owners, hosts, traffic, hostTraffic, interfaces, sockets, accounts } = tables;
    for (const { slots } of [owners, hosts, sockets]) this.#addRows(slots);
    accounts.reserve(sockets.slots.capacity);
    for (let row = 0; row < ROWS; row++) interfaces.slots.add(row + 1, 0, 0, 0);
    this.#addRows(interfaces.addresses.slots);
    for (const table of [owners, hosts, traffic, hostTraffic, interfaces, sockets, accounts])
      this.#fill(table);
    // Rows of traffic are found by their subject and their interface, which the agent's key is made of.
    for (const { slots, interfaceIndex } of [traffic, hostTraffic]) {
      for (let row = 0; row < ROWS; row++) slots.add(row, interfaceIndex[row]!, 0, 0);
    }
    for (const names of [owners.names, owners.users, owners.commandLines, owners.cgroups]) this.#texts(names);
    this.#interfaceTexts(interfaces);
    return {
      ...this.#section(),
      ...{ ...tables, tier: 'ebpf', counted: 'l3', processCount: this.#next(), lostClosings: this.#next() },
      lost: { bytes: this.#next(), packets: this.#next() },
      parts: {
        ...{ tcp: 'packets', udp: 'ebpf', owners: 'creator', processes: 'ebpf', exited: true },
        scope: 'container',
      },
    };
  }

  processes(): MachineProcesses {
    const processes = this.#processTable();
    const usage = new ProcessUsage();
    usage.clear(processes.slots.capacity);
    this.#fill(usage);
    const commandLines: string[] = [];
    this.#texts(commandLines);
    return {
      ...{ ...this.#section(), processes, usage, commandLines },
      ...{ memoryTotalBytes: this.#next(), coreCount: 7, processCount: ROWS },
    };
  }

  machine(): MachineSection {
    const times = new CpuTable();
    for (let core = 0; core < ROWS; core++) times.rowOf(core);
    this.#fill(times, times.count);
    const networks = new InterfaceTable();
    for (let row = 0; row < ROWS; row++) networks.slots.add(row + 1, 0, 0, 0);
    this.#addRows(networks.addresses.slots);
    this.#fill(networks);
    for (let row = 0; row < ROWS; row++) networks.index[row] = row + 1;
    for (let row = 0; row < ROWS; row++) networks.addresses.interfaceIndex[row] = row + 1;
    this.#interfaceTexts(networks);
    const stall = () => ({ avg10: 1.5, avg60: 2.5, avg300: 3.5, totalMicros: this.#next() });
    const pressure = () => ({ some: stall(), full: stall() });
    return {
      ...this.#section(),
      cpu: this.#part({
        ...{ times, ticksPerSecond: 250, onlineCount: this.#next(), modelName: 'A processor' },
        ...{ maxFrequencyHz: this.#next(), load1: 1.25, load5: 2.25, load15: 3.25 },
        ...{ runnableTasks: this.#next(), tasks: this.#next(), uptimeSeconds: 12.5 },
        ...{ contextSwitches: this.#next(), forks: this.#next(), interrupts: this.#next() },
        ...{ blockedTasks: this.#next(), cpuPressure: pressure(), memoryPressure: pressure() },
        ioPressure: pressure(),
      }),
      memory: this.#part(this.#memory()),
      networks: this.#part(networks),
      sensors: this.#part({
        sensors: [this.#sensor('temp1'), this.#sensor('temp2')],
        cpu: this.#sensor('cpu'),
      }),
      gpus: this.#part([this.#gpu()]),
    };
  }

  disks(): DisksSection {
    const device: Required<BlockDevice> = {
      ...{ name: 'sda', major: this.#next(), minor: this.#next(), isPartition: true, parentName: 'sd' },
      ...{
        label: 'data',
        model: 'A drive',
        sizeBytes: this.#next(),
        isRotational: true,
        reads: this.#next(),
      },
      ...{ readBytes: this.#next(), readMillis: this.#next(), writes: this.#next(), inFlight: this.#next() },
      ...{ writtenBytes: this.#next(), writeMillis: this.#next(), busyMillis: this.#next() },
      ...{ weightedMillis: this.#next(), discardedBytes: this.#next(), temperatureCelsius: 41.5 },
    };
    const fileSystem: Required<FileSystem> = {
      ...{ name: 'sda1', source: '/dev/sda1', mountPoint: '/srv', type: 'ext4', isReadOnly: true, device },
      ...{ isPartition: true, totalBytes: this.#next(), usedBytes: this.#next(), inodes: this.#next() },
      ...{ availableBytes: this.#next(), freeInodes: this.#next(), silence: 'no-answer' },
    };
    return { ...this.#section(), fileSystems: [fileSystem], devices: [device] };
  }

  detail(): ProcessDetailSection {
    const processes = this.#processTable();
    const effectiveUid = this.#next();
    const process: Required<ProcessDetail> = {
      ...{ pid: FIRST_PID, ppid: this.#next(), name: 'nginx', state: 0x52, startTicks: this.#next() },
      ...{ userTicks: this.#next(), systemTicks: this.#next(), cpuNanos: this.#next(), nice: -7 },
      ...{ threadCount: this.#next(), effectiveUid, effectiveGid: this.#next() },
      ...{ userName: seededUser(effectiveUid), startWallMillis: this.#next(), residentBytes: this.#next() },
      ...{ sharedBytes: this.#next(), virtualBytes: this.#next(), swappedBytes: this.#next() },
      ...{ commandLine: '/usr/sbin/nginx -g', executablePath: '/usr/sbin/nginx', workingDirectory: '/srv' },
      ...{ cgroup: '/nginx.service', descriptorCount: this.#next(), readBytes: this.#next() },
      ...{ writtenBytes: this.#next(), voluntarySwitches: this.#next(), involuntarySwitches: this.#next() },
    };
    processes.ppid.fill(process.pid);
    const threads = [1, 2].map((tid) => ({
      ...{ tid, name: `thread-${tid}`, state: 0x44, userTicks: this.#next(), systemTicks: this.#next() },
      startTicks: this.#next(),
    }));
    return { ...this.#section(), process, threads, children: Int32Array.of(0, 1), processes };
  }

  journal(): JournalSection {
    const entry = {
      ...{ realtimeMicros: this.#next(), priority: 3, message: 'it is done', unit: 'nginx.service' },
      ...{ identifier: 'nginx', pid: this.#next(), comm: 'nginx', uid: this.#next(), gid: this.#next() },
    };
    return { ...this.#section(), pid: FIRST_PID, entries: [entry], isTruncated: true, notice: 'not all' };
  }

  #processTable(): ProcessTable {
    const processes = new ProcessTable();
    for (const pid of PIDS) processes.slots.add(pid, 0, 0, 0);
    this.#fill(processes);
    processes.pid.set(PIDS);
    processes.state.set(PROCESS_STATES);
    this.#texts(processes.names);
    return processes;
  }

  #addRows(slots: SlotTable): void {
    for (let row = 0; row < ROWS; row++) slots.add(this.#next(), this.#next(), this.#next(), this.#next());
  }

  /** Every number of every column of the object. */
  #fill(table: object, rows = ROWS): void {
    for (const [name, column] of columnsOf(table)) {
      if (Array.isArray(column)) continue;
      const numbers = column as Uint8Array;
      const stride = name.endsWith('Address') ? 4 : 1;
      for (let i = 0; i < rows * stride; i++) {
        const known = VALUES[name]?.[i];
        numbers[i] = known ?? (numbers.BYTES_PER_ELEMENT === 1 ? 1 + (this.#next() % 100) : this.#next());
      }
    }
  }

  #interfaceTexts({ names, operationalStates, hardwareAddresses }: InterfaceTable): void {
    for (const texts of [names, operationalStates, hardwareAddresses]) this.#texts(texts);
  }

  #texts(texts: (string | undefined)[]): void {
    for (let row = 0; row < ROWS; row++) texts[row] = `text-${this.#next()}`;
  }

  #memory(): Required<MemorySample> {
    return {
      ...{ totalBytes: this.#next(), freeBytes: this.#next(), availableBytes: this.#next() },
      ...{ usedBytes: this.#next(), buffersBytes: this.#next(), cachedBytes: this.#next() },
      ...{ sharedBytes: this.#next(), dirtyBytes: this.#next(), writebackBytes: this.#next() },
      ...{ anonymousBytes: this.#next(), slabBytes: this.#next(), reclaimableSlabBytes: this.#next() },
      ...{ committedBytes: this.#next(), commitLimitBytes: this.#next(), swapTotalBytes: this.#next() },
      ...{ swapUsedBytes: this.#next(), swapCachedBytes: this.#next(), zswapPoolBytes: this.#next() },
      ...{ zswapStoredBytes: this.#next(), zramPoolBytes: this.#next(), zramStoredBytes: this.#next() },
      reclaimableArcBytes: this.#next(),
    };
  }

  #sensor(label: string): Required<TemperatureSensor> {
    return {
      ...{ chip: 'coretemp', label, id: `hwmon2/${label}`, device: 'coretemp.0', bus: 'platform' },
      chipSuffix: 'coretemp',
      ...{ celsius: 48.5, maxCelsius: 90.5, criticalCelsius: 100.5 },
    };
  }

  #gpu(): Required<GpuSample> {
    const engines = [{ engine: 'render', busy: this.#next(), total: this.#next(), capacity: 2 }];
    return {
      ...{ id: '0000:01:00.0', name: 'A card', vendor: 'amd', isAsleep: true, utilizationPercent: 42.5 },
      ...{ memoryUsedBytes: this.#next(), memoryTotalBytes: this.#next(), temperatureCelsius: 61.5 },
      ...{ powerMilliwatts: this.#next(), frequencyHz: this.#next(), maxFrequencyHz: this.#next() },
      processes: [{ pid: this.#next(), memoryBytes: this.#next(), utilizationPercent: 12.5, engines }],
    };
  }

  #part<T>(value: T): Part<T> {
    return { value, error: this.#error(), monotonicMicros: this.#next(), durationMicros: this.#next() };
  }

  #section(): Section {
    return {
      ...{ sequence: this.#next(), monotonicMicros: this.#next(), durationMicros: this.#next() },
      errors: [this.#error()],
    };
  }

  #error(): SectionError {
    return { op: `op-${this.#next()}`, code: 'EIO', message: `message-${this.#next()}` };
  }

  #next(): number {
    return ++this.#last;
  }
}
