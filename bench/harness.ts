import type { Slice } from '../src/data/sample/slice.ts';

/** One measured figure beside its floor. Times are CPU (user + system) per iteration. */
export interface BenchRow {
  readonly name: string;
  /** Undefined: no time is measured, the ratio is all there is. */
  readonly oursMicros: number | undefined;
  /** What the same work costs in the program compared with; undefined: nothing is compared. */
  readonly floorMicros: number | undefined;
  /** ours / floor: the median of the ratios of pairs measured side by side. */
  readonly ratio: number | undefined;
  /** The ratio must not exceed it; undefined: shown for orientation. */
  readonly bar: number | undefined;
  /** Distance between the quartiles of our runs, as a share of their median. */
  readonly spread: number;
  readonly note: string;
}

/** What a `*.bench.ts` file's `run` returns. */
export interface BenchTable {
  /** One line: what is measured, and against what. */
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

/** One run: does the work and resolves to its CPU per iteration, in microseconds. */
export type Probe = () => number | Promise<number>;

/** How runs follow one another. */
export interface RunOptions {
  /** Runs that count, at least 5 (default 9). */
  readonly runs?: number;
  /** Runs before them that do not (default 3). */
  readonly warmupRuns?: number;
  /** Wait before each run: with it caches are as cold as a monitor finds them (default 0). */
  readonly pauseMillis?: number;
}

/** What several runs of one probe came to. */
export interface Measured {
  readonly micros: number;
  readonly spread: number;
}

/** Two probes measured in turn. */
export interface Compared {
  readonly ours: Measured;
  readonly floor: Measured;
  readonly ratio: number;
}

const LEAST_RUNS = 5;

/** Never asks a collection to rest: a bench measures it in one piece. */
export const WHOLE_SLICE: Slice = { due: () => false, rest: () => Promise.resolve() };

/**
 * A probe of work in this process, by the process's own CPU time (collector and compiler threads included).
 * `iterations`: how often `once` is called in a run; enough of them that a run takes well over a microsecond.
 */
export function inProcess(once: () => unknown, iterations = 1): Probe {
  return async () => {
    const before = process.cpuUsage();
    for (let i = 0; i < iterations; i++) {
      const pending = once();
      if (pending instanceof Promise) await pending;
    }
    const used = process.cpuUsage(before);
    return (used.user + used.system) / iterations;
  };
}

/** Runs one probe alone. */
export async function measure(ours: Probe, options: RunOptions = {}): Promise<Measured> {
  const samples: number[] = [];
  for (let run = -(options.warmupRuns ?? 3); run < runsOf(options); run++) {
    await pause(options);
    const micros = await ours();
    if (run >= 0) samples.push(micros);
  }
  return summary(samples);
}

/** Runs two probes in turn, the first of the pair changing each time, so that drift and order hit both alike. */
export async function compare(ours: Probe, floor: Probe, options: RunOptions = {}): Promise<Compared> {
  const oursSamples: number[] = [];
  const floorSamples: number[] = [];
  const ratios: number[] = [];
  for (let run = -(options.warmupRuns ?? 3); run < runsOf(options); run++) {
    const oursIsFirst = (run & 1) === 0;
    const first = await pausedRun(oursIsFirst ? ours : floor, options);
    const second = await pausedRun(oursIsFirst ? floor : ours, options);
    if (run < 0) continue;
    const [oursMicros, floorMicros] = oursIsFirst ? [first, second] : [second, first];
    oursSamples.push(oursMicros);
    floorSamples.push(floorMicros);
    ratios.push(oursMicros / floorMicros);
  }
  return { ours: summary(oursSamples), floor: summary(floorSamples), ratio: quantile(ratios, 0.5) };
}

/** A row of two probes measured in turn. */
export function comparedRow(name: string, compared: Compared, bar: number | undefined, note = ''): BenchRow {
  return {
    name,
    oursMicros: compared.ours.micros,
    floorMicros: compared.floor.micros,
    ratio: compared.ratio,
    bar,
    spread: compared.ours.spread,
    note,
  };
}

/** A row with nothing beside it. */
export function measuredRow(name: string, measured: Measured, note = ''): BenchRow {
  return {
    name,
    oursMicros: measured.micros,
    floorMicros: undefined,
    ratio: undefined,
    bar: undefined,
    spread: measured.spread,
    note,
  };
}

/** Median and quartile distance of the runs. */
export function summary(samples: readonly number[]): Measured {
  const micros = quantile(samples, 0.5);
  const spread = micros === 0 ? 0 : (quantile(samples, 0.75) - quantile(samples, 0.25)) / micros;
  return { micros, spread };
}

/** The `share`-quantile (0 to 1) of the values, interpolated; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

function runsOf(options: RunOptions): number {
  return Math.max(LEAST_RUNS, options.runs ?? 9);
}

async function pausedRun(probe: Probe, options: RunOptions): Promise<number> {
  await pause(options);
  return probe();
}

async function pause(options: RunOptions): Promise<void> {
  const millis = options.pauseMillis ?? 0;
  if (millis > 0) await Bun.sleep(millis);
}
