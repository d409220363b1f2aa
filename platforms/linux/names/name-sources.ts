import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import type { FirstPacket, FirstPackets } from '../bpf/first-packets.ts';
import type { LinkSource } from '../link.ts';
import { LinkScope } from '../packet/capture-scope.ts';
import { LOOPBACK_INDEX, PacketType } from '../packet/filter.ts';
import { type LaterSegments, nameFilter } from '../packet/name-filter.ts';
import { type CapturedPacket, PacketRing } from '../packet/ring.ts';
import { LookTimes } from '../poll-wake.ts';
import { attachFilter } from '../socket-filter.ts';
import type { NameSniffer } from './name-sniffer.ts';

/** Where packets that may say a name come from. */
export interface NameSource {
  /** As CollectionParts has it. */
  readonly part: 'ebpf' | 'packets';
  /** Shows the sniffer what the kernel has copied. Cheap. */
  drain(): void;
  /** How long the kernel's buffer lasts. */
  drainWithinMillis(): number;
  close(): void;
}

/** Names by programs in the kernel, which know the process of each packet. The packets are closed with it. */
export function kernelNames(sniffer: NameSniffer, packets: FirstPackets): NameSource {
  const visit = (packet: FirstPacket): void => sniffer.see(packet, packet.isSent, !packet.isSent);
  return {
    part: 'ebpf',
    drain: () => {
      sniffer.begin();
      packets.drain(visit);
    },
    drainWithinMillis: () => packets.drainWithinMillis(),
    close: () => packets.close(),
  };
}

/** 1 MiB: some 200 packets with all of what is kept, or thousands of usual ones. */
const RING = { blockBytes: 1 << 16, blockCount: 16, retireMillis: 60 } as const;
const DRAIN_MILLIS = 200;
/** Segments of one drain that are not wanted, before the filter passes fewer: the ring has room for about 240. */
const PASSED_OVER_LIMIT = 200;
/** After that it passes all of them again. */
const FEWER_MICROS = 60e6;
const FEWER: Readonly<Record<LaterSegments, LaterSegments>> = { all: 'web', web: 'none', none: 'none' };

interface NameRingOptions {
  readonly sniffer: NameSniffer;
  /** Closed with the ring. */
  readonly links: LinkSource;
  readonly clock: () => number;
  readonly onQueued?: (() => void) | undefined;
}

/**
 * Names by a packet socket of this network namespace (name-filter.ts). Needs CAP_NET_RAW. Its filter does not know which
 * connections are waited for: where a busy machine sends many segments that may go on with a name, it passes fewer of
 * them for a minute.
 */
export class NameRing implements NameSource {
  readonly part = 'packets';
  readonly #sniffer: NameSniffer;
  readonly #scope: LinkScope;
  readonly #ring: PacketRing;
  readonly #looks: LookTimes;
  readonly #clock: () => number;
  #later: LaterSegments = 'all';
  #fewerUntilMicros = 0;
  readonly #visit = (packet: CapturedPacket): void => this.#see(packet);

  /** Throws SyscallError: EPERM without CAP_NET_RAW. Closes the links, then and in the end. */
  constructor({ sniffer, links, clock, onQueued }: NameRingOptions) {
    this.#sniffer = sniffer;
    this.#clock = clock;
    this.#scope = new LinkScope(links, clock);
    const ring = { ...RING, filter: nameFilter(this.#later), withSegmentSizes: false };
    this.#ring = closedOnError(this.#scope, () => new PacketRing(ring));
    this.#looks = new LookTimes([this.#ring.descriptor], onQueued);
  }

  drain(): void {
    this.#sniffer.begin();
    const { hasBlock } = this.#ring;
    this.#looks.looked(hasBlock);
    if (hasBlock) {
      this.#scope.refresh();
      this.#ring.drain(this.#visit);
    }
    this.#chooseFilter();
  }

  drainWithinMillis(): number {
    return this.#looks.withinMillis(DRAIN_MILLIS);
  }

  close(): void {
    this.#looks.close();
    this.#ring.close();
    this.#scope.close();
  }

  #chooseFilter(): void {
    const nowMicros = this.#clock();
    if (this.#sniffer.passedOver > PASSED_OVER_LIMIT) {
      this.#fewerUntilMicros = nowMicros + FEWER_MICROS;
      this.#setFilter(FEWER[this.#later]);
    } else if (nowMicros >= this.#fewerUntilMicros) this.#setFilter('all');
  }

  #setFilter(later: LaterSegments): void {
    if (later === this.#later) return;
    this.#later = later;
    attachFilter(this.#ring.descriptor, nameFilter(later));
  }

  #see(packet: CapturedPacket): void {
    const { type, interfaceIndex } = packet;
    if (this.#scope.isCopy(interfaceIndex)) return;
    const isLoopback = interfaceIndex === LOOPBACK_INDEX;
    const isOutgoing = type === PacketType.OUTGOING;
    const scope = isLoopback ? undefined : this.#scope;
    this.#sniffer.see(packet, isLoopback || isOutgoing, isLoopback || !isOutgoing, scope);
  }
}
