import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import type { Failures, StackCounters } from '../sample/failures.ts';
import type { HostTable, OwnerTable } from '../sample/network-section.ts';
import { isConnection, type SocketTable } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, ProblemKind, SocketFailure, TcpState } from '../schema/network-columns.ts';
import { ProblemLedger } from './problem-ledger.ts';

type HealthTable = Pick<
  OwnerTable & HostTable,
  | ('slots' | 'dataSegments' | 'retransmits' | 'reorderings' | 'refused' | 'timedOut' | 'resets' | 'drops')
  | ('rttMicros' | 'rttMinMicros' | 'rttP95Micros' | 'connectMicros' | 'receiveQueue' | 'sendQueue')
>;

/** Adds the counters of one row to those of another. */
function mergeHealth(table: HealthTable, heir: number, slot: number): void {
  const { dataSegments, retransmits, reorderings, refused, timedOut, resets, drops } = table;
  for (const column of [dataSegments, retransmits, reorderings, refused, timedOut, resets, drops]) {
    column[heir] = knownSum(column[heir]!, column[slot]!);
  }
}

const SUBJECT_COLUMNS = {
  /** Round-trip times of this sample. */
  rttSum: numbers('f64'),
  rttCount: numbers('u32'),
  /** Connections opened since the sample before, and how long that took. */
  connectNanos: numbers('f64'),
  connectCount: numbers('f64'),
};

/** Adds up what connections tell, for the rows of owners or of hosts. */
class SubjectHealth extends columnsClass(SUBJECT_COLUMNS) {
  readonly #table: HealthTable;
  readonly #roundTrips = new RoundTrips();

  constructor(table: HealthTable) {
    super(table.slots.capacity);
    this.#table = table;
  }

  begin(monotonicMicros: number): void {
    this.#table.receiveQueue.fill(Number.NaN);
    this.#table.sendQueue.fill(Number.NaN);
    this.rttCount.fill(0);
    this.rttSum.fill(0);
    this.#roundTrips.begin(monotonicMicros);
  }

  /** The counters of every subject that is marked go to `heir`. */
  mergeMarked(isMarked: Uint8Array, heir: number): void {
    const { rows, count } = this.#table.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (isMarked[slot] === 1) mergeHealth(this.#table, heir, slot);
    }
  }

  addQueues(slot: number, receiveQueue: number, sendQueue: number): void {
    const table = this.#table;
    table.receiveQueue[slot] = knownSum(table.receiveQueue[slot]!, receiveQueue);
    table.sendQueue[slot] = knownSum(table.sendQueue[slot]!, sendQueue);
  }

  grow(slot: number, dataSegments: number, retransmits: number, reorderings: number): void {
    const table = this.#table;
    table.dataSegments[slot] = knownSum(table.dataSegments[slot]!, dataSegments);
    table.retransmits[slot] = knownSum(table.retransmits[slot]!, retransmits);
    table.reorderings[slot] = knownSum(table.reorderings[slot]!, reorderings);
  }

  addDrops(slot: number, drops: number): void {
    this.#table.drops[slot] = knownSum(this.#table.drops[slot]!, drops);
  }

  addRoundTrip(slot: number, micros: number, leastMicros: number): void {
    const table = this.#table;
    const { slots } = table;
    if (slot >= this.capacity) this.reserve(slots.capacity);
    if (!(micros > 0)) return;
    this.rttSum[slot]! += micros;
    this.rttCount[slot]!++;
    this.#roundTrips.note(slot, slots.serial[slot]!, slots.capacity, micros);
    // Before anything was measured the least one is unknown.
    if (!(table.rttMinMicros[slot]! <= leastMicros) && leastMicros > 0)
      table.rttMinMicros[slot] = leastMicros;
  }

  addConnected(slot: number, count: number, nanos: number): void {
    if (slot >= this.capacity) this.reserve(this.#table.slots.capacity);
    this.connectCount[slot]! += count;
    this.connectNanos[slot]! += nanos;
    // What is counted is 0 from the first attempt on.
    for (const column of [this.#table.refused, this.#table.timedOut, this.#table.resets]) {
      if (Number.isNaN(column[slot]!)) column[slot] = 0;
    }
  }

  addFailure(slot: number, kind: number, count: number): void {
    const { refused, timedOut, resets } = this.#table;
    const column = kind === ProblemKind.RESET ? resets : kind === ProblemKind.REFUSED ? refused : timedOut;
    column[slot] = knownSum(column[slot]!, count);
  }

  /** After a sample's connections. */
  conclude(): void {
    const table = this.#table;
    const { rows, count, serial } = table.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (slot >= this.capacity) continue;
      if (this.rttCount[slot]! > 0) {
        table.rttMicros[slot] = Math.round(this.rttSum[slot]! / this.rttCount[slot]!);
        table.rttP95Micros[slot] = this.#roundTrips.percentile95(slot, serial[slot]!);
      }
      if (this.connectCount[slot]! > 0) {
        table.connectMicros[slot] = Math.round(this.connectNanos[slot]! / this.connectCount[slot]! / 1000);
        this.connectCount[slot] = 0;
        this.connectNanos[slot] = 0;
      }
    }
  }
}

