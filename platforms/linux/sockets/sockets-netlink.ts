import type { CountingBasis, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import type { NativeBuffer } from '../libc.ts';
import { DestroyMulticast, SHARDS } from '../netlink/destroy-multicast.ts';
import { DiagRecord } from '../netlink/diag-record.ts';
import { familyRequest, legacyTcpRequest, MEMINFO_EXTENSION, SockDiag } from '../netlink/sock-diag.ts';
import type { DumpRequest, VisitMessage } from '../netlink/socket.ts';
import { LookTimes } from '../poll-wake.ts';
import { ClosingQueue, ClosingRate } from './closing-queue.ts';
import {
  LISTED_HERE,
  NOTHING_LOST,
  RowLife,
  type SocketParts,
  SocketRows,
  type SocketSource,
} from './sockets.ts';
import {
  PayloadCounters,
  storeDrops,
  storeEndpoints,
  storeQueues,
  storeSegments,
} from './sockets-payload.ts';

const AF_INET = 2;
const AF_INET6 = 10;
/** All but TIME_WAIT, CLOSE, LISTEN and NEW_SYN_RECV. */
const CONNECTION_STATES = 0xb3e;
const ALL_STATES = 0xffffffff;
/** Listeners and UDP sockets come and go slowly, and their dumps cost as much as that of the connections. */
const RARE_DUMP_INTERVAL_MICROS = 2.5e6;
/** The longest time between two drains where somebody asks for more. */
const DRAIN_MICROS = 250e3;
/** How soon the buffers are looked at again after a rest, when nobody knows how fast they fill; then twice as late. */
const FIRST_LOOK_MILLIS = 10;
const LOOK_MILLIS = 1000;
/** A drain of the buffers' own rate is due a tenth early: timers are not exact. */
const EARLY_MICROS = 900;
/** Sockets in state CLOSE that are remembered for their end's sake. */
const KEPT_LIMIT = 16384;
/** A socket not listed whose announcement was lost is given so many more collections to show up. */
const COLLECTIONS_BEFORE_EXPIRY = 3;
/** tcp_info counts in milliseconds and by a clock that ticks up to 10 ms apart. */
const ACK_SLACK_MICROS = 30e3;

const NOTHING: VisitMessage = () => undefined;

/**
 * The tier `netlink`: dumps of live sockets, and the announcements of those destroyed between two dumps, with their
 * final counters. Needs no privilege.
 */
export class NetlinkSockets implements SocketSource {
  readonly tier: Tier = 'netlink';
  readonly counted: CountingBasis;
  readonly parts: SocketParts = { tcp: 'tcp_info', udp: 'none', ...LISTED_HERE };
  readonly lost = NOTHING_LOST;
  readonly rows = new SocketRows();
  /** Whether failed attempts to connect are told by their sockets' ends; false where the kernel's programs count them. */
  infersFailures = true;
  /** Whether this source writes the rows' byte counters. */
  readonly #isCounting: boolean;
  readonly #clock: () => number;
  readonly #diag: SockDiag;
  /** Undefined until closings are heard. */
  #multicast: DestroyMulticast | undefined;
  #multicastCapacity = 0;
  /** Undefined until closings are heard, and where nobody is to be told of them. */
  #looks: LookTimes | undefined;
  #lookMillis = LOOK_MILLIS;
  readonly #queue = new ClosingQueue();
  readonly #rate = new ClosingRate();
  readonly #record = new DiagRecord();
  readonly #payload = new PayloadCounters(this.rows, (port) => this.isListeningPort(port));
  /** Listeners are also dumped while a closing is being read. */
  readonly #listenerRecord = new DiagRecord();
  readonly #connections = legacyTcpRequest(CONNECTION_STATES);
  readonly #listeners = legacyTcpRequest(1 << TcpState.LISTEN, MEMINFO_EXTENSION);
  readonly #datagrams = [AF_INET, AF_INET6].map((family) =>
    familyRequest(family, PROTOCOL_UDP, ALL_STATES, MEMINFO_EXTENSION),
  );
  readonly #visitConnection: VisitMessage = (b, at, length) => this.#seeConnection(b, at, length);
  readonly #visitListener: VisitMessage = (b, at, length) => this.#seeListener(b, at, length);
  readonly #visitDatagram: VisitMessage = (b, at, length) => this.#seeDatagram(b, at, length);
  readonly #visitClosing: VisitMessage = (b, at, length) => this.#seeClosing(b, at, length);
  /** Per TCP port the rare dump, by number, in which something last listened there. */
  readonly #listeningPorts = new Map<number, number>();
  /** Number of the rare dump that stands; what listened in the one before may have ended just now. */
  #rareDumps = 2;
  #sequence = 0;
  /** The collection in which listeners and UDP sockets were last dumped. */
  #rareSequence = 0;
  #listenersSequence = 0;
  #nextRareDumpMicros = Number.NEGATIVE_INFINITY;
  /** Rows that the dump of connections listed, and of those the ones announced as closed since. */
  #listedCount = 0;
  #announcedCount = 0;
  /** Whether the dump of connections missed some: what it did not list may be there. */
  #wasInterrupted = false;
  #hasBaseline = false;
  #nextDrainMicros = Number.NEGATIVE_INFINITY;
  #nowMicros = 0;
  /** First dump, or the last one that rows were forgotten at: who is unknown and silent since before is not counted. */
  #countedSinceMicros = Number.POSITIVE_INFINITY;
  #closingMicros = 0;
  #lostAtLastCollect = 0;
  /** Rows kept until this collection may go: an announcement was lost since. */
  #expireKeptUpTo = 0;
  #isCollecting = false;

  /**
   * Sockets are only listed until `hearClosings`. Throws SyscallError where the kernel has no sock_diag.
   *
   * @param isCounting false if bytes are counted elsewhere: the rows' counters start at 0 and are not changed
   */
  constructor(clock: () => number, isCounting = true) {
    this.#clock = clock;
    this.#isCounting = isCounting;
    this.counted = isCounting ? 'payload' : 'none';
    this.#diag = new SockDiag();
    this.#probe();
  }

  /**
   * From now on closings are announced, and the next collection is the baseline: rows that it does not list are closed,
   * for nobody has heard of their end. Throws SyscallError.
   *
   * @param onQueued as NetworkOptions has it; undefined: a burst after a rest waits until the next collection
   */
  hearClosings(onQueued?: () => void): void {
    if (this.#multicast !== undefined) return;
    this.#multicast = new DestroyMulticast();
    this.#multicastCapacity = this.#multicast.capacity();
    this.#hasBaseline = false;
    this.#nextRareDumpMicros = Number.NEGATIVE_INFINITY;
    if (onQueued === undefined) return;
    this.#looks = new LookTimes(this.#multicast.descriptors, () => {
      this.#lookMillis = FIRST_LOOK_MILLIS;
      onQueued();
    });
  }

  /** Checks for tcp_diag with a request: the socket opens without it. Throws SyscallError. */
  #probe(): void {
    closedOnError(this.#diag, () => {
      this.#diag.begin(this.#listeners);
      while (this.#diag.receive(NOTHING));
    });
  }

  get lostClosings(): number {
    return (this.#multicast?.lost ?? 0) + this.#queue.overflowCount + this.rows.table.slots.overflowCount;
  }

  isListeningPort(port: number): boolean {
    return (this.#listeningPorts.get(port) ?? 0) + 1 >= this.#rareDumps;
  }

  async collect(slice: Slice): Promise<void> {
    this.#isCollecting = true;
    try {
      this.rows.releaseClosed();
      this.#sequence++;
      this.#nowMicros = this.#clock();
      await this.#dumpRare(slice);
      await this.#dumpConnections(slice);
      await this.#applyClosings(slice);
      await this.#settleRows(slice);
      this.#hasBaseline = true;
    } finally {
      this.#isCollecting = false;
    }
  }

  /** Somebody has seen datagrams of sockets not listed yet: the next collection lists them, though it is not time. */
  relistDatagrams(): void {
    this.#nextRareDumpMicros = Number.NEGATIVE_INFINITY;
  }

  drainClosings(): void {
    // A collection in progress drains by itself, after its dump.
    if (this.#isCollecting || this.#multicast === undefined) return;
    const nowMicros = this.#clock();
    // Whoever counts packets calls far more often than these buffers need it.
    if (nowMicros < this.#nextDrainMicros) return;
    this.#queue.nowMicros = nowMicros;
    this.#noteClosings(this.#multicast.drain(this.#queue.add), nowMicros);
    this.#nextDrainMicros = nowMicros + Math.min(DRAIN_MICROS, this.drainWithinMillis() * EARLY_MICROS);
  }

  drainWithinMillis(): number {
    const within = this.#rate.drainWithinMillis(this.#multicastCapacity);
    return this.#looks === undefined ? within : Math.min(within, this.#looks.withinMillis(this.#lookMillis));
  }

  #noteClosings(count: number, nowMicros: number): void {
    this.#rate.record(count, nowMicros);
    this.#looks?.looked(count > 0);
    this.#lookMillis = Math.min(LOOK_MILLIS, this.#lookMillis * 2);
  }

  close(): void {
    this.#looks?.close();
    this.#diag.close();
    this.#multicast?.close();
  }

  async #dump(request: DumpRequest, visit: VisitMessage, slice: Slice): Promise<void> {
    this.#diag.begin(request);
    this.rows.beginWalk();
    while (this.#diag.receive(visit)) if (slice.due()) await slice.rest();
  }

  async #dumpRare(slice: Slice): Promise<void> {
    if (this.#nowMicros < this.#nextRareDumpMicros) return;
    this.#rareDumps++;
    this.rows.rareListings++;
    this.#listenersSequence = this.#sequence;
    await this.#dump(this.#listeners, this.#visitListener, slice);
    let isWhole = !this.#diag.wasInterrupted;
    for (const request of this.#datagrams) {
      await this.#dump(request, this.#visitDatagram, slice);
      isWhole = isWhole && !this.#diag.wasInterrupted;
    }
    this.#nextRareDumpMicros = this.#nowMicros + RARE_DUMP_INTERVAL_MICROS;
    if (isWhole) this.#rareSequence = this.#sequence;
  }

  /** In one go: when a closing was not known, its listener may be new, and the rest of the closings wait for it. */
  #dumpListeners(): void {
    this.#listenersSequence = this.#sequence;
    this.#diag.begin(this.#listeners);
    while (this.#diag.receive(this.#visitListener));
  }

  async #dumpConnections(slice: Slice): Promise<void> {
    if (!this.#hasBaseline) this.#countedSinceMicros = this.#clock();
    this.#listedCount = 0;
    this.#announcedCount = 0;
    await this.#dump(this.#connections, this.#visitConnection, slice);
    this.#wasInterrupted = this.#diag.wasInterrupted;
  }

  #seeConnection(buffer: NativeBuffer, at: number, length: number): void {
    const record = this.#record;
    if (!record.read(buffer, at, length)) return;
    const known = this.rows.findNext(record.cookieLow, record.cookieHigh);
    if (!record.hasInfo) {
      // What is left of a closed socket while it waits for the peer's FIN; its end has been announced.
      if (known >= 0) this.rows.leftRemnant[known] = 1;
      return;
    }
    this.#listedCount++;
    // Bytes that wait come and go without a segment.
    if (known >= 0) storeQueues(this.rows.table, known, record);
    if (known >= 0 && this.#isUnchanged(known, record)) {
      this.rows.seenSequence[known] = this.#sequence;
      return;
    }
    record.readCounters();
    this.#updateConnection(known >= 0 ? known : this.#add(record, PROTOCOL_TCP), record);
  }

  /** Most connections rest most of the time: not a segment came or went. */
  #isUnchanged(slot: number, record: DiagRecord): boolean {
    const { rows } = this;
    const { table } = rows;
    return (
      table.rxSegments[slot] === record.segmentsIn &&
      table.txSegments[slot] === record.segmentsOut &&
      table.state[slot] === record.state &&
      table.inode[slot] === record.inode &&
      rows.life[slot] === RowLife.LIVE &&
      rows.isRare[slot] === 0 &&
      rows.isFlow[slot] === 0
    );
  }

  #updateConnection(slot: number, record: DiagRecord): void {
    if (slot < 0 || this.rows.life[slot] === RowLife.CLOSED) {
      this.#listedCount--;
      return;
    }
    if (this.rows.isRare[slot] === 1) this.rows.setRare(slot, 0);
    this.#updateIdentity(slot, record);
    storeSegments(this.rows.table, slot, record);
    if (this.#isCounting) this.#payload.storeLive(slot, record);
  }

  #seeListener(buffer: NativeBuffer, at: number, length: number): void {
    const record = this.#listenerRecord;
    if (!record.read(buffer, at, length) || record.state !== TcpState.LISTEN) return;
    this.#listeningPorts.set(record.localPort, this.#rareDumps);
    const known = this.rows.find(record.cookieLow, record.cookieHigh);
    const slot = known >= 0 ? known : this.#add(record, PROTOCOL_TCP);
    if (slot < 0 || this.rows.life[slot] === RowLife.CLOSED) return;
    this.rows.setRare(slot, 1);
    this.#updateIdentity(slot, record);
    storeDrops(this.rows.table, slot, record);
  }

  #seeDatagram(buffer: NativeBuffer, at: number, length: number): void {
    const record = this.#record;
    if (!record.read(buffer, at, length)) return;
    const known = this.rows.find(record.cookieLow, record.cookieHigh);
    const slot = known >= 0 ? known : this.#addDatagram(record);
    if (slot < 0 || this.rows.life[slot] === RowLife.CLOSED) return;
    this.rows.setRare(slot, 1);
    this.#updateIdentity(slot, record);
    // Unlike TCP, a UDP socket may be connected and bound again.
    storeEndpoints(this.rows.table, slot, record);
    storeDrops(this.rows.table, slot, record);
  }

  #addDatagram(record: DiagRecord): number {
    const slot = this.#add(record, PROTOCOL_UDP);
    if (slot < 0 || !this.#isCounting) return slot;
    const { table } = this.rows;
    table.txBytes[slot] = Number.NaN;
    table.rxBytes[slot] = Number.NaN;
    table.txSegments[slot] = Number.NaN;
    table.rxSegments[slot] = Number.NaN;
    return slot;
  }

  #add(record: DiagRecord, protocol: number): number {
    const slot = this.rows.add(record.cookieLow, record.cookieHigh);
    if (slot < 0) return -1;
    const { table } = this.rows;
    table.protocol[slot] = protocol;
    table.inode[slot] = record.inode;
    table.uid[slot] = record.inode === 0 ? -1 : record.uid;
    table.cgroupId[slot] = record.cgroupId();
    storeQueues(table, slot, record);
    storeEndpoints(table, slot, record);
    table.firstSeenMicros[slot] = this.#nowMicros;
    table.bornBeforeStart[slot] = this.#hasBaseline ? 0 : 1;
    return slot;
  }

  #updateIdentity(slot: number, record: DiagRecord): void {
    const { table } = this.rows;
    this.rows.markLive(slot, this.#sequence);
    table.state[slot] = record.state;
    table.inode[slot] = record.inode;
    // An orphan, or a connection not accepted yet, has no inode, and its user reads as 0.
    if (record.inode !== 0) table.uid[slot] = record.uid;
  }

  /** Only now, after the dump: an announcement belongs to a row of the dump, or to a socket that no dump ever saw. */
  async #applyClosings(slice: Slice): Promise<void> {
    for (let i = 0; i < this.#queue.count; i++) {
      this.#closingMicros = this.#queue.takenMicros(i);
      this.#queue.visit(i, this.#visitClosing);
      if (slice.due()) await slice.rest();
    }
    this.#queue.clear();
    if (this.#multicast === undefined) return;
    this.#closingMicros = this.#clock();
    let count = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      count += this.#multicast.drainShard(shard, this.#visitClosing);
      if (slice.due()) await slice.rest();
    }
    this.#noteClosings(count, this.#closingMicros);
  }

  #seeClosing(buffer: NativeBuffer, at: number, length: number): void {
    const record = this.#record;
    if (!record.read(buffer, at, length) || !record.hasInfo) return;
    record.readCounters();
    const known = this.rows.find(record.cookieLow, record.cookieHigh);
    const failure = this.infersFailures ? this.#payload.failureOf(known, record) : SocketFailure.NONE;
    const slot = known >= 0 ? known : this.#addUnseen(record, failure !== SocketFailure.NONE);
    if (slot < 0 || this.rows.life[slot] === RowLife.CLOSED) return;
    this.rows.table.failure[slot] = failure;
    storeSegments(this.rows.table, slot, record);
    if (this.#isCounting) this.#payload.storeFinal(slot, record);
    if (this.rows.seenSequence[slot] === this.#sequence && this.rows.isRare[slot] === 0) {
      this.#announcedCount++;
    }
    this.rows.markClosed(slot);
  }

  /** A row for a socket that no dump saw, or -1: it carried nothing, or was there before counting began. */
  #addUnseen(record: DiagRecord, hasFailed: boolean): number {
    if (!this.#hasBaseline) return -1;
    if (record.remotePort === 0) {
      // A listener that came and went: what it accepted may be announced after it.
      this.#listeningPorts.set(record.localPort, this.#rareDumps);
      return -1;
    }
    // Younger ones were never alive at a dump: a reset connection is not listed, though its process may hold it long.
    const lastAckMicros = this.#closingMicros - record.lastAckMillis * 1000;
    if (!hasFailed && lastAckMicros < this.#countedSinceMicros - ACK_SLACK_MICROS) return -1;
    if (this.#listenersSequence !== this.#sequence) this.#dumpListeners();
    const slot = this.#add(record, PROTOCOL_TCP);
    if (slot < 0) return -1;
    this.rows.table.state[slot] = TcpState.CLOSE;
    return slot;
  }

  /** What the dumps no longer list is gone, or waits in state CLOSE. */
  async #settleRows(slice: Slice): Promise<void> {
    const lost = this.lostClosings;
    const isUnheard = !this.#hasBaseline && this.#wasInterrupted;
    if (isUnheard || lost !== this.#lostAtLastCollect) this.#expireKeptUpTo = this.#sequence;
    this.#lostAtLastCollect = lost;
    if (this.rows.keptCount > KEPT_LIMIT) this.#expireKeptUpTo = this.#sequence - COLLECTIONS_BEFORE_EXPIRY;
    const isRareDue = this.#rareSequence === this.#sequence;
    const isExpiring = this.rows.keptCount > 0 && this.#expireKeptUpTo > 0;
    const unlistedCount = this.rows.connectionCount - this.#listedCount + this.#announcedCount;
    // Every row was listed or announced: nothing to settle.
    if (unlistedCount === 0 && !isRareDue && !isExpiring) return;
    await this.rows.forEach(slice, (slot) => this.#settle(slot));
  }

  #settle(slot: number): void {
    const { rows } = this;
    const seen = rows.seenSequence[slot]!;
    if (rows.life[slot] === RowLife.CLOSED || rows.isFlow[slot] === 1 || seen === this.#sequence) return;
    if (rows.isRare[slot] === 1) {
      if (seen < this.#rareSequence) rows.markClosed(slot);
    } else if (!this.#hasBaseline && !this.#wasInterrupted) {
      rows.markClosed(slot);
    } else if (!this.#wasInterrupted) {
      rows.table.state[slot] = TcpState.CLOSE;
      rows.markKept(slot);
      const isOverdue = seen + COLLECTIONS_BEFORE_EXPIRY < this.#sequence;
      if (isOverdue && seen <= this.#expireKeptUpTo) {
        rows.markClosed(slot);
        this.#countedSinceMicros = this.#nowMicros;
      }
    }
  }
}
