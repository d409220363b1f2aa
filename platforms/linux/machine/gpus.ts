import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import {
  GPU,
  type GpuEngineUse,
  type GpuProcess,
  type GpuSample,
} from '../../../src/data/schema/gpu-sample.ts';
import { unknownRecord } from '../../../src/data/schema/record.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { NativeBuffer } from '../libc.ts';
import { findNvml, NvmlLibrary } from '../nvml/library.ts';
import { NvmlSession } from '../nvml/nvml-session.ts';
import { KeptFile } from '../proc/kept-file.ts';
import { linkTarget } from '../proc/namespace-links.ts';
import { type DrmClient, parseDrmClient } from '../proc/pid-fdinfo.ts';
import { type DrmCard, nvidiaDevicePaths, readDrmCards } from '../sys/drm.ts';
import { isDeviceSuspended, listDirectory, mayDeviceSleep } from '../sys/sysfs-value.ts';
import type { CollectorOptions } from './machine.ts';

export interface GpuCollectorOptions extends CollectorOptions {
  /** Candidates for libnvidia-ml.so.1, absolute; given ones are used whatever the bus says. Default where drivers put it. */
  readonly nvmlPaths?: readonly string[];
  readonly pciIdsPaths?: readonly string[];
  /** How long one collection looks for processes that use GPUs. */
  readonly lookMillis?: number;
}

const SCAN_INTERVAL_MICROS = 30e6;

/** GPUs, and why NVIDIA's are missing although there should be some. */
interface GpusReading {
  readonly gpus: readonly GpuSample[];
  readonly error: SectionError | undefined;
}

/** GPUs of all makers: NVIDIA's by its library, the others by sysfs and the descriptors of their processes. */
export class GpuCollector {
  readonly #options: GpuCollectorOptions;
  readonly #clock: () => number;
  readonly #nvidia: NvidiaGpus;
  readonly #clients: DrmClients;
  #cards: readonly DrmCard[] = [];
  #nextScanMicros = Number.NEGATIVE_INFINITY;

  constructor(options: GpuCollectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicMicros;
    this.#nvidia = new NvidiaGpus(options);
    this.#clients = new DrmClients(options.procRoot, options.lookMillis);
  }

