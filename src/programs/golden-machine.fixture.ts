import { randomFrom } from '../data/recording/recording-world.fixture.ts';
import type { MachineSection } from '../data/sample/machine-section.ts';
import type { ProcessDetailSection } from '../data/sample/process-detail-section.ts';
import type { Snapshot } from '../data/sample/snapshot.ts';
import { SystemWorld } from '../data/sample/system-world.fixture.ts';
import type { Pressure } from '../data/schema/cpu-sample.ts';
import type { BlockDevice } from '../data/schema/disks-section.ts';
import type { JournalSection } from '../data/schema/process-detail.ts';
import type { TemperatureSensor } from '../data/schema/sensors-sample.ts';

const CORES = 8;
/** Some of the processes are those of the made-up network too. */
export const FIRST_PID = 1000;
const NAMES = ['postgres', 'nginx', 'Web Content', '日本語', '\x1b[31mred', 'python3', 'kworker/0:1', 'java'];

/** Users of the made-up machine. */
export const GOLDEN_USERS: Readonly<Record<number, string>> = { 0: 'root', 33: 'www-data', 1000: 'alice' };

/** A machine with everything that socktop can show, the same at every run. */
export class GoldenMachine {
  readonly world = new SystemWorld(CORES);
  readonly #random = randomFrom(20_240_103);
  readonly #devices = ['nvme0n1', 'sda'].map((name) => ({ ...DEVICE, name, label: name }));

