import { PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { numbers, tableClass } from '../../../src/kit/table/columns.ts';

/** Longer than the kernel keeps packets of one burst apart: what it has not finished comes some 60 ms later. */
const REST_MICROS = 300e3;
/** Flows at one time. Each takes some 120 bytes. */
const FLOWS_LIMIT = 1 << 17;
/** Beyond so many, flows that would be new share one for their local port, and then one for their local address. */
const EXACT_SHARE = 0.75;
const PORT_SHARE = 0.9375;
const ANY_ADDRESS: Uint32Array = new Uint32Array(4);

/** Which end sent the first SYN that was seen; as Opener in sockets/sockets-payload.ts. */
export const FlowOpener = { UNKNOWN: 0, LOCAL: 1, PEER: 2 } as const;

/** What a SYN that opens a connection says of a flow. */
export const Renewal = {
  NONE: 0,
  /** The packet began a new connection between these endpoints. The reader of an earlier one resets it to NONE. */
  RENEWED: 1,
  /** The first one to come is that of the connection that the flow was made for. */
  EXPECTED: 2,
} as const;

/** Key of a flow; addresses are four words as in data/sample/address.ts. */
export interface FlowEnds {
  readonly protocol: number;
  readonly local: Uint32Array;
  readonly remote: Uint32Array;
  readonly localPort: number;
  readonly remotePort: number;
}

const FLOW_COLUMNS = {
  protocol: numbers('u8'),
  isIpv6: numbers('u8'),
  /** 1: its local address is a multicast group or everybody's, and each socket there gets a copy. */
  isForMany: numbers('u8'),
  ...{ localAddress: numbers('u32', 0, 4), remoteAddress: numbers('u32', 0, 4) },
  ...{ localPort: numbers('u16'), remotePort: numbers('u16') },
  /** ifindex of the last packet. */
  interfaceIndex: numbers('i32'),
  /** Since they were last taken. */
  ...{ txBytes: numbers('f64'), rxBytes: numbers('f64') },
  ...{ txPackets: numbers('f64'), rxPackets: numbers('f64') },
  ...{ opener: numbers('u8'), renewal: numbers('u8') },
  /**
   * Monotonic time of the packet that was the first after a SYN or (UDP) a rest, or of all, and of the last one (drain
   * time).
   */
  bornMicros: numbers('f64'),
  grownMicros: numbers('f64'),
  /** 1: it is in `grown`. */
  isGrown: numbers('u8'),
  /** Not by slot: the first `grownCount` entries are the flows that have grown since `clearGrown`, each once. */
  grown: numbers('i32'),
};

/**
 * Traffic of each 5-tuple as seen from this machine's end, since it was last taken. A packet of the loopback
 * interface belongs to two flows, one for each end.
 *
 * Bounded: when the table fills, new flows are counted together by their local port (remote end 0), then by their
 * local address (port 0 too), so that what is counted stays whole while it gets coarser.
 */
export class PacketFlows extends tableClass(FLOW_COLUMNS, FLOWS_LIMIT) {
  #nowMicros = 0;
  /** What has not grown since then has rested: it was silent for a while, and when packets were last counted. */
  #restedMicros = Number.NEGATIVE_INFINITY;
  /** Flows ever added. */
  addedCount = 0;
  /** Packets and bytes for which there was no place at all. */
  refusedPackets = 0;
  refusedBytes = 0;
  /** Entries of `grown`. */
  grownCount = 0;
  readonly #salts = crypto.getRandomValues(new Uint32Array(4));
  readonly #aggregate = { protocol: 0, local: ANY_ADDRESS, remote: ANY_ADDRESS, localPort: 0, remotePort: 0 };

  constructor(limit = FLOWS_LIMIT) {
    super(256, limit);
  }

  /** Time of the packets that are being counted. */
  get nowMicros(): number {
    return this.#nowMicros;
  }

  set nowMicros(micros: number) {
    if (micros === this.#nowMicros) return;
    this.#restedMicros = Math.min(this.#nowMicros, micros - REST_MICROS);
    this.#nowMicros = micros;
  }

  /** The flow's slot, or -1. */
  find(ends: FlowEnds): number {
    const { local, remote } = ends;
    return this.findBy(ends.protocol, local, 0, ends.localPort, remote, 0, ends.remotePort);
  }

  /** As `find`, of addresses that stand in columns, their first words at `localAt` and `remoteAt`. */
  findBy(
    protocol: number,
    local: Uint32Array,
    localAt: number,
    localPort: number,
    remote: Uint32Array,
    remoteAt: number,
    remotePort: number,
  ): number {
    const a = this.#word(local, localAt, 0);
    const b = this.#word(remote, remoteAt, 1);
    const c = ((localPort << 16) | remotePort) ^ this.#salts[2]!;
    const slot = this.slots.find(a, b, c, protocol ^ this.#salts[3]!);
    if (slot < 0 || !this.#hasAddresses(slot, local, localAt, remote, remoteAt)) return -1;
    return slot;
  }

  /**
   * A flow that `find` did not know, or the coarser one that stands for it; -1 there is no place. The columns may
   * have been replaced: read them after this call.
   */
  add(ends: FlowEnds): number {
    const { count, limit } = this.slots;
    if (count < limit * EXACT_SHARE) return this.#insert(ends);
    const aggregate = this.#aggregate;
    aggregate.protocol = ends.protocol;
    aggregate.local = ends.local;
    aggregate.localPort = ends.localPort;
    const byPort = this.find(aggregate);
    if (byPort >= 0) return byPort;
    if (count < limit * PORT_SHARE) return this.#insert(aggregate);
    aggregate.localPort = 0;
    const byAddress = this.find(aggregate);
    return byAddress >= 0 ? byAddress : this.#insert(aggregate);
  }

  /** An empty flow that `find` did not know, for packets that are still to come; -1: coarser ones alone have room. */
  expect(ends: FlowEnds): number {
    const { count, limit } = this.slots;
    const slot = count < limit * EXACT_SHARE ? this.#insert(ends) : -1;
    if (slot >= 0) this.renewal[slot] = Renewal.EXPECTED;
    return slot;
  }

  /** A SYN was seen, that of the one who opens the connection or the answer to it. */
  noteOpener(slot: number, opener: number, isAnswer: boolean): void {
    this.opener[slot] = opener;
    if (isAnswer) return;
    // The ends may have been another connection's a moment ago.
    this.bornMicros[slot] = this.nowMicros;
    this.renewal[slot] = this.renewal[slot] === Renewal.EXPECTED ? Renewal.NONE : Renewal.RENEWED;
  }

  countSent(slot: number, bytes: number, packets: number): void {
    this.txBytes[slot]! += bytes;
    this.txPackets[slot]! += packets;
    this.#noteGrowth(slot);
  }

  countReceived(slot: number, bytes: number, packets: number): void {
    this.rxBytes[slot]! += bytes;
    this.rxPackets[slot]! += packets;
    this.#noteGrowth(slot);
  }

  refuse(bytes: number, packets: number): void {
    this.refusedBytes += bytes;
    this.refusedPackets += packets;
  }

  /** Whether there is anything to be taken. */
  isPending(slot: number): boolean {
    return this.txPackets[slot]! + this.rxPackets[slot]! > 0;
  }

  /** Sets the flow's counters back to 0: they have been added to a socket's. */
  take(slot: number): void {
    this.txBytes[slot] = 0;
    this.rxBytes[slot] = 0;
    this.txPackets[slot] = 0;
    this.rxPackets[slot] = 0;
  }

  /** Keeps of the grown flows those that still have something to be taken. */
  clearGrown(): void {
    let kept = 0;
    for (let i = 0; i < this.grownCount; i++) {
      const slot = this.grown[i]!;
      if (this.isPending(slot)) this.grown[kept++] = slot;
      else this.isGrown[slot] = 0;
    }
    this.grownCount = kept;
  }

  /** Removes flows without packets since then; those that still have something to be taken stay. */
  removeIdle(sinceMicros: number, removed: (slot: number) => void): void {
    this.slots.removeWhere(
      (slot) => this.isGrown[slot] !== 1 && this.grownMicros[slot]! < sinceMicros,
      (slot) => {
        removed(slot);
        this.slots.remove(slot);
      },
    );
  }

  #noteGrowth(slot: number): void {
    // No packet says that the ends of a datagram are another socket's now, and ports are soon used again.
    const hasRested = this.grownMicros[slot]! < this.#restedMicros && this.protocol[slot] === PROTOCOL_UDP;
    if (hasRested) this.bornMicros[slot] = this.nowMicros;
    this.grownMicros[slot] = this.nowMicros;
    if (this.isGrown[slot] === 1) return;
    this.isGrown[slot] = 1;
    this.grown[this.grownCount++] = slot;
  }

  #insert(ends: FlowEnds): number {
    const { local, remote } = ends;
    const a = this.#word(local, 0, 0);
    const b = this.#word(remote, 0, 1);
    const c = ((ends.localPort << 16) | ends.remotePort) ^ this.#salts[2]!;
    const d = ends.protocol ^ this.#salts[3]!;
    // Two flows of IPv6 with the same mixed words: the second has no place.
    if (this.slots.find(a, b, c, d) >= 0) return -1;
    const slot = this.slots.add(a, b, c, d);
    if (slot < 0) return -1;
    this.addedCount++;
    this.protocol[slot] = ends.protocol;
    for (let i = 0; i < 4; i++) {
      this.localAddress[slot * 4 + i] = local[i]!;
      this.remoteAddress[slot * 4 + i] = remote[i]!;
    }
    this.isIpv6[slot] = isMapped(local, 0) ? 0 : 1;
    this.isForMany[slot] = isGroup(local) ? 1 : 0;
    this.localPort[slot] = ends.localPort;
    this.remotePort[slot] = ends.remotePort;
    this.interfaceIndex[slot] = 0;
    this.opener[slot] = FlowOpener.UNKNOWN;
    this.renewal[slot] = Renewal.NONE;
    this.bornMicros[slot] = this.nowMicros;
    this.grownMicros[slot] = this.nowMicros;
    this.isGrown[slot] = 0;
    this.take(slot);
    return slot;
  }

  /** An IPv4 address as it is, so that keys of IPv4 flows are exact; one of IPv6 mixed. No peer can foresee either. */
  #word(words: Uint32Array, at: number, salt: 0 | 1): number {
    const secret = this.#salts[salt]!;
    if (isMapped(words, at)) return words[at + 3]! ^ secret;
    let word = Math.imul(words[at]! ^ secret, 0x9e3779b1);
    word = Math.imul(word ^ (word >>> 15) ^ words[at + 1]!, 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13) ^ words[at + 2]!, 0xc2b2ae35);
    word = Math.imul(word ^ (word >>> 16) ^ words[at + 3]!, 0x27d4eb2f);
    return word ^ (word >>> 15);
  }

  #hasAddresses(
    slot: number,
    local: Uint32Array,
    localAt: number,
    remote: Uint32Array,
    remoteAt: number,
  ): boolean {
    const at = slot * 4;
    for (let i = 0; i < 4; i++) {
      if (this.localAddress[at + i] !== local[localAt + i]) return false;
      if (this.remoteAddress[at + i] !== remote[remoteAt + i]) return false;
    }
    return true;
  }
}

function isMapped(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff;
}

/** RFC 5771 224.0.0.0/4, RFC 919 255.255.255.255, RFC 4291 ff00::/8. */
function isGroup(words: Uint32Array): boolean {
  if (!isMapped(words, 0)) return words[0]! >>> 24 === 0xff;
  return words[3]! >>> 28 === 0xe || words[3] === 0xffffffff;
}