  collect(): GpusReading {
    const now = this.#clock();
    if (now >= this.#nextScanMicros) {
      this.#nextScanMicros = now + SCAN_INTERVAL_MICROS;
      this.#scan();
    }
    const clients = this.#cards.length > 0 ? this.#clients.read() : [];
    const others = this.#cards.map((card) => sampleOf(card, clients));
    try {
      return { gpus: [...this.#nvidia.read(), ...others], error: undefined };
    } catch (thrown) {
      return { gpus: others, error: sectionError('read NVIDIA GPUs', thrown) };
    }
  }

  close(): void {
    this.#nvidia.close();
    this.#clients.close();
    for (const card of this.#cards) card.close();
    this.#cards = [];
  }

  #scan(): void {
    for (const card of this.#cards) card.close();
    this.#cards = readDrmCards(this.#options.sysRoot, this.#options.pciIdsPaths);
  }
}

function sampleOf(card: DrmCard, clients: readonly DrmProcessClient[]): GpuSample {
  const { id, name, vendor } = card;
  const own = clients.filter(({ client }) =>
    client.pciAddress === undefined ? client.driver === card.driver : client.pciAddress === id,
  );
  return { id, name, vendor, ...card.read(), processes: processesOf(own) };
}

/** A process may have several clients (one per window system, API and tab): they are added up. */
function processesOf(clients: readonly DrmProcessClient[]): GpuProcess[] {
  return [...Map.groupBy(clients, ({ pid }) => pid)]
    .map(([pid, own]) => {
      const memory = own.flatMap(({ client }) => client.memoryBytes ?? []);
      return {
        pid,
        memoryBytes: memory.length === 0 ? undefined : memory.reduce((sum, bytes) => sum + bytes, 0),
        utilizationPercent: undefined,
        engines: addEngines(own.flatMap(({ client }) => client.engines)),
      };
    })
    .sort((a, b) => a.pid - b.pid);
}

function addEngines(uses: readonly GpuEngineUse[]): GpuEngineUse[] {
  const sums = new Map<string, GpuEngineUse>();
  for (const use of uses) {
    const known = sums.get(use.engine);
    // The cycles that went by are the engine's clock: the same for every client.
    const total = use.total === undefined ? undefined : Math.max(use.total, known?.total ?? 0);
    sums.set(use.engine, { ...use, total, busy: use.busy + (known?.busy ?? 0) });
  }
  return [...sums.values()];
}

interface DrmProcessClient {
  readonly pid: number;
  readonly client: DrmClient;
}

/** How long one collection looks for new clients: a look costs some 5 µs a descriptor, so it goes on next time. */
const LOOK_MILLIS = 2;
const CLIENTS_LIMIT = 1024;
const DESCRIPTORS_LIMIT = 4096;

/**
 * Who uses GPUs through DRM devices, of the processes that this user may look into. Known descriptors are read each
 * time; new ones are found by going round all processes, a few milliseconds a time.
 */
class DrmClients {
  readonly #procRoot: string;
  readonly #lookMillis: number;
  readonly #text = new NativeBuffer(8192);
  /** Per process the fdinfo files of its DRM descriptors. */
  readonly #known = new Map<number, KeptFile[]>();
  #pending: number[] = [];

  constructor(procRoot: string, lookMillis = LOOK_MILLIS) {
    this.#procRoot = procRoot;
    this.#lookMillis = lookMillis;
  }

  /** Each client once, even if several processes share it. */
  read(): DrmProcessClient[] {
    this.#look();
    const clients = new Map<string, DrmProcessClient>();
    for (const [pid, files] of this.#known) {
      const kept = files.filter((file) => this.#readClient(pid, file, clients));
      if (kept.length === 0) this.#known.delete(pid);
      else this.#known.set(pid, kept);
    }
    return [...clients.values()];
  }

  close(): void {
    for (const files of this.#known.values()) for (const file of files) file.close();
    this.#known.clear();
  }

  /** False: the descriptor is closed, something else by now, or a copy. */
  #readClient(pid: number, file: KeptFile, clients: Map<string, DrmProcessClient>): boolean {
    const length = file.read(this.#text);
    const client = length > 0 ? parseDrmClient(this.#text.bytes, length) : undefined;
    // Not kept open: an fdinfo file holds on to what it describes.
    file.close();
    if (client === undefined) return false;
    const key = `${client.pciAddress ?? client.driver} ${client.clientId}`;
    const known = clients.get(key);
    if (known === undefined && clients.size < CLIENTS_LIMIT) clients.set(key, { pid, client });
    // A second descriptor of the same client adds nothing.
    return known?.pid !== pid;
  }

  #look(): void {
    const until = performance.now() + this.#lookMillis;
    if (this.#pending.length === 0) this.#pending = this.#listProcesses();
    while (performance.now() < until) {
      const pid = this.#pending.pop();
      if (pid === undefined) return;
      this.#lookInto(pid);
    }
  }

  #listProcesses(): number[] {
    return listDirectory(this.#procRoot).flatMap((name) => (/^[1-9]\d*$/.test(name) ? Number(name) : []));
  }

  #lookInto(pid: number): void {
    const path = join(this.#procRoot, String(pid));
    const descriptors = listDirectory(join(path, 'fd')).slice(0, DESCRIPTORS_LIMIT);
    const known = this.#known.get(pid) ?? [];
    const found = descriptors
      .filter((descriptor) => linkTarget(join(path, 'fd', descriptor))?.startsWith('/dev/dri/') === true)
      .map((descriptor) => join(path, 'fdinfo', descriptor))
      .filter((file) => !known.some((each) => each.path === file))
      .map((file) => new KeptFile(file));
    if (known.length + found.length > 0) this.#known.set(pid, [...known, ...found]);
  }
}

/** After a refusal (driver not loaded, mid-update) it is asked again after so long. */
const RETRY_MICROS = 60e6;
/** A GPU that may sleep is asked so seldom, and let go each time, that it can fall asleep between. */
const SLEEPY_INTERVAL_MICROS = 5e6;
/** There are GPUs without a PCI bus: in WSL. */
const PARAVIRTUAL_DEVICE = '/dev/dxg';

/** NVIDIA GPUs by the driver's management library, opened when they are first asked for. */
class NvidiaGpus {
  readonly #options: GpuCollectorOptions;
  readonly #clock: () => number;
  #library: NvmlLibrary | undefined;
  #session: NvmlSession | undefined;
  #last: readonly GpuSample[] = [];
  #nextMicros = Number.NEGATIVE_INFINITY;
  #failure: unknown;

  constructor(options: GpuCollectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** None where there is no GPU of theirs or no library. Throws OpError where the library or the driver refuses. */
  read(): readonly GpuSample[] {
    const session = this.#session;
    if (session !== undefined) return closedOnError(this, () => session.read());
    const now = this.#clock();
    if (now < this.#nextMicros) {
      if (this.#failure !== undefined) throw this.#failure;
      return this.#last;
    }
    this.#nextMicros = now + RETRY_MICROS;
    try {
      this.#failure = undefined;
      this.#last = this.#readAnew(now);
    } catch (thrown) {
      this.#failure = thrown;
      throw thrown;
    }
    return this.#last;
  }

  close(): void {
    this.#session?.close();
    this.#session = undefined;
    this.#nextMicros = Number.NEGATIVE_INFINITY;
  }

  #readAnew(now: number): readonly GpuSample[] {
    const { sysRoot, nvmlPaths } = this.#options;
    const path = findNvml(nvmlPaths);
    const devices = nvidiaDevicePaths(sysRoot);
    const isThere = nvmlPaths !== undefined || devices.length > 0 || existsSync(PARAVIRTUAL_DEVICE);
    if (path === undefined || !isThere) return [];
    const isSleepy = devices.length > 0 && devices.every(mayDeviceSleep);
    if (isSleepy) this.#nextMicros = now + SLEEPY_INTERVAL_MICROS;
    if (isSleepy && devices.every(isDeviceSuspended)) return this.#asleep(devices);
    this.#library ??= new NvmlLibrary(path);
    const session = new NvmlSession(this.#library);
    if (!isSleepy) this.#session = session;
    try {
      return session.read();
    } finally {
      if (isSleepy) session.close();
    }
  }

  /** Known facts of a sleeping GPU, without values that need an awake GPU. */
  #asleep(devices: readonly string[]): GpuSample[] {
    return devices.map((path) => {
      const id = path.slice(path.lastIndexOf('/') + 1);
      const known = this.#last.find((gpu) => gpu.id === id);
      return {
        ...unknownRecord(GPU),
        ...{ id, name: known?.name ?? 'NVIDIA', vendor: 'nvidia', isAsleep: true },
        memoryTotalBytes: known?.memoryTotalBytes,
        maxFrequencyHz: known?.maxFrequencyHz,
      };
    });
  }
}
