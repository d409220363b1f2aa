import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';

const IPV4_LEAST_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_LEAST_BYTES = 20;
const UDP_BYTES = 8;
/** What is read of a TCP header: up to its flags. */
const TCP_READ_BYTES = 14;
/** RFC 8883: more than a few extension headers are nobody's traffic. */
const EXTENSIONS_LIMIT = 8;
/** The longest that the length fields of IPv4 and IPv6 can say; beyond it they are 0 (BIG TCP). */
const LONGEST_SAID = 0xffff;

/** IANA protocol numbers of IPv6 extension headers. */
const Extension = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, AUTHENTICATION: 51, OPTIONS: 60 } as const;

/** RFC 8200, 4.7 */
const NO_NEXT_HEADER = 59;

/** RFC 9293, 3.1 */
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, ACK: 16 } as const;

/**
 * The headers of one packet, of TCP and UDP with their ports. `parse` fills the object anew each time and keeps nothing of the bytes.
 *
 *   IPv4 (RFC 791)  0 version 4 bits, length 4 bits   2 total length   4 id   6 flags 3 bits, offset 13 bits
 *                   9 protocol   12 source   16 destination   20 options
 *   IPv6 (RFC 8200) 0 version 4 bits   4 payload length   6 next header   8 source   24 destination   40 extensions
 *   TCP  (RFC 9293) 0 source port   2 destination port   12 length 4 bits   13 flags
 *   UDP  (RFC 768)  0 source port   2 destination port   4 length
 */
export class IpHeader {
  readonly source = new Uint32Array(4);
  readonly destination = new Uint32Array(4);
  /** IANA's number; 0 for a later fragment whose first one alone could tell. */
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  isIpv6 = false;
  /** Of the IP packet as it says itself, without padding of the link; of a super-packet beyond 64 KiB its true one. */
  length = 0;
  /** IP header with options or extension headers. */
  networkBytes = 0;
  /** TCP or UDP header; 0 in a later fragment. */
  transportBytes = 0;
  /** What follows the IP header where it is neither TCP nor UDP; else what the UDP header says, without itself; of a fragmented datagram that of the whole, in its first fragment. */
  datagramBytes = 0;
  /** TcpFlag; 0 for UDP. */
  flags = 0;
  isFragment = false;
  /** A fragment without ports: those came with the one at offset 0. */
  isLaterFragment = false;
  identification = 0;

  /**
   * Reads the packet whose network header is at byte `at` of `view`.
   *
   * @param captured bytes that are there
   * @param length bytes that the packet had, padding of the link included
   * @returns false: no IP, or its lengths cannot be true
   */
  parse(view: DataView, at: number, captured: number, length: number): boolean {
    const end = at + Math.min(captured, length, view.byteLength - at);
    this.isFragment = false;
    this.isLaterFragment = false;
    this.identification = 0;
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.transportBytes = 0;
    this.datagramBytes = 0;
    this.flags = 0;
    if (end - at < IPV4_LEAST_BYTES) return false;
    const version = view.getUint8(at) >> 4;
    if (version === 4) return this.#parseIpv4(view, at, end, length);
    return version === 6 && this.#parseIpv6(view, at, end, length);
  }

  /** Payload of TCP or UDP in this very packet. */
  get payloadBytes(): number {
    return this.length - this.networkBytes - this.transportBytes;
  }

  #parseIpv4(view: DataView, at: number, end: number, length: number): boolean {
    this.isIpv6 = false;
    this.networkBytes = (view.getUint8(at) & 0x0f) * 4;
    if (this.networkBytes < IPV4_LEAST_BYTES || at + this.networkBytes > end) return false;
    const said = view.getUint16(at + 2);
    this.length = said === 0 && length > LONGEST_SAID ? length : said;
    if (this.length > length || this.length < this.networkBytes) return false;
    readMapped(view, at + 12, this.source);
    readMapped(view, at + 16, this.destination);
    const fragment = view.getUint16(at + 6);
    const protocol = view.getUint8(at + 9);
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return this.#takeOther(protocol);
    if ((fragment & 0x3fff) !== 0) {
      // The numbers of different protocols are their own.
      this.identification = view.getUint16(at + 4) | (protocol << 16);
      this.isFragment = true;
      this.isLaterFragment = (fragment & 0x1fff) !== 0;
    }
    return this.#parseTransport(view, at, end, protocol);
  }

  #parseIpv6(view: DataView, at: number, end: number, length: number): boolean {
    if (end - at < IPV6_BYTES) return false;
    this.isIpv6 = true;
    const said = view.getUint16(at + 4);
    this.length = said === 0 && length > IPV6_BYTES + LONGEST_SAID ? length : IPV6_BYTES + said;
    if (this.length > length) return false;
    for (let i = 0; i < 4; i++) {
      this.source[i] = view.getUint32(at + 8 + i * 4);
      this.destination[i] = view.getUint32(at + 24 + i * 4);
    }
    this.networkBytes = IPV6_BYTES;
    const protocol = this.#skipExtensions(view, at, end, view.getUint8(at + 6));
    if (this.networkBytes > this.length) return false;
    if (this.isLaterFragment) return this.#parseTransport(view, at, end, 0);
    if (protocol < 0 || protocol === NO_NEXT_HEADER) return false;
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return this.#takeOther(protocol);
    return this.#parseTransport(view, at, end, protocol);
  }

  /** It has no ports, and each fragment of it says all that is to be known. */
  #takeOther(protocol: number): boolean {
    this.isFragment = false;
    this.protocol = protocol;
    this.datagramBytes = this.length - this.networkBytes;
    return true;
  }

  /** Lengthens `networkBytes` by the extension headers and returns the protocol behind them, -1 where that is unknown. */
  #skipExtensions(view: DataView, at: number, end: number, first: number): number {
    let next = first;
    for (let i = 0; i < EXTENSIONS_LIMIT; i++) {
      const header = at + this.networkBytes;
      if (!isExtension(next)) return next;
      if (header + 8 > end) return -1;
      const length = view.getUint8(header + 1);
      if (next === Extension.FRAGMENT) {
        const fragment = view.getUint16(header + 2);
        this.identification = view.getUint32(header + 4);
        // One that is whole all the same is an atomic fragment (RFC 6946).
        this.isFragment = (fragment & 0xfff9) !== 0;
        this.isLaterFragment = (fragment & 0xfff8) !== 0;
        this.networkBytes += 8;
        if (this.isLaterFragment) return -1;
      } else this.networkBytes += next === Extension.AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
      next = view.getUint8(header);
    }
    return -1;
  }

  #parseTransport(view: DataView, at: number, end: number, protocol: number): boolean {
    this.protocol = protocol;
    if (this.isLaterFragment) return true;
    const header = at + this.networkBytes;
    const room = this.length - this.networkBytes;
    if (header + UDP_BYTES > end || room < UDP_BYTES) return false;
    this.sourcePort = view.getUint16(header);
    this.destinationPort = view.getUint16(header + 2);
    return protocol === PROTOCOL_UDP
      ? this.#parseUdp(view.getUint16(header + 4), room)
      : this.#parseTcp(view, header, end, room);
  }

  #parseUdp(said: number, room: number): boolean {
    this.transportBytes = UDP_BYTES;
    const length = said === 0 && room > LONGEST_SAID ? room : said;
    if (length < UDP_BYTES || (length > room && !this.isFragment)) return false;
    this.datagramBytes = length - UDP_BYTES;
    return true;
  }

  #parseTcp(view: DataView, header: number, end: number, room: number): boolean {
    this.transportBytes = TCP_LEAST_BYTES;
    if (this.isFragment) return true;
    if (header + TCP_READ_BYTES > end) return false;
    this.transportBytes = (view.getUint8(header + 12) >> 4) * 4;
    this.flags = view.getUint8(header + 13);
    return this.transportBytes >= TCP_LEAST_BYTES && this.transportBytes <= room;
  }
}

