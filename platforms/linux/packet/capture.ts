import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import {
  PROTOCOL_FORWARDED,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_TUNNEL,
} from '../../../src/data/sample/socket-table.ts';
import { isKernelAtLeast } from '../host.ts';
import type { LinkSource } from '../link.ts';
import { LookTimes } from '../poll-wake.ts';
import { LinkScope } from './capture-scope.ts';
import { LOOPBACK_INDEX, NETWORK_HEADER, PacketType, packetFilter, type WantedProtocol } from './filter.ts';
import { FlowOpener, PacketFlows } from './flow-table.ts';
import { FragmentPorts, IpHeader, segmentCount, TcpFlag, wireBytes } from './ip-header.ts';
import { type CapturedPacket, PacketRing, type PacketVisitor } from './ring.ts';

/** Packets are handed over so much later at most, on top of the drains. */
const RETIRE_MILLIS = 60;
/** Each block lasts for RETIRE_MILLIS at most, so a ring lasts for `blockCount` of these where little is going on. */
const ALL_RING = { blockBytes: 1 << 18, blockCount: 32 } as const;
const UDP_RING = { blockBytes: 1 << 15, blockCount: 64 } as const;
/** How often a ring wants to be drained. */
const DRAIN_MILLIS = 50;
/** After a drain that found much of the ring full. */
const BUSY_DRAIN_MILLIS = 10;
const BUSY_SHARE = 0.25;

/** Where packets come from and how large their rings are. */
interface CaptureOptions {
  readonly links: LinkSource;
  readonly clock: () => number;
  readonly onQueued?: (() => void) | undefined;
  /** Default by the kernel's release: one ring can describe every super-packet. */
  readonly canDescribeUdpSegments?: boolean;
}

interface RingPlan {
  readonly wanted: WantedProtocol;
  readonly withSegmentSizes: boolean;
  readonly ring: { readonly blockBytes: number; readonly blockCount: number };
}

const UDP_PLAN: RingPlan = { wanted: 'not-tcp', withSegmentSizes: false, ring: UDP_RING };

interface MeteredRing {
  readonly ring: PacketRing;
  readonly meter: PacketMeter;
}

/** Packet rings and the flows that they are counted into. Needs CAP_NET_RAW. */
export class PacketCapture {
  readonly flows = new PacketFlows();
  readonly #scope: LinkScope;
  readonly #clock: () => number;
  readonly #rings: MeteredRing[] = [];
  readonly #looks: LookTimes;
  #isBusy = false;

