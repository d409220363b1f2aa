import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { PROTOCOL_TCP } from '../../../src/data/sample/socket-table.ts';
import { fromNetworkOrder } from '../integers.ts';

/** Of sockets whose ends may change. No kernel cookie looks so. */
const PSEUDO_COOKIE_HIGH = 0x70726f63;
const FACTOR = 0x9e3779b1;
const SPACE = 0x20;
const COLON = 0x3a;

/**
 * A line of /proc/net/{tcp,tcp6,udp,udp6} (net/ipv4/tcp_ipv4.c get_tcp4_sock, net/ipv6/tcp_ipv6.c, udp.c):
 *
 *     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ...
 *      0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 ...
 *
 * Addresses are 32-bit words in the machine's own order (here little-endian), ports are plain hexadecimal.
 */
export class NetTcpLine {
  readonly localAddress = new Uint32Array(4);
  readonly remoteAddress = new Uint32Array(4);
  localPort = 0;
  remotePort = 0;
  state = 0;
  uid = 0;
  inode = 0;
  isIpv6 = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** Reads the line in bytes [start, end); false: it is no such line (the heading, or cut short). */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = Math.min(end, bytes.length);
    if (!this.#skipNumber()) return false;
    this.localPort = this.#readEndpoint(this.localAddress);
    this.remotePort = this.#readEndpoint(this.remoteAddress);
    this.state = this.#readNumber(16, 0xff);
    if (this.localPort < 0 || this.remotePort < 0 || this.state < 0) return false;
    // Queues, timer, retransmits.
    if (!this.#skipWord() || !this.#skipWord() || !this.#skipWord()) return false;
    this.uid = this.#readNumber(10, 0xffffffff) | 0;
    if (!this.#skipWord()) return false;
    this.inode = this.#readNumber(10, 0xffffffff);
    return this.inode >= 0;
  }

  /**
   * High word of a key that stands in for the kernel's cookie; the low one is the inode. The subflows of an MPTCP
   * connection have one inode, and different ends; those of a UDP socket may change.
   */
  cookieHigh(protocol: number): number {
    if (protocol !== PROTOCOL_TCP) return PSEUDO_COOKIE_HIGH;
    let hash = (this.localPort << 16) | this.remotePort;
    for (let i = 0; i < 4; i++) {
      hash = Math.imul(hash ^ this.localAddress[i]!, FACTOR);
      hash = Math.imul(hash ^ (hash >>> 15) ^ this.remoteAddress[i]!, FACTOR);
    }
    // The first bit keeps it apart from keys that are no sockets'.
    return (hash | 0x80000000) >>> 0;
  }

  /** "   12: " */
  #skipNumber(): boolean {
    if (this.#readNumber(10, 0xffffffff) < 0 || this.#bytes[this.#at] !== COLON) return false;
    this.#at++;
    return this.#at < this.#end;
  }

  /** An address of 8 or 32 digits and a port; the port, or -1. */
  #readEndpoint(address: Uint32Array): number {
    this.#skipSpaces();
    let words = 0;
    for (; words < 4 && this.#bytes[this.#at] !== COLON; words++) {
      const word = this.#readHexWord();
      if (word < 0) return -1;
      address[words] = fromNetworkOrder(word);
    }
    if (this.#at >= this.#end || this.#bytes[this.#at] !== COLON || (words !== 1 && words !== 4)) return -1;
    this.#at++;
    this.isIpv6 = words === 4;
    if (words === 1) mapIpv4(address);
    return this.#readNumber(16, 0xffff);
  }

  #readHexWord(): number {
    let word = 0;
    if (this.#at + 8 > this.#end) return -1;
    for (let i = 0; i < 8; i++) {
      const digit = digitValue(this.#bytes[this.#at++]!);
      if (digit < 0) return -1;
      word = word * 16 + digit;
    }
    return word;
  }

  /** Reads the number after spaces; -1: missing, or above `limit`. */
  #readNumber(base: number, limit: number): number {
    this.#skipSpaces();
    const start = this.#at;
    let value = 0;
    for (; this.#at < this.#end; this.#at++) {
      const digit = digitValue(this.#bytes[this.#at]!);
      if (digit < 0 || digit >= base) break;
      value = value * base + digit;
      if (value > limit) return -1;
    }
    return this.#at === start ? -1 : value;
  }

  #skipSpaces(): void {
    while (this.#at < this.#end && this.#bytes[this.#at] === SPACE) this.#at++;
  }

  #skipWord(): boolean {
    this.#skipSpaces();
    const start = this.#at;
    while (this.#at < this.#end && this.#bytes[this.#at] !== SPACE) this.#at++;
    return this.#at > start;
  }
}

function mapIpv4(address: Uint32Array): void {
  address[3] = address[0]!;
  address[0] = 0;
  address[1] = 0;
  address[2] = IPV4_MAPPED_WORD;
}

function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