/**
 * IP bytes on the wire of a packet that the device cuts into segments of `segmentBytes` payload (gso_size; 0: it does
 * not), or has put together from such: each segment has the headers that the whole has once.
 */
export function wireBytes(header: IpHeader, segments: number): number {
  return header.length + (segments - 1) * (header.networkBytes + header.transportBytes);
}

/** Packets on the wire that a super-packet stands for; 1 for others. */
export function segmentCount(header: IpHeader, segmentBytes: number): number {
  const payload = header.payloadBytes;
  return segmentBytes > 0 && payload > segmentBytes ? Math.ceil(payload / segmentBytes) : 1;
}

function isExtension(protocol: number): boolean {
  return (
    protocol === Extension.HOP_BY_HOP ||
    protocol === Extension.ROUTING ||
    protocol === Extension.FRAGMENT ||
    protocol === Extension.AUTHENTICATION ||
    protocol === Extension.OPTIONS
  );
}

function readMapped(view: DataView, at: number, words: Uint32Array): void {
  words[0] = 0;
  words[1] = 0;
  words[2] = IPV4_MAPPED_WORD;
  words[3] = view.getUint32(at);
}

/** A power of two. Datagrams that are on their way in pieces at one time are few. */
const ENTRIES = 1024;
const WORDS = 9;

/**
 * Ports of fragmented packets: they come with the first fragment, and the later ones, which have none, are looked up
 * by addresses and identification. Each entry has one place, and a newer one takes it.
 */
export class FragmentPorts {
  readonly #keys = new Uint32Array(ENTRIES * WORDS);
  readonly #ports = new Uint16Array(ENTRIES * 2);
  /** 0: the place is free. */
  readonly #protocols = new Uint8Array(ENTRIES);

  /** Remembers the ports of a first fragment. */
  remember(header: IpHeader): void {
    const place = placeOf(header);
    const at = place * WORDS;
    for (let i = 0; i < 4; i++) {
      this.#keys[at + i] = header.source[i]!;
      this.#keys[at + 4 + i] = header.destination[i]!;
    }
    this.#keys[at + 8] = header.identification;
    this.#ports[place * 2] = header.sourcePort;
    this.#ports[place * 2 + 1] = header.destinationPort;
    this.#protocols[place] = header.protocol;
  }

  /** Gives a later fragment the protocol and ports of its first one; false: that one has not been seen. */
  recall(header: IpHeader): boolean {
    const place = placeOf(header);
    if (this.#protocols[place] === 0 || !this.#isAt(place, header)) return false;
    header.protocol = this.#protocols[place]!;
    header.sourcePort = this.#ports[place * 2]!;
    header.destinationPort = this.#ports[place * 2 + 1]!;
    return true;
  }

  #isAt(place: number, { source, destination, identification }: IpHeader): boolean {
    const at = place * WORDS;
    for (let i = 0; i < 4; i++) {
      if (this.#keys[at + i] !== source[i] || this.#keys[at + 4 + i] !== destination[i]) return false;
    }
    return this.#keys[at + 8] === identification >>> 0;
  }
}

function placeOf({ source, destination, identification }: IpHeader): number {
  let word = Math.imul(identification, 0x9e3779b1);
  for (let i = 0; i < 4; i++) word = Math.imul(word ^ source[i]! ^ (destination[i]! << 1), 0x85ebca6b);
  return (word >>> 16) & (ENTRIES - 1);
}
