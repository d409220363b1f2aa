import { existsSync } from 'node:fs';
import type { GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { findNvml, NvmlLibrary } from '../nvml/library.ts';
import { NvmlSession } from '../nvml/nvml-session.ts';
import { isDeviceSuspended, mayDeviceSleep, nvidiaDevicePaths } from '../sys/drm.ts';

interface NvidiaOptions {
  readonly sysRoot: string;
  /** Candidates for libnvidia-ml.so.1, absolute; given ones are used whatever the bus says. */
  readonly libraryPaths?: readonly string[];
  readonly clock?: () => number;
}

/** After a refusal (driver not loaded, mid-update) it is asked again after so long. */
const RETRY_MICROS = 60e6;
/** A GPU that may sleep is asked so seldom, and let go each time, that it can fall asleep between. */
const SLEEPY_INTERVAL_MICROS = 5e6;
/** There are GPUs without a PCI bus: in WSL. */
const PARAVIRTUAL_DEVICE = '/dev/dxg';

/** NVIDIA GPUs by the driver's management library, opened when they are first asked for. */
export class NvidiaGpus {
  readonly #options: NvidiaOptions;
  readonly #clock: () => number;
  #library: NvmlLibrary | undefined;
  #session: NvmlSession | undefined;
  #last: readonly GpuSample[] = [];
  #nextMicros = Number.NEGATIVE_INFINITY;
  #failure: unknown;

  constructor(options: NvidiaOptions) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** None where there is no GPU of theirs or no library. Throws OpError where the library or the driver refuses. */
  read(): readonly GpuSample[] {
    if (this.#session !== undefined) return this.#readOpen(this.#session);
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

  #readOpen(session: NvmlSession): readonly GpuSample[] {
    try {
      return session.read();
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  #readAnew(now: number): readonly GpuSample[] {
    const { sysRoot, libraryPaths } = this.#options;
    const path = findNvml(libraryPaths);
    const devices = nvidiaDevicePaths(sysRoot);
    const isThere = libraryPaths !== undefined || devices.length > 0 || existsSync(PARAVIRTUAL_DEVICE);
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
        id,
        name: known?.name ?? 'NVIDIA',
        vendor: 'nvidia',
        isAsleep: true,
        utilizationPercent: undefined,
        memoryUsedBytes: undefined,
        memoryTotalBytes: known?.memoryTotalBytes,
        temperatureCelsius: undefined,
        powerMilliwatts: undefined,
        frequencyHz: undefined,
        maxFrequencyHz: known?.maxFrequencyHz,
        processes: [],
      };
    });
  }
}