const SOCKET_COLUMNS = {
  lastStamp: numbers('u32'),
  /** Figures as far as they are counted; NaN: not known yet, the next value is the baseline. */
  lastDataSegments: numbers('f64'),
  lastRetransmits: numbers('f64'),
  lastReorderings: numbers('f64'),
  lastDrops: numbers('f64'),
};

/** Of the machine's dropped connections: the reason of a row that counts a part of them. */
const QUEUE_FULL = 'accept queue full';

/** How attribution finds the rows of a failure that the kernel's programs counted. */
export interface FailureSubjects {
  /** -1: not known. */
  ownerOf(pid: number, startTicks: number): number;
  /** -1: none. */
  hostOf(words: Uint32Array, at: number): number;
}

/** Health of owners and hosts, and the problems between them: what attribution adds up besides bytes. */
export class HealthLedger extends columnsClass(SOCKET_COLUMNS) {
  readonly problems = new ProblemLedger();
  readonly #owners: SubjectHealth;
  readonly #hosts: SubjectHealth;
  #stack: StackCounters | undefined;
  #monotonicMicros = 0;

  constructor(owners: OwnerTable, hosts: HostTable) {
    super();
    this.#owners = new SubjectHealth(owners);
    this.#hosts = new SubjectHealth(hosts);
  }

  /** Before a sample's sockets. */
  beginSample(sockets: SocketTable, monotonicMicros: number): void {
    this.reserve(sockets.slots.capacity);
    this.#monotonicMicros = monotonicMicros;
    this.#owners.begin(monotonicMicros);
    this.#hosts.begin(monotonicMicros);
  }

  /** A socket seen for the first time. What it counted before is a baseline, or its first. */
  beginSocket(sockets: SocketTable, slot: number, isBaseline: boolean): void {
    this.lastStamp[slot] = sockets.healthStamp[slot]! - 1;
    this.lastDataSegments[slot] = isBaseline ? sockets.dataSegments[slot]! : 0;
    this.lastRetransmits[slot] = isBaseline ? sockets.retransmits[slot]! : 0;
    this.lastReorderings[slot] = isBaseline ? sockets.reorderings[slot]! : 0;
    this.lastDrops[slot] = isBaseline ? sockets.drops[slot]! : 0;
  }

  /** What a socket has waiting, and what its figures have grown by. Owner and host are slots, -1 none. */
  absorb(sockets: SocketTable, slot: number, owner: number, host: number, isClosed: boolean): void {
    if (owner < 0 || sockets.isShare[slot] === 1) return;
    if (!isClosed && sockets.state[slot] !== TcpState.LISTEN) {
      const waiting = sockets.receiveQueue[slot]!;
      const unsent = sockets.sendQueue[slot]!;
      this.#owners.addQueues(owner, waiting, unsent);
      if (host >= 0) this.#hosts.addQueues(host, waiting, unsent);
    }
    if (this.lastStamp[slot] !== sockets.healthStamp[slot]) this.#grow(sockets, slot, owner, host);
    if (isClosed && sockets.failure[slot] !== SocketFailure.NONE) {
      const kind =
        sockets.failure[slot] === SocketFailure.REFUSED ? ProblemKind.REFUSED : ProblemKind.TIMED_OUT;
      this.#fail(kind, owner, host, sockets.remotePort[slot]!, 1, '');
    }
  }