  /**
   * @param counted `l3`: every packet of IP, as on the wire; `payload`: all but TCP, what it carries
   */
  private constructor(plans: readonly RingPlan[], counted: 'l3' | 'payload', options: CaptureOptions) {
    this.#clock = options.clock;
    this.#scope = new LinkScope(options.links, options.clock);
    const fragments = new FragmentPorts();
    try {
      for (const plan of plans) {
        const { flows } = this;
        const meter = new PacketMeter({ flows, fragments, scope: this.#scope, wanted: plan.wanted, counted });
        this.#rings.push({ ring: openRing(plan), meter });
      }
    } catch (thrown) {
      this.#closeRings();
      throw thrown;
    }
    const descriptors = this.#rings.map(({ ring }) => ring.descriptor);
    this.#looks = new LookTimes(descriptors, options.onQueued);
  }

  /**
   * Counts every packet. Throws SyscallError: EPERM without CAP_NET_RAW. Closes the links, then and in the end.
   *
   * Before Linux 6.2 a ring that tells segment sizes drops UDP super-packets, so that UDP has a ring of its own.
   */
  static ofAll(options: CaptureOptions): PacketCapture {
    // virtio_net_hdr_from_skb knows SKB_GSO_UDP_L4 from then on.
    const canDescribe = options.canDescribeUdpSegments ?? isKernelAtLeast(6, 2);
    const tcp: RingPlan = { wanted: canDescribe ? 'any' : 'tcp', withSegmentSizes: true, ring: ALL_RING };
    return new PacketCapture(canDescribe ? [tcp] : [tcp, UDP_PLAN], 'l3', options);
  }

  /** Counts what UDP and everything else but TCP carries. Throws and closes as `ofAll`. */
  static ofDatagrams(options: CaptureOptions): PacketCapture {
    return new PacketCapture([UDP_PLAN], 'payload', options);
  }

  /** Counts the packets that the kernel has handed over. */
  drain(): void {
    this.flows.nowMicros = this.#clock();
    this.#isBusy = false;
    // Most drains of a machine at rest find nothing, and then it does not matter which interfaces there are.
    const hasBlock = this.#rings.some(({ ring }) => ring.hasBlock);
    this.#looks.looked(hasBlock);
    if (!hasBlock) return;
    this.#scope.refresh();
    for (const { ring, meter } of this.#rings) {
      if (ring.drain(meter.visit) > ring.blockCount * BUSY_SHARE) this.#isBusy = true;
    }
  }

  drainWithinMillis(): number {
    return this.#isBusy ? BUSY_DRAIN_MILLIS : this.#looks.withinMillis(DRAIN_MILLIS);
  }

  /** Packets that no block was free for. Asks the kernel. */
  readDropped(): number {
    let dropped = 0;
    for (const { ring } of this.#rings) dropped += ring.readDropped();
    return dropped;
  }

  close(): void {
    this.#looks.close();
    this.#closeRings();
  }

  #closeRings(): void {
    for (const { ring } of this.#rings) ring.close();
    this.#rings.length = 0;
    this.#scope.close();
  }
}

function openRing(plan: RingPlan): PacketRing {
  return new PacketRing({
    filter: packetFilter(plan.wanted, plan.withSegmentSizes ? NETWORK_HEADER : 0),
    ...plan.ring,
    retireMillis: RETIRE_MILLIS,
    withSegmentSizes: plan.withSegmentSizes,
  });
}

/** linux/virtio_net.h: VIRTIO_NET_HDR_GSO_TCPV4, TCPV6, UDP_L4. */
const SegmentType = { TCP_IPV4: 1, TCP_IPV6: 4, UDP: 5 } as const;

interface PacketMeterOptions {
  readonly flows: PacketFlows;
  readonly fragments: FragmentPorts;
  readonly scope: LinkScope;
  readonly wanted: WantedProtocol;
  /** `l3`: IP packets as on the wire. `payload`: what UDP and others carry; later fragments are packets without bytes. */
  readonly counted: 'l3' | 'payload';
}

/** Counts captured packets into flows, each for the end or, on the loopback interface, both ends that are here. */
class PacketMeter {
  readonly visit: PacketVisitor = (packet) => this.#count(packet);
  readonly #flows: PacketFlows;
  readonly #fragments: FragmentPorts;
  readonly #scope: LinkScope;
  readonly #wanted: WantedProtocol;
  readonly #isPayload: boolean;
  readonly #header = new IpHeader();
  readonly #ends = {
    protocol: 0,
    local: this.#header.source,
    remote: this.#header.destination,
    localPort: 0,
    remotePort: 0,
  };
  readonly #forwardedEnds = {
    protocol: PROTOCOL_FORWARDED,
    local: new Uint32Array(4),
    remote: new Uint32Array(4),
    localPort: 0,
    remotePort: 0,
  };
  #bytes = 0;
  #packets = 0;

  constructor(options: PacketMeterOptions) {
    this.#flows = options.flows;
    this.#fragments = options.fragments;
    this.#scope = options.scope;
    this.#wanted = options.wanted;
    this.#isPayload = options.counted === 'payload';
  }

  #count(packet: CapturedPacket): void {
    if (this.#scope.isCopy(packet.interfaceIndex)) return;
    const header = this.#header;
    if (!header.parse(packet.view, packet.at, packet.captured, packet.length)) return;
    if (header.isFragment) this.#placeFragment();
    if (!this.#isWanted(header.protocol)) return;
    this.#measure(packet);
    if (packet.interfaceIndex === LOOPBACK_INDEX) {
      this.#send(packet);
      this.#receive(packet);
    } else if (packet.type === PacketType.OUTGOING) this.#send(packet);
    else this.#receive(packet);
  }

  /** A later fragment whose first one was not seen is counted to its addresses alone; most fragments are UDP's. */
  #placeFragment(): void {
    const header = this.#header;
    if (!header.isLaterFragment) this.#fragments.remember(header);
    else if (!this.#fragments.recall(header) && header.protocol === 0) header.protocol = PROTOCOL_UDP;
  }

  #isWanted(protocol: number): boolean {
    if (this.#wanted === 'any') return true;
    return (protocol === PROTOCOL_TCP) === (this.#wanted === 'tcp');
  }

  #measure({ segmentBytes, segmentType }: CapturedPacket): void {
    const header = this.#header;
    if (this.#isPayload) {
      this.#packets = 1;
      this.#bytes = header.isLaterFragment ? 0 : header.datagramBytes;
      return;
    }
    // Of a tunnel's super-packet the segments are those of the packets inside, whose headers are not known here.
    const isOurs =
      header.protocol === PROTOCOL_UDP
        ? segmentType === SegmentType.UDP
        : header.protocol === PROTOCOL_TCP &&
          (segmentType === SegmentType.TCP_IPV4 || segmentType === SegmentType.TCP_IPV6);
    this.#packets = isOurs ? segmentCount(header, segmentBytes) : 1;
    this.#bytes = wireBytes(header, this.#packets);
  }

  #send(packet: CapturedPacket): void {
    const header = this.#header;
    const ends = this.#ends;
    ends.local = header.source;
    ends.localPort = header.sourcePort;
    ends.remote = header.destination;
    ends.remotePort = header.destinationPort;
    const slot = this.#flowOf(packet, true);
    if (slot >= 0) this.#flows.countSent(slot, this.#bytes, this.#packets);
  }

  #receive(packet: CapturedPacket): void {
    const header = this.#header;
    const ends = this.#ends;
    ends.local = header.destination;
    ends.localPort = header.destinationPort;
    ends.remote = header.source;
    ends.remotePort = header.sourcePort;
    const slot = this.#flowOf(packet, false);
    if (slot >= 0) this.#flows.countReceived(slot, this.#bytes, this.#packets);
  }

