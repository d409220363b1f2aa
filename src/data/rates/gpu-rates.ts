import type { GpuSample } from '../schema/gpu-sample.ts';

/** Engines of one kind, all clients together. */
interface Work {
  readonly busy: number;
  /** Cycles that went by; undefined: `busy` is nanoseconds. */
  readonly total: number | undefined;
}

/**
 * Use of GPUs whose driver gives no figure of its own: growth of what their clients have done, the busiest kind of
 * engine counting, as the tools of the drivers have it. Percent, NaN unknown.
 */
export class GpuRates {
  readonly #percent = new Map<string, number>();
  #last = new Map<string, Work>();
  #lastMicros = Number.NaN;

  update(gpus: readonly GpuSample[], monotonicMicros: number): void {
    const elapsedNanos = (monotonicMicros - this.#lastMicros) * 1000;
    this.#lastMicros = monotonicMicros;
    const now = new Map<string, Work>();
    this.#percent.clear();
    for (const gpu of gpus) {
      this.#percent.set(gpu.id, gpu.utilizationPercent ?? this.#busiest(gpu, elapsedNanos, now));
    }
    this.#last = now;
  }

  percentOf(id: string): number {
    return this.#percent.get(id) ?? Number.NaN;
  }

  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.#last.clear();
  }

  #busiest(gpu: GpuSample, elapsedNanos: number, now: Map<string, Work>): number {
    const shares = new Map<string, number>();
    for (const { pid, engines } of gpu.processes) {
      for (const { engine, busy, total, capacity } of engines) {
        const key = `${gpu.id} ${pid} ${engine}`;
        const was = this.#last.get(key);
        now.set(key, { busy, total });
        const share = was === undefined ? 0 : shareOf(was, { busy, total }, elapsedNanos) / capacity;
        shares.set(engine, (shares.get(engine) ?? 0) + share);
      }
    }
    if (!(elapsedNanos > 0) || gpu.isAsleep) return Number.NaN;
    return shares.size === 0 ? Number.NaN : Math.min(100, Math.max(...shares.values()) * 100);
  }
}

function shareOf(was: Work, is: Work, elapsedNanos: number): number {
  const went = is.total === undefined ? elapsedNanos : is.total - (was.total ?? 0);
  return went > 0 && is.busy > was.busy ? (is.busy - was.busy) / went : 0;
}