  constructor() {
    const { world } = this;
    for (let i = 0; i < 60; i++) {
      const name = i < NAMES.length ? NAMES[i]! : `service-${i}`;
      const uid = [0, 33, 1000, 4711][i % 4]!;
      world.addProcess(FIRST_PID + i, {
        name,
        uid,
        residentBytes: 2 ** (20 + (i % 12)),
        threads: 1 + (i % 30),
      });
      const slot = world.processes.find(FIRST_PID + i);
      world.processes.state[slot] = 'SRDZI'.charCodeAt(i % 5);
      world.use(FIRST_PID + i, i * 11);
    }
    world.addFileSystem('/', 120e9, 250e9);
    world.addFileSystem('/home', 1.9e12, 2e12);
    world.addFileSystem('/srv/a/very/long/mount/point/of/data', 10e9, 4e12);
    for (const [at, fileSystem] of world.fileSystems.entries()) {
      const device = this.#devices[at % 2]!;
      world.fileSystems[at] = { ...fileSystem, name: `${device.name}p${at + 1}`, device };
    }
    world.devices.push(...this.#devices);
    world.gpus.push({
      ...{ id: '0000:01:00.0', name: 'A graphics card', vendor: 'nvidia', isAsleep: false },
      ...{ utilizationPercent: 42, memoryUsedBytes: 3 * 2 ** 30, memoryTotalBytes: 8 * 2 ** 30 },
      ...{ temperatureCelsius: 61, powerMilliwatts: 120_000, frequencyHz: 1.2e9, maxFrequencyHz: 1.8e9 },
      processes: [
        { pid: FIRST_PID + 3, memoryBytes: 2 ** 28, utilizationPercent: 12, engines: [] },
        { pid: FIRST_PID + 5, memoryBytes: 2 ** 30, utilizationPercent: 30, engines: [] },
      ],
    });
  }

  /** Half a second goes by. */
  step(): void {
    const { world } = this;
    const busy = Array.from({ length: CORES }, () => this.#random());
    world.pass(0.5, busy);
    for (let i = 0; i < 60; i++) if (i % 3 !== 2) world.use(FIRST_PID + i, this.#random() * 0.5);
    for (const slot of [0, 1]) {
      world.interfaces.rxBytes[slot]! += Math.floor(this.#random() * 3e6);
      world.interfaces.txBytes[slot]! += Math.floor(this.#random() * 1e6);
    }
    for (const device of this.#devices) {
      device.readBytes += Math.floor(this.#random() * 5e7);
      device.writtenBytes += Math.floor(this.#random() * 2e7);
      device.busyMillis += Math.floor(this.#random() * 400);
    }
  }

  /** All sections as they are now. */
  snapshot(): Snapshot {
    const { world } = this;
    return world.snapshot({
      machine: this.machine(),
      machineProcesses: this.processes(),
      disks: world.disks(),
    });
  }

  /** One process in depth, with its journal. */
  detail(pid: number): Snapshot {
    return this.world.snapshot({ processDetail: this.processDetail(pid), journal: this.journal(pid) });
  }

  journal(pid: number): JournalSection {
    const { sequence, monotonicMicros, durationMicros, errors } = this.world.disks();
    return {
      ...{ sequence, monotonicMicros, durationMicros, errors, pid, isTruncated: true, notice: undefined },
      entries: Array.from({ length: 30 }, (_, i) => ({
        ...{ realtimeMicros: (1_700_000_000 + i * 61) * 1e6, priority: i % 8, pid, comm: 'postgres' },
        ...{ message: `checkpoint ${i} complete: wrote ${i * 37} buffers`, unit: 'postgresql.service' },
        ...{ identifier: 'postgres', uid: 70, gid: 70 },
      })),
    };
  }

  machine(): MachineSection {
    const { times } = this.world;
    for (let core = 0; core < CORES; core++) times.frequencyHz[core + 1] = 2e9 + core * 1e8;
    const pressure: Pressure = {
      some: { avg10: 1.5, avg60: 0.75, avg300: 0.25, totalMicros: 12_345 },
      full: { avg10: 0.5, avg60: 0.25, avg300: 0.1, totalMicros: 1234 },
    };
    const sensor: TemperatureSensor = {
      ...{ chip: 'coretemp', label: 'Package id 0', id: 'hwmon2/temp1', device: 'coretemp.0' },
      ...{ celsius: 58, maxCelsius: 90, criticalCelsius: 100 },
    };
    const machine = this.world.machine({
      ...{ maxFrequencyHz: 4.2e9, cpuPressure: pressure, memoryPressure: pressure, ioPressure: pressure },
    });
    const disk = { ...sensor, chip: 'nvme', label: 'Composite', id: 'hwmon0/temp1', celsius: 41 };
    return { ...machine, sensors: { ...machine.sensors, value: { sensors: [sensor, disk], cpu: sensor } } };
  }

  processes(): NonNullable<Snapshot['machineProcesses']> {
    const section = this.world.machineProcesses();
    const { processes, usage } = section;
    for (let i = 0; i < 60; i += 2) {
      const slot = processes.find(FIRST_PID + i);
      usage.readBytes[slot] = i * 1e6 + processes.cpuNanos[slot]! / 1e3;
      usage.writtenBytes[slot] = i * 1e5 + processes.cpuNanos[slot]! / 1e4;
    }
    return section;
  }

  processDetail(pid: number): ProcessDetailSection {
    const section = this.world.processDetail(pid);
    const children = [3, 4, 5].map((child) => this.world.processes.find(FIRST_PID + child));
    const threads = Array.from({ length: 40 }, (_, i) => ({
      ...{
        tid: pid + i,
        name: `worker-${i}`,
        state: 0x53,
        userTicks: 10 * i,
        systemTicks: 5 * i,
        startTicks: i,
      },
    }));
    return { ...section, threads, children: this.world.processes.pick(children) };
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const DEVICE: Writable<BlockDevice> = {
  ...{ name: '', label: '', major: 259, minor: 0, isPartition: false, parentName: '', model: 'A drive' },
  ...{ sizeBytes: 2e12, isRotational: false, reads: 1, readBytes: 0, readMillis: 0, writes: 1 },
  ...{ writtenBytes: 0, writeMillis: 0, inFlight: 1, busyMillis: 0, weightedMillis: 0 },
  ...{ discardedBytes: undefined, temperatureCelsius: 41 },
};
