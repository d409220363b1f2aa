import type { StackCounters } from '../../../src/data/sample/failures.ts';
import type { NetworkSample, Tier } from '../../../src/data/sample/network-sample.ts';
import type { ListingCollector, NetworkOptions } from '../../../src/data/sample/platform.ts';
import { ExitedTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { SectionError } from '../../../src/data/schema/section-facts.ts';
import { closedOnError, toOpError } from '../../../src/kit/errors/op-error.ts';
import { attempt } from '../../attempt.ts';
import { monotonicMicros } from '../clock.ts';
import type { HandedPrograms } from '../handed-programs.ts';
import { InterfaceCollector, openLinkSource } from '../machine/interface-collector.ts';
import { NameSniffer } from '../names/name-sniffer.ts';
import { kernelNames, NameRing, type NameSource } from '../names/name-sources.ts';
import { OwnedSockets } from '../owners/owned-sockets.ts';
import { KeptText } from '../proc/kept-file.ts';
import { networkNamespaceInode } from '../proc/namespace-links.ts';
import { StackCounter } from '../proc/net-snmp.ts';
import type { ContainerNames } from '../processes/container-names.ts';
import { openProcesses, type ProcessParts } from '../processes/network-processes.ts';
import {
  closeListing,
  openListing,
  openNextSource,
  openSource,
  type SourceContext,
} from './network-source.ts';

// Loaded where programs count.
const firstPackets = () => require('../bpf/first-packets.ts') as typeof import('../bpf/first-packets.ts');

interface LinuxNetworkOptions {
  /** `auto` takes the best tier that works; a named one that cannot run throws. */
  readonly tier: Tier | 'auto';
  /** Names of containers; undefined: they have none. */
  readonly containers?: ContainerNames;
  /** Whether sockets are only listed, until `beginCounting`. Default false. */
  readonly isListing?: boolean;
  /** Whether names are learned from packets. Default false. */
  readonly sniff?: boolean;
  /** Programs that are counting already. */
  readonly handed?: HandedPrograms | undefined;
  /** As NetworkOptions has it. */
  readonly onQueued?: (() => void) | undefined;
  /** Default: CLOCK_MONOTONIC. */
  readonly monotonicMicros?: () => number;
  /** Default `/proc`. */
  readonly procRoot?: string;
}

/** A namespace that the sockets are in, of which no more can be read. */
const UNNAMED_NAMESPACE = 'netns';
/** Younger processes than those of a list are found with their sockets by the next collection. */
const FRESH_MICROS = 250e3;
/** So often in a row a tier may fail before the next one takes over. */
const FAILURES_BEFORE_FALLBACK = 2;

/** Opens the tier asked for, part by part. Throws OpError or SyscallError where a named one cannot run. */
export function openLinuxNetwork(options: LinuxNetworkOptions): ListingCollector {
  const errors: SectionError[] = [];
  const { tier, procRoot, handed, onQueued, isListing = false } = options;
  const processes = openProcesses(tier, procRoot, { handed, recordsExits: !isListing });
  const exited = new ExitedTable();
  const clock = options.monotonicMicros ?? monotonicMicros;
  const context: SourceContext = {
    ...{ clock, procRoot, processes, exited, handed, onQueued, errors },
    listing: undefined,
  };
  return closedOnError(processes, () => new LinuxNetwork(options, context));
}

/** Sockets with their owners, over whichever tier. */
class LinuxNetwork implements ListingCollector {
  #sockets: OwnedSockets;
  readonly #context: SourceContext;
  readonly #processes: ProcessParts;
  readonly #interfaces: InterfaceCollector;
  readonly #stack: StackCounterReader;
  readonly #isFallingBack: boolean;
  readonly #containers: ContainerNames | undefined;
  readonly #procRoot: string;
  /** Inode of this program's network namespace. */
  #ownNamespace: number | undefined;
  readonly #clock: () => number;
  readonly #sniffer: NameSniffer;
  /** Undefined where names are not wanted, or cannot be had. */
  #names: NameSource | undefined;
  #sequence = 0;
  #failures = 0;
  /** The next collection is the first that counts after a list. */
  #isBeginning = false;
  #processesMicros = Number.NEGATIVE_INFINITY;

  constructor(options: LinuxNetworkOptions, context: SourceContext) {
    this.#context = context;
    this.#clock = context.clock;
    this.#processes = context.processes;
    this.#containers = options.containers;
    this.#procRoot = options.procRoot ?? '/proc';
    this.#isFallingBack = options.tier === 'auto';
    this.#stack = new StackCounterReader(options.procRoot);
    const source =
      options.isListing === true ? openListing(options.tier, context) : openSource(options.tier, context);
    this.#sniffer = new NameSniffer(context.clock);
    if (options.sniff === true) {
      this.#names = openNameSource(source.tier, source.ownersMap, this.#sniffer, context);
    } else context.handed?.firstPackets?.close();
    try {
      this.#interfaces = new InterfaceCollector({ procRoot: options.procRoot });
      this.#sockets = this.#own(source);
    } catch (thrown) {
      this.#names?.close();
      source.close();
      throw thrown;
    }
  }

  get tier(): Tier {
    return this.#sockets.source.tier;
  }

  /** See ListingCollector. */
  beginCounting({ tier, sniff = false, onQueued }: NetworkOptions): void {
    this.#context.onQueued = onQueued;
    // Without privileges, or where the user wants none, no program is loaded.
    if (tier !== 'netlink') this.#processes.recordExits();
    const source = openSource(tier, this.#context);
    closeListing(this.#context);
    const listed = this.#sockets;
    if (source.rows === listed.source.rows) listed.goOnWith(source);
    else {
      this.#sockets = this.#own(source);
      listed.close();
    }
    this.#isBeginning = true;
    if (sniff) this.#names = openNameSource(source.tier, source.ownersMap, this.#sniffer, this.#context);
  }

  /** See NetworkCollector. Rejects with OpError where neither sockets nor processes could be read. */
  async collect(slice: Slice): Promise<NetworkSample> {
    const startMicros = this.#clock();
    this.#sockets.begin(startMicros);
    this.#context.exited.clear();
    const failed: SectionError[] = [];
    const processFailure = await attempt('collect processes', failed, () => this.#collectProcesses(slice));
    await attempt('read exits', failed, () => this.#processes.drainExits(this.#context.exited));
    await attempt('collect interfaces', failed, () => this.#interfaces.collect());
    const sampledMicros = this.#clock();
    const socketFailure = await attempt('collect sockets', failed, () => this.#collectSockets(slice));
    if (processFailure !== undefined && socketFailure !== undefined) throw socketFailure;
    await this.#sockets.findOwners(slice);
    await this.#nameSockets(slice);
    const errors = [...this.#context.errors, ...failed];
    const sample = this.#sample(startMicros, sampledMicros, errors);
    return socketFailure === undefined ? sample : { ...sample, counted: 'none' };
  }

  /**
   * A list without programs needs its owners alone, whom their search admits: all others take most of the time of a list.
   * Counting begins when the list has been drawn: its processes will do, where it has any.
   */
  async #collectProcesses(slice: Slice): Promise<void> {
    const { source } = this.#sockets;
    const isListing = this.#context.listing !== undefined;
    if (isListing && source.areHoldersTold !== true && this.#processes.source.list !== undefined) return;
    const startMicros = this.#clock();
    const isFresh = this.#isBeginning && startMicros - this.#processesMicros < FRESH_MICROS;
    this.#isBeginning = false;
    if (isFresh) return;
    this.#processesMicros = startMicros;
    await this.#processes.collect(slice);
  }

  drainClosings(): void {
    this.#sockets.source.drainClosings();
    this.#names?.drain();
  }

  drainWithinMillis(): number {
    const forSockets = this.#sockets.source.drainWithinMillis();
    return Math.min(forSockets, this.#names?.drainWithinMillis() ?? Number.POSITIVE_INFINITY);
  }

  commandLine(pid: number): string | undefined {
    return this.#processes.source.commandLine(pid);
  }

  cgroup(pid: number): string | undefined {
    return this.#processes.source.cgroup(pid);
  }

  containerName(cgroup: string): string | undefined {
    return this.#containers?.nameOf(cgroup);
  }

  /** Reading the link of another process needs CAP_SYS_PTRACE where that one has more capabilities than this. */
  networkNamespace(pid: number, cgroup: string | undefined, isForeign: boolean): string | undefined {
    const inode = networkNamespaceInode(this.#procRoot, pid);
    this.#ownNamespace ??= networkNamespaceInode(this.#procRoot, 'self');
    const isOther = inode > 0 && this.#ownNamespace > 0 && inode !== this.#ownNamespace;
    if (!isOther && !isForeign) return undefined;
    const container = cgroup === undefined ? undefined : this.#containers?.shownNameOf(cgroup);
    if (container !== undefined) return container;
    return isOther ? (this.#containers?.networkNamespace(inode) ?? `net:[${inode}]`) : UNNAMED_NAMESPACE;
  }

  close(): void {
    this.#names?.close();
    this.#sockets.close();
    closeListing(this.#context);
    this.#stack.close();
    this.#processes.close();
    this.#interfaces.close();
  }

  async #nameSockets(slice: Slice): Promise<void> {
    if (this.#names === undefined) return;
    this.#names.drain();
    await this.#sniffer.apply(this.#sockets.source.rows, slice);
  }

  #own(source: OwnedSockets['source']): OwnedSockets {
    return new OwnedSockets(source, this.#processes.source, this.#clock, this.#context.procRoot);
  }

  /** Replaces a tier that stopped working by the next one, unless the user chose the tier. */
  async #collectSockets(slice: Slice): Promise<void> {
    try {
      await this.#sockets.source.collect(slice);
      this.#failures = 0;
    } catch (thrown) {
      this.#failures++;
      if (!this.#isFallingBack || this.#failures < FAILURES_BEFORE_FALLBACK) throw thrown;
      const next = openNextSource(this.tier, toOpError('collect sockets', thrown), this.#context);
      if (next === undefined) throw thrown;
      this.#sockets.close();
      this.#sockets = this.#own(next);
      this.#failures = 0;
      this.#sockets.begin(this.#clock());
      await next.collect(slice);
    }
  }

  #sample(startMicros: number, sampledMicros: number, errors: readonly SectionError[]): NetworkSample {
    const { source } = this.#sockets;
    const { rows } = source;
    return {
      sequence: ++this.#sequence,
      monotonicMicros: sampledMicros,
      durationMicros: this.#clock() - startMicros,
      tier: source.tier,
      counted: source.counted,
      processes: this.#processes.source.table,
      processCount: this.#processes.source.count,
      sockets: rows.table,
      closed: rows.closed,
      interfaces: this.#interfaces.table,
      lostClosings: source.lostClosings,
      lost: source.lost,
      parts: { ...source.parts, ...this.#processes.parts, names: this.#names?.part ?? 'none' },
      exited: this.#context.exited,
      failures: source.failures,
      stack: this.#stack.read(sampledMicros),
      errors,
    };
  }
}

/**
 * Where names come from beside a tier: programs in the kernel where those count, else a packet socket; undefined: from
 * nowhere, as without privileges.
 *
 * @param owners of the programs that count, as NetworkMaps has it; undefined: no programs count
 */
function openNameSource(
  tier: Tier,
  owners: number | undefined,
  sniffer: NameSniffer,
  { clock, handed, onQueued }: SourceContext,
): NameSource | undefined {
  if (tier === 'proc') return undefined;
  const ways: (() => NameSource)[] = [
    ...(owners === undefined
      ? []
      : [() => kernelNames(sniffer, handed?.firstPackets ?? firstPackets().FirstPackets.open(owners))]),
    () => new NameRing({ sniffer, clock, onQueued, links: openLinkSource('/sys') }),
  ];
  for (const open of ways) {
    try {
      return open();
    } catch (thrown) {
      // That it cannot be had is no error of the tier: the doctor says why.
      toOpError('open names', thrown);
    }
  }
  return undefined;
}

/** The kernel adds them up over all processors: often enough. */
const INTERVAL_MICROS = 1.9e6;

/** Counters of this network namespace's TCP as a whole. */
class StackCounterReader {
  readonly #snmp: KeptText;
  readonly #netstat: KeptText;
  readonly #attemptFails = new StackCounter('Tcp', 'AttemptFails');
  readonly #listenDrops = new StackCounter('TcpExt', 'ListenDrops');
  readonly #listenOverflows = new StackCounter('TcpExt', 'ListenOverflows');
  #last: StackCounters | undefined;
  #readMicros = Number.NEGATIVE_INFINITY;

  constructor(procRoot = '/proc') {
    this.#snmp = new KeptText(`${procRoot}/net/snmp`);
    this.#netstat = new KeptText(`${procRoot}/net/netstat`, 16_384);
  }

  /** As they were two seconds ago at most. */
  read(nowMicros: number): StackCounters {
    if (this.#last !== undefined && nowMicros - this.#readMicros < INTERVAL_MICROS) return this.#last;
    this.#readMicros = nowMicros;
    this.#last = {
      attemptFails: valueIn(this.#snmp, this.#attemptFails),
      listenDrops: valueIn(this.#netstat, this.#listenDrops),
      listenOverflows: valueIn(this.#netstat, this.#listenOverflows),
    };
    return this.#last;
  }

  close(): void {
    this.#snmp.close();
    this.#netstat.close();
  }
}

/** NaN where the file cannot be read or has no such counter. */
function valueIn(text: KeptText, counter: StackCounter): number {
  return text.read() === 0 ? counter.read(text.buffer.bytes, text.length) : Number.NaN;
}