  /** The flow of `#ends`, new where need be; -1: the packet is not this machine's, a copy, or there is no place. */
  #flowOf(packet: CapturedPacket, isSent: boolean): number {
    const flows = this.#flows;
    const ends = this.#ends;
    ends.protocol = this.#header.protocol;
    if (ends.protocol === PROTOCOL_UDP && this.#scope.isTunnelPort(this.#header.destinationPort)) {
      ends.protocol = PROTOCOL_UDP_TUNNEL;
      ends.localPort = 0;
      ends.remotePort = 0;
    }
    if (this.#scope.isStackedCopy(packet.interfaceIndex, ends.local)) return -1;
    let slot = flows.find(ends);
    if (slot < 0) {
      if (!this.#isOwn(packet, isSent)) return this.#forwarded(packet);
      slot = flows.add(ends);
      if (slot < 0) {
        flows.refuse(this.#bytes, this.#packets);
        return -1;
      }
      // The broadcast address of a network looks like any other.
      if (packet.type === PacketType.BROADCAST && !this.#scope.isLocal(ends.local)) flows.isForMany[slot] = 1;
    }
    flows.interfaceIndex[slot] = packet.interfaceIndex;
    const { flags } = this.#header;
    if ((flags & TcpFlag.SYN) !== 0) this.#noteOpener(slot, isSent, flags);
    return slot;
  }

  /** The one flow of all that passes an interface on its way from one machine to another; -1: no place. */
  #forwarded({ interfaceIndex }: CapturedPacket): number {
    const ends = this.#forwardedEnds;
    ends.localPort = interfaceIndex & 0xffff;
    const known = this.#flows.find(ends);
    const slot = known >= 0 ? known : this.#flows.add(ends);
    if (slot >= 0) this.#flows.interfaceIndex[slot] = interfaceIndex;
    else this.#flows.refuse(this.#bytes, this.#packets);
    return slot;
  }

  /** What a router passes on has no end here. What is sent to a group or to everybody is for this machine too. */
  #isOwn(packet: CapturedPacket, isSent: boolean): boolean {
    if (packet.interfaceIndex === LOOPBACK_INDEX) return true;
    if (packet.type === PacketType.BROADCAST || packet.type === PacketType.MULTICAST) return true;
    const { local } = this.#ends;
    return this.#scope.isLocal(local) || (isSent && isUnspecifiedAddress(local, 0));
  }

  #noteOpener(slot: number, isSent: boolean, flags: number): void {
    const isAnswer = (flags & TcpFlag.ACK) !== 0;
    this.#flows.noteOpener(slot, isSent === isAnswer ? FlowOpener.PEER : FlowOpener.LOCAL, isAnswer);
  }
}
