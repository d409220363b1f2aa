import { NetworkAttribution } from '../attribution/network-attribution.ts';
import { SampleWorld } from '../sample/sample-world.fixture.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import {
  CONTROL_GROUP,
  type ControlGroupSample,
  type ControlGroupsSection,
} from '../schema/control-groups-section.ts';
import { unknownRecord } from '../schema/record.ts';
import { HistoryLines } from './history-line.ts';
import { type HistoryBounds, HistoryWriter } from './history-writer.ts';
import { randomFrom } from './recording-world.fixture.ts';

/** What happens on a machine, and when, in seconds since its start. */
export interface Trouble {
  readonly kind: 'fork storm' | 'memory hog' | 'disk hog' | 'upload';
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const GB = 2 ** 30;
const BASE_USED = 4 * GB;

/**
 * A machine that tests make up, quiet but for its troubles: processes that come, use a little, and go; and the culprits
 * `forkbomb`, `leaker`, `dumper` and `uploader`, who do what they are called while their trouble lasts.
 */
export class HistoryWorld {
  readonly system = new SystemWorld(4);
  readonly #network = new SampleWorld();
  readonly #attribution = new NetworkAttribution({
    commandLine: (pid) => `/usr/bin/program-${pid} --serve --port=${pid}`,
    cgroup: (pid) => `/system.slice/unit-${pid % 7}.service`,
    userName: (uid) => `user-${uid}`,
  });
  readonly #random: () => number;
  readonly #troubles: readonly Trouble[];
  readonly #startWallMillis: number;
  readonly #idle: number[] = [];
  readonly #uploads: number;
  #seconds = 0;
  #nextPid = 10_000;
  #storm: number[] = [];

  constructor(startWallMillis: number, troubles: readonly Trouble[] = [], processes = 40, seed = 7) {
    this.#startWallMillis = startWallMillis;
    this.#troubles = troubles;
    this.#random = randomFrom(seed);
    for (let pid = 1; pid <= processes; pid++) this.#addProcess(pid, pid === 1 ? 'init' : `daemon-${pid}`);
    for (const [at, name] of ['forkbomb', 'leaker', 'dumper', 'uploader'].entries()) {
      this.#addProcess(CULPRIT_PID + at, name);
    }
    this.#network.addListener(443, { pid: 2 });
    this.#network.addSocket({ pid: 3, remote: '192.0.2.7', localPort: 40_001 });
    this.#network.addSocket({ pid: 3, remote: '192.0.2.7', localPort: 40_002 });
    this.#uploads = this.#network.addSocket({
      pid: CULPRIT_PID + 3,
      remote: '198.51.100.9',
      localPort: 41_000,
    });
  }

  get wallMillis(): number {
    return this.#startWallMillis + this.#seconds * 1000;
  }

  /** The next moment. Borrowed until the next call. */
  next(seconds: number): Snapshot {
    this.#seconds += seconds;
    const isOn = (kind: Trouble['kind']): boolean =>
      this.#troubles.some(
        (each) => each.kind === kind && this.#seconds > each.fromSeconds && this.#seconds <= each.toSeconds,
      );
    const isStorm = isOn('fork storm');
    this.system.pass(seconds, isStorm ? 0.97 : 0.03);
    this.#beIdle(seconds);
    this.#beStormy(isStorm, seconds);
    this.#leak(isOn('memory hog'));
    if (isOn('disk hog')) this.#write(CULPRIT_PID + 2, seconds * 200e6);
    if (isOn('upload')) {
      this.#network.grow(this.#uploads, seconds * 40e6, seconds * 1000);
      this.system.interfaces.txBytes[1]! += seconds * 41e6;
    }
    const network = this.#attribution.absorb(this.#network.sample(seconds * 1e6));
    const machineProcesses = this.system.machineProcesses();
    for (const slot of this.system.processes.slots.rows.subarray(0, this.system.processes.slots.count)) {
      machineProcesses.usage.readBytes[slot] = 0;
      machineProcesses.usage.writtenBytes[slot] = this.#written.get(this.system.processes.pid[slot]!) ?? 0;
    }
    const stalled = this.#stall(isStorm || isOn('memory hog') || isOn('disk hog') ? seconds * 0.6e6 : 0);
    const machine = this.system.machine({
      cpuPressure: { some: { avg10: 0, avg60: 0, avg300: 0, totalMicros: stalled }, full: undefined },
    });
    return {
      header: {
        ...{ hostName: 'web-1', bootId: 'boot', epoch: 1, clockTicksPerSecond: 100 },
        monotonicMicros: this.system.monotonicMicros,
        ...{ bootWallMillis: this.#startWallMillis - 1000, wallMillis: this.wallMillis },
      },
      ...{ network, machine, machineProcesses, disks: this.system.disks(), errors: [] },
      ...this.#controlGroups(isStorm ? seconds * 0.5e6 : 0),
    };
  }

  #samples = 0;
  #throttledMicros = 0;

  /** In every third sample: a service that is throttled in the storm, one at rest, and sessions that come and go. */
  #controlGroups(throttledMicros: number): { readonly controlGroups?: ControlGroupsSection } {
    this.#throttledMicros += throttledMicros;
    if (this.#samples++ % 3 !== 0) return {};
    const group = (path: string, facts: Partial<ControlGroupSample> = {}): ControlGroupSample => ({
      ...unknownRecord(CONTROL_GROUP),
      ...{ path, throttledMicros: 0, memoryBytes: 5e6, ...facts },
    });
    const { monotonicMicros } = this.system;
    const session = Math.floor(this.#samples / 12);
    const sessions = session % 2 === 0 ? [] : [group(`/user.slice/session-${session}.scope`)];
    const web = { throttledMicros: this.#throttledMicros, memoryBytes: 9e6, memoryLimitBytes: 1e7 };
    const groups = [...sessions, group('/system.slice/cron.service'), group(WEB_SERVICE, web)];
    const section = { sequence: this.#samples, monotonicMicros, durationMicros: 100, errors: [] };
    return { controlGroups: { ...section, groups } };
  }

  readonly #written = new Map<number, number>();
  #stalledMicros = 0;

  #stall(micros: number): number {
    this.#stalledMicros += micros;
    return this.#stalledMicros;
  }

  #addProcess(pid: number, name: string): void {
    this.system.addProcess(pid, { name, uid: pid % 3, residentBytes: 5e6 });
    this.#network.addProcess(pid, { name, uid: pid % 3, startTicks: pid * 10 });
    if (pid < CULPRIT_PID) this.#idle.push(pid);
  }

  /** A third of the processes use a little, and now and then one goes and another comes. */
  #beIdle(seconds: number): void {
    for (const [at, pid] of this.#idle.entries()) {
      if (this.#random() < 0.3) this.#use(pid, this.#random() * 0.01 * seconds);
      if (at < 5 || this.#random() >= 0.002) continue;
      this.system.removeProcess(pid);
      const fresh = this.#nextPid++;
      this.#idle[at] = fresh;
      this.system.addProcess(fresh, { name: `daemon-${fresh}`, uid: fresh % 3, residentBytes: 5e6 });
    }
  }

  #beStormy(isOn: boolean, seconds: number): void {
    for (const pid of this.#storm) this.system.removeProcess(pid);
    this.#storm = [];
    if (!isOn) return;
    this.#use(CULPRIT_PID, seconds * 0.9);
    for (let count = 0; count < 200; count++) {
      const pid = this.#nextPid++;
      this.#storm.push(pid);
      this.system.addProcess(pid, { name: 'forkbomb', uid: CULPRIT_PID % 3 });
      this.#use(pid, (seconds * 2.9) / 200);
    }
  }

  /** Whole nanoseconds, as the kernel counts them. */
  #use(pid: number, seconds: number): void {
    const { processes } = this.system;
    processes.cpuNanos[processes.find(pid)]! += Math.round(seconds * 1e9);
  }

  #leak(isOn: boolean): void {
    const slot = this.system.processes.find(CULPRIT_PID + 1);
    const bytes = isOn ? 9 * GB : 5e6;
    this.system.processes.rssBytes[slot] = bytes;
    const { memory } = this.system;
    if (memory === undefined) return;
    const usedBytes = BASE_USED + bytes;
    this.system.memory = { ...memory, usedBytes, availableBytes: memory.totalBytes - usedBytes };
  }

  #write(pid: number, bytes: number): void {
    this.#written.set(pid, (this.#written.get(pid) ?? 0) + bytes);
  }
}

