import { isIpv4, isUnspecifiedAddress } from '../sample/address.ts';
import type { NetworkSample } from '../sample/network-sample.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import {
  FOREIGN_INTERFACE,
  isConnection,
  isListener,
  OwnerBasis,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type SocketTable,
} from '../sample/socket-table.ts';
import { ADDRESS_WORDS, NameBasis, TcpState } from '../schema/network-columns.ts';
import { type FailureSubjects, HealthLedger } from './health-ledger.ts';
import { HostLedger } from './host-ledger.ts';
import { type OwnerFacts, OwnerLedger } from './owner-ledger.ts';
import { isConnected, SocketInterfaces, SocketLedger } from './socket-ledger.ts';
import { FormerLedger, Growth, TrafficLedger } from './traffic-ledger.ts';

/** RFC 791, RFC 8200: without options and extensions. */
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
/** RFC 9293 with the timestamps option (RFC 7323), which Linux sends by default. */
const TCP_HEADER_BYTES = 32;
const UDP_HEADER_BYTES = 8;
/** Of other protocols all that follows the IP header is payload. */
const TRANSPORT_HEADER_BYTES: ReadonlyMap<number, number> = new Map([
  [PROTOCOL_TCP, TCP_HEADER_BYTES],
  [PROTOCOL_UDP, UDP_HEADER_BYTES],
]);
/** Of a connection whose process has closed it. */
const LEFT_STATES: ReadonlySet<number> = new Set([
  ...[TcpState.FIN_WAIT1, TcpState.FIN_WAIT2, TcpState.CLOSING, TcpState.LAST_ACK, TcpState.TIME_WAIT],
]);
/** New sockets that are accounted for in a millisecond while the code is cold. */
const SOCKETS_BETWEEN_RESTS = 512;

/** How large the tables may be before old rows are merged; for tests. */
interface AttributionLimits {
  readonly crowdedOwners?: number;
  readonly crowdedHosts?: number;
}

/**
 * Adds up how sockets' counters grow into cumulative counters per owner and per remote host, each per interface.
 *
 * A socket that was there before the first sample counts from there, a later one from 0. What a socket without any
 * known owner has sent is held back for one sample; then, or when it has closed, it goes to an unattributed row and
 * stays there. Who once was known to own a socket keeps it until another process does: bytes that an orphan still
 * sends are those of the process that wrote them.
 */
export class NetworkAttribution {
  readonly #owners: OwnerLedger;
  readonly #hosts: HostLedger;
  readonly #traffic: TrafficLedger;
  readonly #hostTraffic: TrafficLedger;
  readonly #former = new FormerLedger();
  readonly #ledger = new SocketLedger();
  readonly #interfaces = new SocketInterfaces();
  readonly #growth = new Growth();
  readonly #health: HealthLedger;
  #hasBegun = false;

  constructor(facts: OwnerFacts, limits: AttributionLimits = {}) {
    const hasLeft = (owner: number, cgroup: string): void =>
      this.#former.note(this.#traffic.table, owner, cgroup);
    this.#owners = new OwnerLedger(facts, hasLeft, limits.crowdedOwners);
    this.#hosts = new HostLedger(limits.crowdedHosts);
    this.#health = new HealthLedger(this.#owners.table, this.#hosts.table);
    this.#traffic = new TrafficLedger(this.#owners.unknown);
    this.#hostTraffic = new TrafficLedger(this.#hosts.others);
  }

  /** Takes the next sample. The section borrows the sample's tables and this object's own. */
  absorb(sample: NetworkSample): NetworkSection {
    const haveAddressesMoved = this.#prepare(sample);
    this.#absorbSockets(sample, haveAddressesMoved, 0, sample.sockets.slots.count);
    return this.#conclude(sample);
  }

  /**
   * Like `absorb`, in slices, for the first sample, when every socket is new and all code is cold (20 ms for 20,000
   * sockets). Later samples cost 1 ms and run in one piece, because the tables are in use and must stay consistent.
   */
  async absorbFirst(sample: NetworkSample, slice: Slice): Promise<NetworkSection> {
    const haveAddressesMoved = this.#prepare(sample);
    const { slots } = sample.sockets;
    for (let from = 0; from < slots.count; from += SOCKETS_BETWEEN_RESTS) {
      const end = Math.min(from + SOCKETS_BETWEEN_RESTS, slots.count);
      this.#absorbSockets(sample, haveAddressesMoved, from, end);
      if (slice.due()) await slice.rest();
    }
    return this.#conclude(sample);
  }

