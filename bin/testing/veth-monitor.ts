import { OpError } from '../../src/kit/errors/op-error.ts';
import { SSTOP } from './executables.ts';
import { linesOf } from './traffic.ts';
import type { VethNetwork } from './veth-network.ts';

export type TierName = 'ebpf' | 'netlink' | 'packet' | 'proc';

/** What the figures of a program count: IP bytes, payload, whole frames (nethogs), or nothing. */
export type Basis = 'l3' | 'payload' | 'none' | 'frames';

/** A row as a program shows it; bytes since it was started, NaN where it counts none. */
export interface ShownRow {
  /** Undefined: it does not say whose bytes they are. */
  readonly pid: number | undefined;
  readonly name: string;
  readonly up: number;
  readonly down: number;
  readonly isInferred: boolean;
  /** Undefined where it does not say, or has none. */
  readonly commandLine?: string | undefined;
  /** When it was started, in ms since 1970; NaN where that is not known. */
  readonly startMillis?: number;
  /** Its control group, where it is a service of systemd. */
  readonly service?: string | undefined;
  /** Ports of its listeners. */
  readonly listenPorts?: readonly number[];
}

/** What a program shows once the traffic has ended. */
export interface Shown {
  readonly basis: Basis;
  /** Bytes by name of control group. */
  readonly groups?: ReadonlyMap<string, { readonly up: number; readonly down: number }>;
  readonly rows: readonly ShownRow[];
  /** Bytes that its header has; undefined where there is none. */
  readonly totals?: { readonly up: number; readonly down: number };
  /** Share of them that it says is explained; NaN: it does not say. */
  readonly attributed?: number;
  /** What it knows to have passed that is on no row. */
  readonly lostBytes: number;
  /** Connections whose end the kernel could not announce in time. */
  readonly lostClosings: number;
  /** What it says of itself: parts that do not work, things that it has missed. */
  readonly remarks: readonly string[];
}

/** A program that counts bytes of processes, watching. */
export interface Monitor {
  readonly name: string;
  /** True: it sees the processes of both sides, false: those of `near` alone. */
  readonly seesBothSides: boolean;
  readonly countsUdp: boolean;
  /** The longest time from one snapshot to the next so far; undefined: it is not known. */
  readonly longestGapMillis?: number;
  /** The next moment at which it has just looked. */
  fresh(): Promise<void>;
  /** After two more looks, so that what passed before this call is in it. */
  shown(): Promise<Shown>;
  close(): Promise<void>;
}

interface SnapshotLine {
  readonly backend: string;
  readonly counted: string;
  readonly processes: readonly {
    readonly pid: number | null;
    readonly name: string;
    readonly cmdline: string | null;
    readonly cum_up: number | null;
    readonly cum_down: number | null;
    readonly inferred: boolean;
    readonly service_name: string | null;
    readonly start_time: string | null;
    readonly listen_ports: readonly { readonly port: number }[];
  }[];
  readonly groups: readonly {
    readonly group: string;
    readonly cum_up: number | null;
    readonly cum_down: number | null;
  }[];
  readonly total_up: number | null;
  readonly total_down: number | null;
  readonly attributed_ratio: number | null;
  /** Absent before there was a tier that can tell. */
  readonly lost?: { readonly closings: number; readonly bytes: number; readonly packets: number };
  readonly errors: readonly { readonly op: string; readonly code: string; readonly message: string }[];
}

export interface SstopMonitorOptions {
  readonly tier: TierName;
  readonly countsUdp: boolean;
  /** Undefined: as this user, on this machine. */
  readonly network: VethNetwork | undefined;
  readonly interval?: string;
  /** On the near side even with eBPF. */
  readonly isInside?: boolean;
  /** In front of the command line: unshare(1) and the like. */
  readonly wrapper?: readonly string[];
  readonly arguments?: readonly string[];
  readonly executable?: string;
}

const INTERVAL = '500ms';
const LONGEST = '10m';

/** `sstop --json` under way: on the near side, with eBPF on the machine itself, where it sees all namespaces. */
export class SstopMonitor implements Monitor {
  readonly name: string;
  readonly seesBothSides: boolean;
  readonly countsUdp: boolean;
  readonly #process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly #isWrapped: boolean;
  readonly #followed: Promise<void>;
  #newest = '';
  #newestMillis = Number.NaN;
  longestGapMillis = 0;
  #count = 0;
  #hasEnded = false;
  #wake: () => void = () => undefined;

