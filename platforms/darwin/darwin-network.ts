import { ExitedTable } from '../../src/data/sample/exited-table.ts';
import {
  COUNTED_BY,
  type MacosTier,
  type NetworkSample,
  TIERS_OF,
  type Tier,
} from '../../src/data/sample/network-sample.ts';
import type { NetworkCollector } from '../../src/data/sample/platform.ts';
import type { Slice } from '../../src/data/sample/slice.ts';
import type { SectionError } from '../../src/data/schema/section-facts.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { attempt } from '../attempt.ts';
import type { Host } from './darwin-host.ts';
import { InterfaceCollector } from './darwin-interfaces.ts';
import { ProcessRows } from './darwin-processes.ts';
import type { ProcessList } from './process-list.ts';
import type { SocketFact } from './socket-fact.ts';
import { SocketRows } from './socket-rows.ts';
import { openTier, type SocketSource, type SourceParts } from './socket-sources.ts';

interface DarwinNetworkOptions extends SourceParts {
  /** `auto` takes the best tier that works; a named one that cannot run throws. */
  readonly tier: Tier | 'auto';
  readonly host: Host;
  readonly list: ProcessList;
}

/** So often in a row a tier may fail before the next one takes over. */
const FAILURES_BEFORE_FALLBACK = 2;
const LADDER: readonly MacosTier[] = TIERS_OF.macos;

/** Sockets with their owners, processes and interfaces, over whichever tier. */
export class DarwinNetwork implements NetworkCollector {
  readonly #options: DarwinNetworkOptions;
  readonly #processes: ProcessRows;
  readonly #interfaces: InterfaceCollector;
  readonly #exited = new ExitedTable();
  readonly #isFallingBack: boolean;
  #rows = new SocketRows();
  #source: SocketSource;
  #commandLines: ReadonlyMap<number, string> = new Map();
  /** What holds from now on, such as a tier that failed. */
  readonly #lasting: SectionError[] = [];
  #sequence = 0;
  #failures = 0;

  /** Throws OpError where a named tier, or every one, cannot run. */
  constructor(options: DarwinNetworkOptions) {
    this.#options = options;
    this.#isFallingBack = options.tier === 'auto';
    this.#source = this.#open(options.tier);
    this.#processes = new ProcessRows(options.list, options.host);
    this.#interfaces = new InterfaceCollector(options.commands, options.library);
  }

  get tier(): Tier {
    return this.#source.tier;
  }

  /** See NetworkCollector. Rejects with OpError where neither sockets nor processes could be read. */
  async collect(slice: Slice): Promise<NetworkSample> {
    const started = this.#options.clock();
    const failed: SectionError[] = [];
    let sampledMicros = started;
    // Sockets name interfaces, and the processes that have opened the newest of them are listed after them.
    await attempt('collect interfaces', failed, () => this.#interfaces.collect());
    const socketFailure = await attempt('collect sockets', failed, async () => {
      sampledMicros = await this.#collectSockets(slice);
    });
    const processFailure = await attempt('collect processes', failed, async () => {
      await this.#processes.collect(slice);
      this.#commandLines = await this.#options.list.commandLines(
        this.#processes.rows,
        this.#rows.ownerPids(),
      );
    });
    if (socketFailure !== undefined && processFailure !== undefined) throw socketFailure;
    this.#rows.nameOwners(this.#processes.table);
    return this.#sample(started, sampledMicros, [...this.#lasting, ...failed]);
  }

  drainClosings(): void {}

  drainWithinMillis(): number {
    return Number.POSITIVE_INFINITY;
  }

  commandLine(pid: number): string | undefined {
    return this.#commandLines.get(pid);
  }

  cgroup(): string | undefined {
    return undefined;
  }

  close(): void {
    this.#source.close();
  }

  /** Replaces a tier that stopped working by the next one, unless the user chose the tier. */
  async #collectSockets(slice: Slice): Promise<number> {
    try {
      const sampledMicros = await this.#list(slice);
      this.#failures = 0;
      return sampledMicros;
    } catch (thrown) {
      this.#failures++;
      if (!this.#isFallingBack || this.#failures < FAILURES_BEFORE_FALLBACK) throw thrown;
      const cause = toOpError('collect sockets', thrown);
      const next = this.#openNext(this.#source.tier);
      if (next === undefined) throw thrown;
      const message = `the tier ${this.#source.tier} failed (${cause.message}); using the next one`;
      this.#lasting.push({ op: `collect by ${this.#source.tier}`, code: cause.code, message });
      this.#source.close();
      this.#source = next;
      this.#rows = new SocketRows();
      this.#failures = 0;
      return this.#list(slice);
    }
  }

  async #list(slice: Slice): Promise<number> {
    const begin = (): void => this.#rows.begin(this.#options.clock());
    const see = (fact: SocketFact): void => {
      this.#rows.see(fact, fact.interfaceIndex || this.#interfaces.indexOf(fact.interfaceName));
    };
    const sampledMicros = await this.#source.list(begin, see, slice);
    this.#rows.end();
    return sampledMicros;
  }

  #open(tier: Tier | 'auto'): SocketSource {
    if (tier === 'auto') {
      const source = this.#openNext(undefined);
      if (source !== undefined) return source;
      throw new OpError({
        op: 'open tier',
        code: 'UNSUPPORTED',
        message: 'neither nettop nor netstat was found',
      });
    }
    const known = LADDER.find((each) => each === tier);
    try {
      if (known !== undefined) return openTier(known, this.#options);
      throw new OpError({ op: 'open tier', code: 'ENOTSUP', message: 'macOS has no such tier' });
    } catch (thrown) {
      const { op, code, message } = toOpError(`open tier ${tier}`, thrown);
      const line = `the tier ${tier} is not available: ${message} (see --doctor)`;
      throw new OpError({ op, code, message: line, cause: thrown });
    }
  }

  /** The best tier below another one that opens. Want of privileges is how most users work, and no error. */
  #openNext(failed: MacosTier | undefined): SocketSource | undefined {
    for (const tier of LADDER.slice(failed === undefined ? 0 : LADDER.indexOf(failed) + 1)) {
      try {
        return openTier(tier, this.#options);
      } catch (thrown) {
        const { op, code, message } = toOpError(`open tier ${tier}`, thrown);
        if (code === 'EPERM' || code === 'ENOENT') continue;
        this.#lasting.push({ op, code, message: `the tier ${tier} is not available (${message})` });
      }
    }
    return undefined;
  }

  #sample(startMicros: number, sampledMicros: number, errors: readonly SectionError[]): NetworkSample {
    const { tier, owners } = this.#source;
    return {
      sequence: ++this.#sequence,
      monotonicMicros: sampledMicros,
      durationMicros: this.#options.clock() - startMicros,
      tier,
      counted: COUNTED_BY[tier],
      processes: this.#processes.table,
      sockets: this.#rows.table,
      closed: this.#rows.closed,
      interfaces: this.#interfaces.table,
      lostClosings: this.#rows.refusedCount,
      lost: { bytes: 0, packets: 0 },
      parts: {
        tcp: tier,
        udp: tier,
        owners,
        processes: 'ps',
        names: 'none',
        exited: false,
        scope: 'machine',
      },
      exited: this.#exited,
      errors,
    };
  }
}