  /** After a sample's sockets: what the kernel's programs counted, and the machine as a whole. */
  conclude(failures: Failures | undefined, stack: StackCounters | undefined, of: FailureSubjects): void {
    if (failures !== undefined) this.#absorbFailures(failures, of);
    if (stack !== undefined) this.#absorbStack(stack);
    this.#owners.conclude();
    this.#hosts.conclude();
    this.problems.dropIdle(this.#monotonicMicros);
  }

  /** The rows of the owners, or hosts, that are marked go: `heir` has had their bytes. */
  mergeMarked(subject: 'owner' | 'host', isMarked: Uint8Array, heir: number): void {
    (subject === 'owner' ? this.#owners : this.#hosts).mergeMarked(isMarked, heir);
    this.problems.dropMarked(subject, isMarked);
  }

  #grow(sockets: SocketTable, slot: number, owner: number, host: number): void {
    this.lastStamp[slot] = sockets.healthStamp[slot]!;
    const drops = sockets.drops[slot]!;
    if (!Number.isNaN(drops)) {
      this.#owners.addDrops(owner, growthSince(this.lastDrops[slot]!, drops));
      this.lastDrops[slot] = drops;
    }
    const retransmits = sockets.retransmits[slot]!;
    if (Number.isNaN(retransmits) || !isConnection(sockets, slot)) return;
    const dataSegments = sockets.dataSegments[slot]!;
    const reorderings = sockets.reorderings[slot]!;
    const sent = growthSince(this.lastDataSegments[slot]!, dataSegments);
    const again = growthSince(this.lastRetransmits[slot]!, retransmits);
    const moved = growthSince(this.lastReorderings[slot]!, reorderings);
    this.lastDataSegments[slot] = dataSegments;
    this.lastRetransmits[slot] = retransmits;
    this.lastReorderings[slot] = reorderings;
    const rtt = sockets.rttMicros[slot]!;
    const leastRtt = sockets.rttMinMicros[slot]!;
    this.#owners.grow(owner, sent, again, moved);
    this.#owners.addRoundTrip(owner, rtt, leastRtt);
    if (host < 0) return;
    this.#hosts.grow(host, sent, again, moved);
    this.#hosts.addRoundTrip(host, rtt, leastRtt);
    // An attempt that gets no reply is told apart.
    const isLossy = (again > 0 || moved > 0) && sockets.state[slot] !== TcpState.SYN_SENT;
    if (isLossy || this.problems.pathCount > 0) this.#growPath(owner, host, sent, again, moved, rtt, isLossy);
  }

  #growPath(
    owner: number,
    host: number,
    sent: number,
    again: number,
    moved: number,
    rttMicros: number,
    isLossy: boolean,
  ): void {
    const { problems } = this;
    const row = isLossy
      ? problems.slotFor(ProblemKind.RETRANSMITTED, owner, host)
      : problems.findPath(owner, host);
    if (row < 0) return;
    const { table } = problems;
    if (isLossy) problems.grow(row, again, this.#monotonicMicros);
    table.outOf[row]! += sent;
    table.reorderings[row] = knownSum(table.reorderings[row]!, moved);
    table.rttMicros[row] = rttMicros;
  }

  #fail(kind: ProblemKind, owner: number, host: number, port: number, count: number, reason: string): void {
    const row = this.problems.slotFor(kind, owner, host, port, reason);
    if (row >= 0) this.problems.grow(row, count, this.#monotonicMicros);
    // The sockets themselves count what they had no room for.
    if (kind === ProblemKind.DROPPED) return;
    if (owner >= 0) this.#owners.addFailure(owner, kind, count);
    if (host >= 0) this.#hosts.addFailure(host, kind, count);
  }

  #absorbFailures(failures: Failures, of: FailureSubjects): void {
    for (let row = 0; row < failures.length; row++) {
      const count = failures.count[row]!;
      const owner = of.ownerOf(failures.pid[row]!, failures.startTicks[row]!);
      const host = of.hostOf(failures.remoteAddress, row * ADDRESS_WORDS);
      if (failures.isConnect[row] === 1) {
        if (owner >= 0) this.#owners.addConnected(owner, count, failures.nanos[row]!);
        if (host >= 0) this.#hosts.addConnected(host, count, failures.nanos[row]!);
        continue;
      }
      const kind = failures.kind[row] as ProblemKind;
      this.#fail(kind, owner, host, failures.remotePort[row]!, count, failures.reasons[row]!);
    }
  }

