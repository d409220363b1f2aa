import {
  type ClosedSockets,
  COUNTED_BY,
  type MacosTier,
  type NetworkSample,
  TIERS_OF,
  type Tier,
} from '../../src/data/sample/network-sample.ts';
import type { NetworkCollector } from '../../src/data/sample/platform.ts';
import { ExitedTable, type ProcessTable } from '../../src/data/sample/process-table.ts';
import type { Slice } from '../../src/data/sample/slice.ts';
import { OwnerBasis, SocketTable } from '../../src/data/sample/socket-table.ts';
import { TcpState } from '../../src/data/schema/network-columns.ts';
import type { SectionError } from '../../src/data/schema/section-facts.ts';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { columnsClass, numbers } from '../../src/kit/table/columns.ts';
import { lengthened } from '../../src/kit/table/slot-table.ts';
import { attempt } from '../attempt.ts';
import type { Host } from './darwin-host.ts';
import { InterfaceCollector } from './darwin-interfaces.ts';
import { ProcessRows } from './darwin-processes.ts';
import type { ProcessList } from './process-list.ts';
import type { SocketFact } from './socket-fact.ts';
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
    const sample = this.#sample(started, sampledMicros, [...this.#lasting, ...failed]);
    return socketFailure === undefined ? sample : { ...sample, counted: 'none' };
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
      const message = 'neither nettop nor netstat was found';
      throw new OpError({ op: 'open tier', code: 'UNSUPPORTED', message });
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
        ...{ tcp: tier, udp: tier, owners, processes: 'ps' },
        ...{ names: 'none', exited: false, scope: 'machine' },
      },
      exited: this.#exited,
      errors,
    };
  }
}

/** AF_INET6 as the table has it, which is Linux's. */
const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;
/** High word of the keys of sockets that are told apart by a text; their number is the low word. */
const TEXT_KEY_HIGH = 0x7465_7874;

/** By the slots of the table. */
class Listed extends columnsClass({
  /** The collection in which the socket was listed last. */
  sequence: numbers('u32'),
  /** 1: its final counters stand in the table until the next collection. */
  isClosed: numbers('u8'),
}) {}

/** The sockets of a source, kept from one list to the next. What a list lacks has been closed. */
class SocketRows {
  readonly table = new SocketTable();
  readonly #listed = new Listed();
  /** Numbers of those that are told apart by a text. */
  readonly #numbers = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  #lastNumber = 0;
  #sequence = 0;
  #nowMicros = 0;
  #closedSlots = new Int32Array(64);
  #closedCount = 0;

  /** Rows whose final counters stand in the table. */
  get closed(): ClosedSockets {
    return { slots: this.#closedSlots, count: this.#closedCount };
  }

  get refusedCount(): number {
    return this.table.slots.overflowCount;
  }

  /** A list is about to be shown. Rows closed before are given back. */
  begin(nowMicros: number): void {
    for (let i = 0; i < this.#closedCount; i++) this.#remove(this.#closedSlots[i]!);
    this.#closedCount = 0;
    this.#sequence++;
    this.#nowMicros = nowMicros;
  }

  /** The list has the socket. */
  see(fact: SocketFact, interfaceIndex: number): void {
    const slot = this.#slotOf(fact);
    if (slot < 0) return;
    this.#listed.sequence[slot] = this.#sequence;
    const { table } = this;
    table.state[slot] = fact.state;
    table.localPort[slot] = fact.localPort;
    table.remotePort[slot] = fact.remotePort;
    for (let i = 0; i < 4; i++) {
      table.localAddress[slot * 4 + i] = fact.local[i]!;
      table.remoteAddress[slot * 4 + i] = fact.remote[i]!;
    }
    table.rxBytes[slot] = fact.rxBytes;
    table.txBytes[slot] = fact.txBytes;
    table.rttMicros[slot] = fact.rttMicros;
    table.interfaceIndex[slot] = interfaceIndex;
    if (fact.uid !== -1) table.uid[slot] = fact.uid;
    // The owner stays after the process has closed it.
    if (fact.pid > 0) table.ownerPid[slot] = fact.pid;
  }

  /** The list was complete: what it did not have is closed. */
  end(): void {
    const { slots } = this.table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      if (this.#listed.sequence[slot] !== this.#sequence) this.#close(slot);
    }
  }

  /** Pids that the source has told. */
  ownerPids(): Set<number> {
    const { slots, ownerPid } = this.table;
    return new Set(Array.from(slots.rows.subarray(0, slots.count), (slot) => ownerPid[slot]!));
  }

  /** Puts the processes beside the pids that the source has told. */
  nameOwners(processes: ProcessTable): void {
    const { table } = this;
    const { slots } = table;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const pid = table.ownerPid[slot]!;
      const process = pid > 0 ? processes.find(pid) : -1;
      if (process < 0) {
        if (table.ownerBasis[slot] === OwnerBasis.NONE) table.ownerStartTicks[slot] = 0;
        continue;
      }
      // One that was started after the socket was seen has the pid of the socket's own, which is gone.
      const startTicks = processes.startTicks[process]!;
      const hasOwner = table.ownerBasis[slot] === OwnerBasis.DESCRIPTOR;
      if (hasOwner && table.ownerStartTicks[slot] !== startTicks) continue;
      table.ownerBasis[slot] = OwnerBasis.DESCRIPTOR;
      table.ownerStartTicks[slot] = startTicks;
      table.uid[slot] = processes.uid[process]!;
    }
  }

  #slotOf(fact: SocketFact): number {
    const isText = fact.keyText !== '';
    const low = isText ? this.#numberOf(fact.keyText) : fact.keyLow;
    const high = isText ? TEXT_KEY_HIGH : fact.keyHigh;
    const known = this.table.slots.find(low, high, 0, 0);
    const slot = known >= 0 ? known : this.#add(low, high, fact);
    if (isText && slot < 0) this.#numbers.delete(fact.keyText);
    return slot;
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    this.#numbers.set(text, this.#lastNumber);
    return this.#lastNumber;
  }

  #add(low: number, high: number, fact: SocketFact): number {
    const { table } = this;
    const slot = table.slots.add(low, high, 0, 0);
    if (slot < 0) return slot;
    this.#listed.reserve(table.slots.capacity);
    table.clearRow(slot);
    this.#listed.clearRow(slot);
    this.#keys[slot] = fact.keyText === '' ? undefined : fact.keyText;
    table.protocol[slot] = fact.protocol;
    table.family[slot] = fact.isIpv6 ? FAMILY_IPV6 : FAMILY_IPV4;
    table.txSegments[slot] = Number.NaN;
    table.rxSegments[slot] = Number.NaN;
    table.firstSeenMicros[slot] = this.#nowMicros;
    table.bornBeforeStart[slot] = this.#sequence === 1 ? 1 : 0;
    return slot;
  }

  #close(slot: number): void {
    if (this.#listed.isClosed[slot] === 1) return;
    this.#listed.isClosed[slot] = 1;
    this.table.state[slot] = TcpState.CLOSE;
    if (this.#closedCount === this.#closedSlots.length) {
      this.#closedSlots = lengthened(this.#closedSlots, new Int32Array(this.#closedCount * 2));
    }
    this.#closedSlots[this.#closedCount++] = slot;
  }

  #remove(slot: number): void {
    const key = this.#keys[slot];
    if (key !== undefined) this.#numbers.delete(key);
    this.#keys[slot] = undefined;
    this.table.slots.remove(slot);
  }
}