/** Its group is throttled while the fork storm lasts, half of the time. */
export const WEB_SERVICE = '/system.slice/web.service';

/** `forkbomb`, and after it the others. */
export const CULPRIT_PID = 9001;

/** Writes the next samples of a world to a history in that folder, then closes it. */
export async function writeHistory(
  path: string,
  world: HistoryWorld,
  count: number,
  bounds: Partial<HistoryBounds> = {},
): Promise<void> {
  const writer = await openHistory(path, world, bounds);
  const lines = new HistoryLines((uid) => `user-${uid}`, writer.totals);
  for (let i = 0; i < count; i++) await writeNext(writer, lines, world);
  await writer.close();
}

export function openHistory(
  path: string,
  world: Pick<HistoryWorld, 'wallMillis'>,
  bounds: Partial<HistoryBounds> = {},
): Promise<HistoryWriter> {
  const all = { sizeBytes: 64 << 20, ageMillis: 7 * 86_400_000, intervalMillis: 10_000, ...bounds };
  return HistoryWriter.open(path, all, {
    wallMillis: () => world.wallMillis,
    lock: async () => true,
    failed: (error) => {
      throw error;
    },
  });
}

export async function writeNext(
  writer: HistoryWriter,
  lines: HistoryLines,
  world: HistoryWorld,
  seconds = 10,
): Promise<Snapshot> {
  const snapshot = world.next(seconds);
  const isWhole = writer.needsWhole(snapshot.header);
  writer.write(lines.line(snapshot, isWhole), isWhole);
  await writer.flushed();
  return snapshot;
}