  private constructor(options: SstopMonitorOptions) {
    const { tier, network, interval = INTERVAL, executable = SSTOP } = options;
    this.name = tier;
    this.seesBothSides = tier === 'ebpf';
    this.countsUdp = options.countsUdp;
    const argv = [
      ...(options.wrapper ?? []),
      ...[executable, '--json', '--no-dns', '--backend', tier, '--interval', interval],
      ...['--duration', LONGEST, ...(options.arguments ?? [])],
    ];
    const isOutside = network === undefined || (tier === 'ebpf' && options.isInside !== true);
    const command = isOutside ? argv : network.inside('near', argv);
    this.#isWrapped = options.wrapper !== undefined;
    this.#process = Bun.spawn(command, {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...process.env, HOME: '/dev/null' },
    });
    this.#followed = this.#follow();
  }

  /** Resolves when the first snapshot has come: from then on everything is counted. Rejects with `MONITOR`. */
  static async start(options: SstopMonitorOptions): Promise<SstopMonitor> {
    const monitor = new SstopMonitor(options);
    try {
      await monitor.#await(1);
      return monitor;
    } catch (thrown) {
      await monitor.close();
      throw thrown;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  fresh(): Promise<void> {
    return this.#await(this.#count + 1);
  }

  async shown(): Promise<Shown> {
    // The snapshot under way may have begun before the last close.
    await this.#await(this.#count + 2);
    return shownOf(JSON.parse(this.#newest));
  }

  async close(): Promise<void> {
    // unshare(1) waits for its child and takes no other signal; with --kill-child the child goes with it.
    this.#process.kill(this.#isWrapped ? 'SIGKILL' : 'SIGTERM');
    await this.#process.exited;
    await this.#followed;
  }

  async #follow(): Promise<void> {
    for await (const line of linesOf(this.#process.stdout)) {
      const nowMillis = performance.now();
      // NaN before the second line, which is no gap.
      if (nowMillis - this.#newestMillis > this.longestGapMillis) {
        this.longestGapMillis = nowMillis - this.#newestMillis;
      }
      this.#newest = line;
      this.#newestMillis = nowMillis;
      this.#count++;
      this.#wake();
    }
    this.#hasEnded = true;
    this.#wake();
  }

  async #await(count: number): Promise<void> {
    while (this.#count < count && !this.#hasEnded) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#count >= count) return;
    const message = (await new Response(this.#process.stderr).text()).trim() || 'it ended without a word';
    throw new OpError({ op: `sstop --backend ${this.name}`, code: 'MONITOR', message });
  }
}

function shownOf(line: SnapshotLine): Shown {
  return {
    basis: basisOf(line.counted),
    rows: line.processes.map((row) => ({
      pid: row.pid ?? undefined,
      name: row.name,
      up: row.cum_up ?? Number.NaN,
      down: row.cum_down ?? Number.NaN,
      isInferred: row.inferred,
      commandLine: row.cmdline ?? undefined,
      service: row.service_name ?? undefined,
      startMillis: row.start_time === null ? Number.NaN : Date.parse(row.start_time),
      listenPorts: row.listen_ports.map(({ port }) => port),
    })),
    groups: new Map(
      line.groups.map(({ group, cum_up, cum_down }) => [
        group,
        { up: cum_up ?? Number.NaN, down: cum_down ?? Number.NaN },
      ]),
    ),
    totals: { up: line.total_up ?? Number.NaN, down: line.total_down ?? Number.NaN },
    attributed: line.attributed_ratio ?? Number.NaN,
    lostBytes: line.lost?.bytes ?? 0,
    lostClosings: line.lost?.closings ?? 0,
    remarks: [...line.errors.map(({ message }) => message), ...lossOf(line)],
  };
}

/** Of packets that the kernel dropped nobody knows the bytes. */
function lossOf({ lost }: SnapshotLine): string[] {
  if (lost === undefined) return [];
  const what = { packets: lost.packets, closings: lost.closings };
  return Object.entries(what).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name} lost`]));
}

function basisOf(counted: string): Basis {
  if (counted === 'l3' || counted === 'payload') return counted;
  return 'none';
}