  /** Counters of the network namespace: what they had before accounting began does not count. */
  #absorbStack(stack: StackCounters): void {
    const before = this.#stack;
    this.#stack = { ...stack };
    if (before === undefined) return;
    this.#growMachine(ProblemKind.LISTEN_DROPS, growthSince(before.listenDrops, stack.listenDrops));
    const overflows = growthSince(before.listenOverflows, stack.listenOverflows);
    this.#growMachine(ProblemKind.LISTEN_DROPS, overflows, QUEUE_FULL);
    this.#growMachine(ProblemKind.ATTEMPT_FAILS, growthSince(before.attemptFails, stack.attemptFails));
  }

  #growMachine(kind: ProblemKind, grown: number, reason = ''): void {
    if (grown === 0) return;
    const row = this.problems.slotFor(kind, -1, -1, 0, reason);
    if (row >= 0) this.problems.grow(row, grown, this.#monotonicMicros);
  }
}

/** 0 where either is unknown (NaN) or the counter went backwards. */
function growthSince(last: number, now: number): number {
  return now > last ? now - last : 0;
}

/** What is unknown adds nothing; NaN while nothing is known. */
function knownSum(sum: number, value: number): number {
  if (Number.isNaN(value)) return sum;
  return Number.isNaN(sum) ? value : sum + value;
}

/** Steps of an octave: neighbouring ones differ by a quarter, so a value in the middle is within an eighth. */
const STEPS_PER_OCTAVE = 3;
/** From 16 µs to 34 s in 21 octaves. */
const FIRST_LOG2 = 4;
const BUCKETS = 64;
/** A generation lasts so long, and two of them are looked at: between a half and a whole minute. */
const GENERATION_MICROS = 30e6;
/** Subjects with an own histogram, the first ones of the table: 1 MB in all. */
const SUBJECTS_LIMIT = 4096;
const QUANTILE = 0.95;

/** Round-trip times of each subject (owner or host), for the 95th percentile of the last minute. 256 bytes each. */
export class RoundTrips {
  #counts = [new Uint16Array(0), new Uint16Array(0)];
  #serials = new Uint32Array(0);
  #current = 0;
  #startedMicros = Number.NaN;

  /** Before a sample's round trips. */
  begin(monotonicMicros: number): void {
    if (Number.isNaN(this.#startedMicros)) this.#startedMicros = monotonicMicros;
    if (monotonicMicros - this.#startedMicros < GENERATION_MICROS) return;
    this.#startedMicros = monotonicMicros;
    this.#current = 1 - this.#current;
    this.#counts[this.#current]!.fill(0);
  }

  /** A round-trip time of a subject; `capacity` of the subjects' table. */
  note(slot: number, serial: number, capacity: number, micros: number): void {
    if (slot >= SUBJECTS_LIMIT || !(micros > 0)) return;
    if (slot >= this.#serials.length) this.#reserve(Math.min(capacity, SUBJECTS_LIMIT));
    if (this.#serials[slot] !== serial) {
      this.#serials[slot] = serial;
      for (const counts of this.#counts) counts.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS);
    }
    const at = slot * BUCKETS + bucketOf(micros);
    const counts = this.#counts[this.#current]!;
    if (counts[at]! < 0xffff) counts[at]!++;
  }

  /** The 95th percentile of a subject, microseconds; NaN: nothing was noted in the last minute. */
  percentile95(slot: number, serial: number): number {
    if (slot >= this.#serials.length || this.#serials[slot] !== serial) return Number.NaN;
    const [first, second] = this.#counts as [Uint16Array, Uint16Array];
    const start = slot * BUCKETS;
    let total = 0;
    for (let at = start; at < start + BUCKETS; at++) total += first[at]! + second[at]!;
    if (total === 0) return Number.NaN;
    let left = total * (1 - QUANTILE);
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
      left -= first[start + bucket]! + second[start + bucket]!;
      if (left < 0) return middleOf(bucket);
    }
    return Number.NaN;
  }

  #reserve(capacity: number): void {
    this.#serials = lengthened(this.#serials, new Uint32Array(capacity));
    this.#counts = this.#counts.map((counts) => lengthened(counts, new Uint16Array(capacity * BUCKETS)));
  }
}

function bucketOf(micros: number): number {
  const bucket = Math.floor((Math.log2(micros) - FIRST_LOG2) * STEPS_PER_OCTAVE);
  return Math.max(0, Math.min(bucket, BUCKETS - 1));
}

function middleOf(bucket: number): number {
  return Math.round(2 ** (FIRST_LOG2 + (bucket + 0.5) / STEPS_PER_OCTAVE));
}
