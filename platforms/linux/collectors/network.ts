import type { NetworkSample, Tier } from '../../../src/data/sample/network-sample.ts';
import type { NetworkCollector } from '../../../src/data/sample/platform.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { SectionError } from '../../../src/data/sample/snapshot.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { OpError, toOpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import type { DiagVisitor } from '../netlink/sock-diag.ts';
import { EndpointOwners } from './endpoint-owners.ts';
import { OwnerHunt } from './endpoint-owners-hunt.ts';
import { ListenerOwners } from './endpoint-owners-listeners.ts';
import { InterfaceCollector } from './interfaces.ts';
import { ProcessCollector } from './processes.ts';
import { type OwnerWatcher, SocketOwners } from './socket-owners.ts';
import { DescriptorScanner } from './socket-owners-scan.ts';
import type { SocketSource } from './socket-source.ts';
import { NetlinkSockets } from './sockets-netlink.ts';
import { Opener } from './sockets-payload.ts';
import { ProcNetSockets } from './sockets-proc.ts';

export interface LinuxNetworkOptions {
  /** `auto` takes the best tier that works; a named one that cannot run throws. */
  readonly tier: Tier | 'auto';
  /** Default: collectors of its own. */
  readonly processes?: ProcessCollector;
  readonly interfaces?: InterfaceCollector;
  /** Default: CLOCK_MONOTONIC. */
  readonly monotonicMicros?: () => number;
  /** Default `/proc`. */
  readonly procRoot?: string;
}

/** Opens the tier asked for. Throws OpError `UNSUPPORTED` for a tier not built yet, SyscallError where one cannot run. */
export function openLinuxNetwork(options: LinuxNetworkOptions): NetworkCollector {
  const errors: SectionError[] = [];
  const clock = options.monotonicMicros ?? monotonicMicros;
  const source = openSource(options, clock, errors);
  try {
    return new LinuxNetwork(options, clock, source, errors);
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

function openSource(options: LinuxNetworkOptions, clock: () => number, errors: SectionError[]): SocketSource {
  const { tier, procRoot } = options;
  if (tier === 'ebpf' || tier === 'packet') {
    throw new OpError({
      op: `open tier ${tier}`,
      code: 'UNSUPPORTED',
      message: `the tier ${tier} is not available in this version: use netlink, proc or auto`,
    });
  }
  if (tier === 'proc') return new ProcNetSockets(clock, procRoot);
  try {
    return new NetlinkSockets(clock);
  } catch (thrown) {
    if (tier === 'netlink') throw thrown;
    const { op, code, message } = toOpError('open tier netlink', thrown);
    errors.push({ op, code, message: `netlink is not available (${message}); nothing is counted` });
    return new ProcNetSockets(clock, procRoot);
  }
}

/** Sockets with their owners, over whichever tier. */
class LinuxNetwork implements NetworkCollector, OwnerWatcher {
  readonly tier: Tier;
  readonly #source: SocketSource;
  readonly #processes: ProcessCollector;
  readonly #interfaces: InterfaceCollector;
  readonly #ownsProcesses: boolean;
  readonly #ownsInterfaces: boolean;
  readonly #clock: () => number;
  readonly #scanner: DescriptorScanner;
  readonly #owners: SocketOwners;
  readonly #endpoints: EndpointOwners;
  readonly #listeners: ListenerOwners;
  /** What held from the start on, such as a tier that could not be opened. */
  readonly #standingErrors: readonly SectionError[];
  readonly #isOutgoing = (row: number): boolean => this.#source.rows.opener[row] !== Opener.PEER;
  readonly #hunt: OwnerHunt;
  readonly #look = (visitor: DiagVisitor): void => this.#source.look(visitor);
  readonly #rememberHunted = (row: number, process: number): void => {
    const { pid, startTicks } = this.#processes.table;
    this.#endpoints.rememberAs(row, pid[process]!, startTicks[process]!, this.#nowMicros);
  };
  #sequence = 0;
  #nowMicros = 0;
  #lastAssignedPid = 0;

  constructor(
    options: LinuxNetworkOptions,
    clock: () => number,
    source: SocketSource,
    standingErrors: readonly SectionError[],
  ) {
    const roots = options.procRoot === undefined ? {} : { procRoot: options.procRoot };
    this.tier = source.tier;
    this.#source = source;
    this.#processes = options.processes ?? new ProcessCollector(roots);
    this.#interfaces = options.interfaces ?? new InterfaceCollector(roots);
    this.#ownsProcesses = options.processes === undefined;
    this.#ownsInterfaces = options.interfaces === undefined;
    this.#clock = clock;
    this.#standingErrors = standingErrors;
    this.#scanner = new DescriptorScanner(options.procRoot);
    const { rows } = source;
    this.#owners = new SocketOwners(rows, this.#processes, this.#scanner, this.#clock, this);
    this.#endpoints = new EndpointOwners(rows.table, this.#processes.table);
    this.#listeners = new ListenerOwners(rows, this.#processes, this.#scanner);
    this.#hunt = new OwnerHunt(rows, this.#processes, this.#scanner, this.#clock);
  }

  /** See NetworkCollector. Rejects with OpError where neither sockets nor processes could be read. */
  async collect(slice: Slice): Promise<NetworkSample> {
    const startMicros = this.#clock();
    this.#nowMicros = startMicros;
    this.#endpoints.beginCollection(startMicros);
    const errors = [...this.#standingErrors];
    const processFailure = await attempt('collect processes', errors, () => this.#processes.collect(slice));
    await attempt('collect interfaces', errors, () => this.#interfaces.collect());
    const sampledMicros = this.#clock();
    const socketFailure = await attempt('collect sockets', errors, () => this.#source.collect(slice));
    if (processFailure !== undefined && socketFailure !== undefined) throw socketFailure;
    await this.#findOwners(slice);
    this.#sequence++;
    const { rows, counted, lostClosings } = this.#source;
    return {
      sequence: this.#sequence,
      monotonicMicros: sampledMicros,
      durationMicros: this.#clock() - startMicros,
      tier: this.tier,
      counted,
      processes: this.#processes.table,
      sockets: rows.table,
      closed: rows.closed,
      interfaces: this.#interfaces.table,
      lostClosings,
      errors,
    };
  }

  drainClosings(): void {
    this.#source.drainClosings();
  }

  drainWithinMillis(): number {
    return this.#source.drainWithinMillis();
  }

  commandLine(pid: number): string | undefined {
    return this.#processes.commandLine(pid);
  }

  cgroup(pid: number): string | undefined {
    return this.#processes.cgroup(pid);
  }

  close(): void {
    this.#scanner.close();
    this.#source.close();
    if (this.#ownsProcesses) this.#processes.close();
    if (this.#ownsInterfaces) this.#interfaces.close();
  }

  /** OwnerWatcher. */
  assigned(row: number): void {
    this.#readTexts(this.#source.rows.table.ownerPid[row]!);
    if (this.#isOutgoing(row)) this.#endpoints.remember(row, this.#nowMicros);
  }

  /** OwnerWatcher. */
  orphaned(row: number): boolean {
    return this.#infer(row);
  }

  /**
   * Who has a socket will be asked for its texts as soon as the collection is over, by everybody's owner in one go:
   * 3,000 new ones are 140 ms of opening files. Here they are read between two chances to rest, and kept.
   */
  #readTexts(pid: number): void {
    if (pid === this.#lastAssignedPid) return;
    this.#lastAssignedPid = pid;
    this.#processes.commandLine(pid);
    this.#processes.cgroup(pid);
  }

  async #findOwners(slice: Slice): Promise<void> {
    this.#listeners.invalidate();
    await this.#owners.resolve(slice);
    this.#endpoints.renew(this.#isOutgoing, this.#nowMicros);
    await this.#inferClosed(slice, (row) => this.#hunt.want(row));
    const foundBefore = this.#hunt.found;
    await this.#hunt.run(slice, this.#look, this.#rememberHunted);
    if (this.#hunt.found > foundBefore) await this.#inferClosed(slice, () => undefined);
  }

  /** Infers who had the connections that came and went unseen; `unknown` gets those opened here by nobody known. */
  async #inferClosed(slice: Slice, unknown: (row: number) => void): Promise<void> {
    const { table, closed, opener } = this.#source.rows;
    for (let i = 0; i < closed.count; i++) {
      const row = closed.slots[i]!;
      const isUnknown = table.ownerBasis[row] === OwnerBasis.NONE && !this.#infer(row);
      if (isUnknown && opener[row] === Opener.LOCAL) unknown(row);
      if (slice.due()) await slice.rest();
    }
  }

  /** By the listener of its local port where the peer opened it, else by who else talks to its remote endpoint. */
  #infer(row: number): boolean {
    const { opener } = this.#source.rows;
    if (opener[row] !== Opener.LOCAL && this.#listeners.infer(row, this.#nowMicros)) return true;
    return opener[row] !== Opener.PEER && this.#endpoints.infer(row, this.#nowMicros);
  }
}

/** Does its part of a collection; what goes wrong joins `errors` and is returned. */
async function attempt(
  op: string,
  errors: SectionError[],
  part: () => Promise<void> | void,
): Promise<OpError | undefined> {
  try {
    await part();
    return undefined;
  } catch (thrown) {
    const error = toOpError(op, thrown);
    errors.push({ op, code: error.code, message: error.message });
    return error;
  }
}
