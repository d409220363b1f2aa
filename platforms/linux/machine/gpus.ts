import { type SectionError, sectionError } from '../../../src/data/sample/snapshot.ts';
import type { GpuEngineUse, GpuProcess, GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { type DrmCard, readDrmCards } from '../sys/drm.ts';
import { DrmClients, type DrmProcessClient } from './drm-clients.ts';
import { NvidiaGpus } from './nvidia-gpus.ts';

export interface GpuCollectorOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Candidates for libnvidia-ml.so.1; default where drivers put it. */
  readonly nvmlPaths?: readonly string[];
  readonly pciIdsPaths?: readonly string[];
  /** How long one collection looks for processes that use GPUs. */
  readonly lookMillis?: number;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
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

  constructor(options: GpuCollectorOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicMicros;
    const { nvmlPaths: libraryPaths, procRoot = '/proc', sysRoot = '/sys' } = options;
    this.#nvidia = new NvidiaGpus({
      sysRoot,
      clock: this.#clock,
      ...(libraryPaths === undefined ? {} : { libraryPaths }),
    });
    this.#clients = new DrmClients(procRoot, options.lookMillis);
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
    this.#cards = readDrmCards(this.#options.sysRoot ?? '/sys', this.#options.pciIdsPaths);
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
