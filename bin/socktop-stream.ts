import { nextDue } from '../src/apps/sstop/cadence.ts';
import { SystemExport } from '../src/data/export/system-export.ts';
import { systemJson } from '../src/data/export/system-json.ts';
import { systemCsv, systemCsvHeader, systemTable } from '../src/data/export/system-text.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import type { RecordedSource } from '../src/data/source/recorded-source.ts';
import { OpError } from '../src/kit/errors/op-error.ts';
import { EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from './exit-codes.ts';
import { complain } from './messages.ts';
import { playbackProblem } from './playback-problem.ts';
import type { SocktopHost } from './socktop-host.ts';
import type { SocktopSettings } from './socktop-settings.ts';
import { StandardOutput } from './standard-output.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from './stop.ts';

/** Disks change slowly, and asking each file system may wake one up. */
const DISKS_MILLIS = 5000;

/** Streams a machine to standard output, or prints it once; ends by --once, --duration, a signal or a closed pipe. */
export async function runSocktopStream(
  settings: SocktopSettings,
  host: SocktopHost,
  playback: RecordedSource | undefined,
): Promise<number> {
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  try {
    return await new SystemStream(settings, host, stop).run(playback);
  } finally {
    stop.release();
  }
}

class SystemStream {
  readonly #settings: SocktopSettings;
  readonly #host: SocktopHost;
  readonly #stop: Stop;
  readonly #output: StandardOutput;
  readonly #data: SystemExport;
  #isFirstOutput = true;
  #disksMillis = Number.NEGATIVE_INFINITY;
  /** Why the agent cannot be asked now; it was told. */
  #lostReason: string | undefined;

  constructor(settings: SocktopSettings, host: SocktopHost, stop: Stop) {
    this.#settings = settings;
    this.#host = host;
    this.#stop = stop;
    this.#output = new StandardOutput(stop);
    this.#data = new SystemExport((uid) => host.userName?.(uid));
  }

  async run(playback: RecordedSource | undefined): Promise<number> {
    if (playback !== undefined) return this.#replay(playback);
    const { durationMillis = Number.POSITIVE_INFINITY, metricsIntervalMillis, once } = this.#settings;
    // Asked twice before the first line: rates need two samples, and whose reading is of interest is known then.
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    const first = await this.#sample();
    if (first === ENDED) return this.#end();
    if (!first) throw failureOf(this.#data.errors);
    const start = performance.now();
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    for (;;) {
      const due = Math.min(nextDue(start, metricsIntervalMillis, performance.now()), start + durationMillis);
      await this.#stop.sleep(due - performance.now());
      const isOpen = !this.#stop.isWished && (await this.#next());
      if (!isOpen || once || due >= start + durationMillis) return this.#end();
    }
  }

  /** False: nobody reads any more, or the end came. */
  async #next(): Promise<boolean> {
    const sampled = await this.#sample();
    if (sampled === ENDED) return false;
    return !sampled || this.#print();
  }

  /** Throws where --duration is over and nothing has come to print. */
  #end(): number {
    const { signal } = this.#stop;
    if (signal !== undefined) return exitCodeOfSignal(signal);
    if (!this.#stop.isWished || !this.#isFirstOutput) return EXIT_OK;
    throw new OpError({ op: 'sample', code: 'DEADLINE', message: 'no sample came within --duration' });
  }

  /** Every recorded snapshot, as fast as it can be read; of --once the first that has rates. */
  async #replay(playback: RecordedSource): Promise<number> {
    for (;;) {
      const snapshot = await this.#stop.orEnd(playback.next());
      if (snapshot === ENDED || this.#stop.isWished) return this.#end();
      if (snapshot === undefined) return this.#playedTo(playback);
      this.#data.absorb(snapshot);
      if (snapshot.machine === undefined && snapshot.machineProcesses === undefined) continue;
      if (this.#settings.once && !this.#data.hasRates) continue;
      const isOpen = await this.#print();
      if (!isOpen || this.#settings.once) return this.#end();
    }
  }

  /** A file that was named and is not whole is told as a wrong argument is, once all that can be had of it was. */
  async #playedTo({ progress }: RecordedSource): Promise<number> {
    const { once, playbackPath = '' } = this.#settings;
    if (once && this.#data.hasData) await this.#print();
    const problem = playbackProblem(playbackPath, progress);
    if (problem === undefined && !this.#data.hasData) {
      const message = `'${playbackPath}' holds nothing of a machine: sstop --playback shows its network`;
      throw new OpError({ op: 'collect', code: 'EMPTY', message });
    }
    if (problem !== undefined) complain('socktop', problem);
    return problem === undefined ? EXIT_OK : EXIT_USAGE;
  }

  /** False: there is no connection now, and it was told. Throws where there is nothing at all. */
  async #sample(): Promise<boolean | typeof ENDED> {
    const snapshot = await this.#stop.orEnd(this.#ask());
    if (snapshot === ENDED) return ENDED;
    this.#data.absorb(snapshot);
    if (snapshot.machine !== undefined || snapshot.machineProcesses !== undefined) {
      this.#lostReason = undefined;
      return true;
    }
    const failure = failureOf(snapshot.errors);
    const comesBack = this.#host.link?.status.phase === 'lost' && !this.#settings.once;
    if (!comesBack) throw failure;
    if (failure.message !== this.#lostReason) complain('socktop', failure.message);
    this.#lostReason = failure.message;
    return false;
  }

  #ask(): Promise<Snapshot> {
    const now = performance.now();
    const disks = now - this.#disksMillis >= DISKS_MILLIS;
    if (disks) this.#disksMillis = now;
    const visiblePids = this.#data.visiblePids();
    const want = { machine: true, machineProcesses: { visiblePids }, disks };
    return this.#host.source.sample(want, Number.POSITIVE_INFINITY);
  }

  #print(): Promise<boolean> {
    const isFirst = this.#isFirstOutput;
    this.#isFirstOutput = false;
    return this.#output.write(this.#format(isFirst));
  }

  #format(isFirst: boolean): string {
    switch (this.#settings.output) {
      case 'csv':
        return (isFirst ? systemCsvHeader() : '') + systemCsv(this.#data);
      case 'table':
        return systemTable(this.#data);
      default:
        return `${systemJson(this.#data)}\n`;
    }
  }
}

function failureOf(errors: Snapshot['errors']): OpError {
  const { op, code, message } = errors[0] ?? { op: 'collect', code: 'EMPTY', message: 'no data' };
  return new OpError({ op, code, message });
}
