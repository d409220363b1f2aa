import { nextDue } from '../src/apps/sstop/cadence.ts';
import { interfaceNamed } from '../src/apps/sstop/interfaces.ts';
import { csvHeader, snapshotToCsv } from '../src/data/export/csv.ts';
import { movedScope, type Scope } from '../src/data/query/scope.ts';
import type { ExportOptions } from '../src/data/export/export-options.ts';
import { snapshotToJson } from '../src/data/export/json.ts';
import { tableText } from '../src/data/export/table-text.ts';
import type { OwnerFilter } from '../src/data/query/filter/filter-context.ts';
import { NetworkRates } from '../src/data/rates/network-rates.ts';
import type { NetworkSection } from '../src/data/sample/network-section.ts';
import type { Snapshot } from '../src/data/sample/snapshot.ts';
import type { RecordedSource } from '../src/data/source/recorded-source.ts';
import { OpError } from '../src/kit/errors/op-error.ts';
import { EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from './exit-codes.ts';
import { readFilterOption } from './filter-option.ts';
import { complain } from './messages.ts';
import { playbackProblem } from './playback-problem.ts';
import type { SstopInput } from './sstop-input.ts';
import type { Settings } from './sstop-settings.ts';
import { StandardOutput } from './standard-output.ts';
import { ENDED, LAST_SAMPLE_MILLIS, Stop } from './stop.ts';

/** Streams snapshots to standard output, or prints one; ends by --once, --duration, a signal or a closed pipe. */
export async function runStream(settings: Settings, input: SstopInput): Promise<number> {
  const filter = readFilterOption(settings, input);
  if (filter === undefined) return EXIT_USAGE;
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  try {
    return await new Stream(settings, input, filter, stop).run();
  } finally {
    stop.release();
  }
}

class Stream {
  readonly #settings: Settings;
  readonly #input: SstopInput;
  readonly #filter: OwnerFilter;
  readonly #stop: Stop;
  readonly #output: StandardOutput;
  readonly #rates = new NetworkRates();
  #isFirstOutput = true;
  /** The interface by the number that it has now; none is negative. */
  #scope: Scope;
  /** Why the agent cannot be asked now; it was told. */
  #lostReason: string | undefined;

  constructor(settings: Settings, input: SstopInput, filter: OwnerFilter, stop: Stop) {
    this.#settings = settings;
    const interfaceIndex = settings.interfaceName === undefined ? undefined : -1;
    this.#scope = { interfaceIndex, includeLoopback: settings.loopback };
    this.#input = input;
    this.#filter = filter;
    this.#stop = stop;
    this.#output = new StandardOutput(stop);
    input.playback?.observe((snapshot) => {
      if (snapshot.network !== undefined) this.#rates.update(snapshot.network, snapshot.header);
    });
  }

  async run(): Promise<number> {
    const { durationMillis = Number.POSITIVE_INFINITY, intervalMillis, interfaceName, once } = this.#settings;
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    const baseline = await this.#sample();
    if (baseline === ENDED) return this.#end();
    const start = performance.now();
    this.#stop.endAfter(durationMillis + LAST_SAMPLE_MILLIS);
    const known =
      interfaceName === undefined || interfaceNamed(baseline.interfaces, interfaceName) !== undefined;
    if (!known) return this.#refuseInterface(baseline);
    if (this.#input.playback !== undefined) return this.#replay(this.#input.playback);
    for (;;) {
      const due = Math.min(nextDue(start, intervalMillis, performance.now()), start + durationMillis);
      await this.#stop.sleep(due - performance.now());
      const isOpen = !this.#stop.isWished && (await this.#print());
      if (!isOpen || once || due >= start + durationMillis) return this.#end();
    }
  }

  /** Every recorded snapshot, as fast as it can be read. */
  async #replay(playback: RecordedSource): Promise<number> {
    for (;;) {
      const snapshot = await this.#stop.orEnd(playback.next());
      if (snapshot === ENDED || this.#stop.isWished) return this.#end();
      if (snapshot === undefined) return this.#playedTo(playback);
      if (snapshot.network === undefined) continue;
      this.#rates.update(snapshot.network, snapshot.header);
      const isOpen = await this.#output.write(this.#format(snapshot, snapshot.network));
      if (!isOpen || this.#settings.once) return this.#end();
    }
  }

  /** A file that was named and is not whole is told as a wrong argument is, once all that can be had of it was. */
  #playedTo({ progress }: RecordedSource): number {
    const problem = playbackProblem(this.#settings.playbackPath ?? '', progress);
    if (problem === undefined) return EXIT_OK;
    this.#input.log.event('warning', 'recording-broken', { message: problem });
    complain('sstop', problem);
    return EXIT_USAGE;
  }

  /** Throws where --duration is over and nothing has come to print. */
  #end(): number {
    const { signal } = this.#stop;
    if (signal !== undefined) {
      this.#input.log.event('info', 'signal', { signal });
      return exitCodeOfSignal(signal);
    }
    if (!this.#stop.isWished || !this.#isFirstOutput) return EXIT_OK;
    throw new OpError({ op: 'sample', code: 'DEADLINE', message: 'no sample came within --duration' });
  }

  /** Takes a sample into the rates; what stays of it until the next is `header` and `section`. */
  async #sample(): Promise<NetworkSection | typeof ENDED> {
    const snapshot = await this.#snapshot();
    if (snapshot === ENDED) return ENDED;
    if (snapshot.network === undefined) throw failureOf(snapshot);
    this.#rates.update(snapshot.network, snapshot.header);
    return snapshot.network;
  }

  #snapshot(): Promise<Snapshot | typeof ENDED> {
    return this.#stop.orEnd(this.#input.source.sample({ network: true }, Number.POSITIVE_INFINITY));
  }

  /** False: nobody reads any more, or the end came. */
  async #print(): Promise<boolean> {
    const snapshot = await this.#snapshot();
    if (snapshot === ENDED) return false;
    if (snapshot.network === undefined) return this.#without(snapshot);
    this.#lostReason = undefined;
    this.#rates.update(snapshot.network, snapshot.header);
    return this.#output.write(this.#format(snapshot, snapshot.network));
  }

  /** Nothing to print: an agent that is away comes back, all else is the end. */
  #without(snapshot: Snapshot): boolean {
    const failure = failureOf(snapshot);
    const comesBack = this.#input.link?.status.phase === 'lost' && !this.#settings.once;
    if (!comesBack) throw failure;
    if (failure.message !== this.#lostReason) complain('sstop', failure.message);
    this.#lostReason = failure.message;
    return true;
  }

  #format(snapshot: Snapshot, section: NetworkSection): string {
    const options = this.#exportOptions(section);
    const isFirst = this.#isFirstOutput;
    this.#isFirstOutput = false;
    switch (this.#settings.output) {
      case 'csv': {
        const rows = snapshotToCsv(section, this.#rates, snapshot.header, options);
        return isFirst ? csvHeader() + rows : rows;
      }
      case 'table':
        return tableText(section, this.#rates, snapshot.header, options);
      default:
        return `${snapshotToJson(section, this.#rates, snapshot.header, options)}\n`;
    }
  }

  #exportOptions(section: NetworkSection): ExportOptions {
    const { sort, interfaceName } = this.#settings;
    const { names } = this.#input;
    if (interfaceName !== undefined) {
      // While the interface is gone, what it had stays.
      this.#scope = movedScope(this.#scope, interfaceNamed(section.interfaces, interfaceName));
    }
    return {
      sort: { key: sort, isReversed: false },
      scope: this.#scope,
      filter: this.#filter,
      hostName: (address) => names.host(address),
      serviceName: (port, protocol) => names.service(port, protocol),
      country: (address) => names.country(address),
    };
  }

  #refuseInterface(section: NetworkSection): number {
    const { slots, names } = section.interfaces;
    const known = Array.from(slots.rows.subarray(0, slots.count), (slot) => names[slot]).join(', ');
    complain(
      'sstop',
      `option '--interface <name>': there is no '${this.#settings.interfaceName}' here. Accepted: ${known}`,
    );
    return EXIT_USAGE;
  }
}

function failureOf(snapshot: Snapshot): OpError {
  const { op, code, message } = snapshot.errors[0] ?? {
    op: 'collect',
    code: 'EMPTY',
    message: 'no network data',
  };
  return new OpError({ op, code, message });
}
