import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import { PROTOCOL_FORWARDED, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import type { LinkScope } from './capture-scope.ts';
import { LOOPBACK_INDEX, PacketType, type WantedProtocol } from './filter.ts';
import { FlowOpener, type PacketFlows, Renewal } from './flow-table.ts';
import { type FragmentPorts, IpHeader, segmentCount, TcpFlag, wireBytes } from './ip-header.ts';
import type { CapturedPacket, PacketVisitor } from './ring.ts';

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
export class PacketMeter {
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
    const flows = this.#flows;
    flows.opener[slot] = isSent === isAnswer ? FlowOpener.PEER : FlowOpener.LOCAL;
    // The ends may have been another connection's a moment ago.
    if (isAnswer) return;
    flows.renewal[slot] = flows.renewal[slot] === Renewal.EXPECTED ? Renewal.NONE : Renewal.RENEWED;
  }
}