  /** True where addresses have moved from one interface to another. */
  #prepare(sample: NetworkSample): boolean {
    const haveAddressesMoved = this.#interfaces.refresh(sample.interfaces);
    this.#ledger.reserve(sample.sockets.slots.capacity);
    this.#health.beginSample(sample.sockets, sample.monotonicMicros);
    this.#owners.refresh(sample.processes, sample.monotonicMicros);
    this.#hosts.refresh();
    this.#markClosed(sample);
    return haveAddressesMoved;
  }

  #conclude(sample: NetworkSample): NetworkSection {
    this.#hasBegun = true;
    this.#health.conclude(sample.failures, sample.stack, this.#subjectsOf(sample));
    this.#owners.dropExited(sample.monotonicMicros, (isMarked) => {
      this.#traffic.mergeMarked(isMarked, this.#owners.exited);
      this.#former.dropMarked(isMarked);
      this.#health.mergeMarked('owner', isMarked, this.#owners.exited);
    });
    this.#hosts.dropIdle(sample.monotonicMicros, (isMarked) => {
      this.#hostTraffic.mergeMarked(isMarked, this.#hosts.others);
      this.#health.mergeMarked('host', isMarked, this.#hosts.others);
    });
    return this.#section(sample);
  }

  #subjectsOf(sample: NetworkSample): FailureSubjects {
    const { monotonicMicros } = sample;
    return {
      ownerOf: (pid, startTicks) => {
        if (pid <= 0) return -1;
        const owner = this.#owners.ofProcess(pid, startTicks, sample, monotonicMicros);
        this.#owners.idle.lastGrowthMicros[owner] = monotonicMicros;
        return owner;
      },
      hostOf: (words, at) => {
        if (isUnspecifiedAddress(words, at)) return -1;
        const host = this.#hosts.of(words, at, monotonicMicros);
        this.#hosts.idle.lastGrowthMicros[host] = monotonicMicros;
        return host;
      },
    };
  }

  #section(sample: NetworkSample): NetworkSection {
    return {
      sequence: sample.sequence,
      monotonicMicros: sample.monotonicMicros,
      durationMicros: sample.durationMicros,
      errors: sample.errors,
      tier: sample.tier,
      counted: sample.counted,
      owners: this.#owners.table,
      traffic: this.#traffic.table,
      former: this.#former.entries,
      hosts: this.#hosts.table,
      hostTraffic: this.#hostTraffic.table,
      sockets: sample.sockets,
      accounts: this.#ledger,
      problems: this.#health.problems.table,
      interfaces: sample.interfaces,
      processCount: sample.processCount ?? sample.processes.slots.count,
      lostClosings: sample.lostClosings,
      lost: sample.lost,
      parts: sample.parts,
    };
  }

  #markClosed(sample: NetworkSample): void {
    const { isClosed } = this.#ledger;
    isClosed.fill(0);
    for (let i = 0; i < sample.closed.count; i++) isClosed[sample.closed.slots[i]!] = 1;
  }

  /** One pass over rows `from` to `end`. Four comparisons detect the unchanged rows, which are nearly all. */
  #absorbSockets(sample: NetworkSample, haveAddressesMoved: boolean, from: number, end: number): void {
    const { sockets } = sample;
    const { rows, serial } = sockets.slots;
    const { txBytes, rxBytes, nameBasis } = sockets;
    const ledger = this.#ledger;
    const { lastTx, lastRx, isClosed, owner } = ledger;
    // A collector that ran before this accounting did has sockets whose bytes are none of its business.
    const isBaseline = !this.#hasBegun && sample.sequence > 1;
    for (let i = from; i < end; i++) {
      const slot = rows[i]!;
      if (ledger.serial[slot] !== serial[slot]) {
        const hadCounted = isBaseline || sockets.bornBeforeStart[slot] === 1;
        ledger.begin(sockets, slot, hadCounted);
        this.#health.beginSocket(sockets, slot, hadCounted);
        this.#locate(sample, slot);
        this.#assign(sample, slot);
      } else {
        if (haveAddressesMoved || ledger.hasOtherEndpoints(sockets, slot)) this.#locate(sample, slot);
        if (owner[slot]! < 0 || ledger.hasOtherOwner(sockets, slot)) this.#assign(sample, slot);
      }
      if (nameBasis[slot] !== NameBasis.NONE) this.#nameHost(sample, slot);
      if (isClosed[slot] === 0) this.#countSocket(sockets, slot);
      const hasGrown = txBytes[slot] !== lastTx[slot] || rxBytes[slot] !== lastRx[slot];
      if (hasGrown && owner[slot]! >= 0) this.#charge(sample, slot);
      this.#health.absorb(sockets, slot, owner[slot]!, ledger.host[slot]!, isClosed[slot] === 1);
    }
  }

  #nameHost({ sockets, monotonicMicros }: NetworkSample, slot: number): void {
    const host = this.#ledger.host[slot]!;
    const name = sockets.remoteName[slot];
    if (host < 0 || host === this.#hosts.others || name === undefined) return;
    this.#hosts.name(host, name, sockets.nameBasis[slot]!, monotonicMicros);
  }

  /** Chooses interface and host by the addresses. */
  #locate(sample: NetworkSample, slot: number): void {
    const { sockets } = sample;
    const ledger = this.#ledger;
    ledger.rememberEndpoints(sockets, slot);
    ledger.interfaceIndex[slot] = this.#interfaceOf(sample, slot);
    ledger.host[slot] = isConnected(sockets, slot)
      ? this.#hosts.of(sockets.remoteAddress, slot * ADDRESS_WORDS, sample.monotonicMicros)
      : -1;
    ledger.traffic[slot] = -1;
    ledger.hostTraffic[slot] = -1;
  }

  #interfaceOf({ sockets, interfaces }: NetworkSample, slot: number): number {
    const told = sockets.interfaceIndex[slot]!;
    return told !== 0 ? told : this.#interfaces.of(sockets, slot, interfaces);
  }

  /** Chooses the owner by what the collector says now and what was known before. */
  #assign(sample: NetworkSample, slot: number): void {
    const { sockets } = sample;
    const ledger = this.#ledger;
    const hadProcess = ledger.owner[slot]! >= 0 && namesProcess(ledger.ownerBasis[slot]!);
    const basis = sockets.ownerBasis[slot]!;
    if (hadProcess && !namesProcess(basis)) return;
    if (hadProcess && basis === OwnerBasis.INFERRED && ledger.ownerBasis[slot] === OwnerBasis.DESCRIPTOR)
      return;
    const owner = this.#ownerOf(sample, slot);
    if (owner < 0) return;
    ledger.rememberOwner(sockets, slot);
    ledger.owner[slot] = owner;
    ledger.traffic[slot] = -1;
    if (sockets.interfaceIndex[slot] === FOREIGN_INTERFACE) this.#owners.noteForeign(owner);
  }

  /** -1: not known yet, and worth waiting one more sample. */
  #ownerOf(sample: NetworkSample, slot: number): number {
    const { sockets } = sample;
    const ledger = this.#ledger;
    switch (sockets.ownerBasis[slot]) {
      case OwnerBasis.DESCRIPTOR:
      case OwnerBasis.INFERRED: {
        const startTicks = sockets.ownerStartTicks[slot]!;
        const pid = sockets.ownerPid[slot]!;
        return this.#owners.ofProcess(pid, startTicks, sample, sample.monotonicMicros);
      }
      case OwnerBasis.KERNEL:
        return this.#owners.kernel(sockets.protocol[slot]!);
      case OwnerBasis.NO_SOCKET:
        return this.#owners.withoutSocket();
      case OwnerBasis.OUTSIDE:
        return this.#owners.outside();
      case OwnerBasis.HIDDEN:
        return this.#owners.hidden(sockets.uid[slot]!, sockets.cgroupId[slot]!);
      default:
        if (ledger.isClosed[slot] === 1) return this.#owners.closed();
        if (ledger.wasHeld[slot] === 0) {
          ledger.wasHeld[slot] = 1;
          return -1;
        }
        // A socket with an inode is held by a process, so its uid is valid.
        if (sockets.inode[slot] !== 0)
          return this.#owners.hidden(sockets.uid[slot]!, sockets.cgroupId[slot]!);
        return LEFT_STATES.has(sockets.state[slot]!) ? this.#owners.closed() : this.#owners.unknown;
    }
  }

  #countSocket(sockets: SocketTable, slot: number): void {
    if (sockets.isShare[slot] === 1) return;
    const owner = this.#ledger.owner[slot]!;
    const { connectionCount, listenerCount } = this.#owners.table;
    if (owner >= 0) {
      if (isListener(sockets, slot)) listenerCount[owner]!++;
      else if (isConnection(sockets, slot)) connectionCount[owner]!++;
    }
    const host = this.#ledger.host[slot]!;
    if (host >= 0) this.#hosts.table.connectionCount[host]!++;
  }

  /** Adds what the socket's counters have grown by. NaN adds nothing; what went backwards is a new baseline. */
  #charge(sample: NetworkSample, slot: number): void {
    const { sockets } = sample;
    const ledger = this.#ledger;
    const tx = sockets.txBytes[slot]!;
    const rx = sockets.rxBytes[slot]!;
    const txGrown = growthSince(ledger.lastTx[slot]!, tx);
    const rxGrown = growthSince(ledger.lastRx[slot]!, rx);
    this.#rebase(slot, tx, rx);
    if (txGrown === 0 && rxGrown === 0) return;
    const growth = this.#growth;
    growth.txBytes = txGrown;
    growth.rxBytes = rxGrown;
    ledger.txBytes[slot]! += growth.txBytes;
    ledger.rxBytes[slot]! += growth.rxBytes;
    this.#growSegments(sockets, slot);
    growth.headerBytes = sample.counted === 'payload' ? headerBytesOf(sockets, slot) : 0;
    growth.isInferred = ledger.ownerBasis[slot] === OwnerBasis.INFERRED;
    this.#chargeRows(slot, sample.monotonicMicros);
  }

  #rebase(slot: number, tx: number, rx: number): void {
    const ledger = this.#ledger;
    if (!Number.isNaN(tx)) {
      ledger.lastTx[slot] = tx;
      if (Number.isNaN(ledger.txBytes[slot]!)) ledger.txBytes[slot] = 0;
    }
    if (!Number.isNaN(rx)) {
      ledger.lastRx[slot] = rx;
      if (Number.isNaN(ledger.rxBytes[slot]!)) ledger.rxBytes[slot] = 0;
    }
  }

  #growSegments(sockets: SocketTable, slot: number): void {
    const ledger = this.#ledger;
    const tx = sockets.txSegments[slot]!;
    const rx = sockets.rxSegments[slot]!;
    this.#growth.txSegments = growthSince(ledger.lastTxSegments[slot]!, tx);
    this.#growth.rxSegments = growthSince(ledger.lastRxSegments[slot]!, rx);
    if (!Number.isNaN(tx)) ledger.lastTxSegments[slot] = tx;
    if (!Number.isNaN(rx)) ledger.lastRxSegments[slot] = rx;
  }

  #chargeRows(slot: number, monotonicMicros: number): void {
    const ledger = this.#ledger;
    const owner = ledger.owner[slot]!;
    const interfaceIndex = ledger.interfaceIndex[slot]!;
    if (ledger.traffic[slot]! < 0) ledger.traffic[slot] = this.#traffic.slotFor(owner, interfaceIndex);
    this.#traffic.charge(ledger.traffic[slot]!, this.#growth);
    this.#owners.idle.lastGrowthMicros[owner] = monotonicMicros;
    const host = ledger.host[slot]!;
    if (host < 0) return;
    if (ledger.hostTraffic[slot]! < 0) {
      ledger.hostTraffic[slot] = this.#hostTraffic.slotFor(host, interfaceIndex);
    }
    this.#hostTraffic.charge(ledger.hostTraffic[slot]!, this.#growth);
    this.#hosts.idle.lastGrowthMicros[host] = monotonicMicros;
  }
}

function namesProcess(basis: number): boolean {
  return basis === OwnerBasis.DESCRIPTOR || basis === OwnerBasis.INFERRED;
}

function headerBytesOf(sockets: SocketTable, slot: number): number {
  const transport = TRANSPORT_HEADER_BYTES.get(sockets.protocol[slot]!) ?? 0;
  const isV4 = isIpv4(sockets.remoteAddress, slot * ADDRESS_WORDS);
  return transport + (isV4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
}

/**
 * 0 where either is unknown (NaN) or the counter went backwards. As in health-ledger.ts, but of this module: every socket
 * passes here in each sample, and imported it cost 2 % of the attribution.
 */
function growthSince(last: number, now: number): number {
  return now > last ? now - last : 0;
}
