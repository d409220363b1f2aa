import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import type { NativeBuffer } from '../libc.ts';
import type { LinkDescription, LocalAddress, LocalPrefix } from '../link.ts';
import { ATTRIBUTE_HEADER_BYTES, findAttribute } from '../netlink/message.ts';
import { textIn } from '../proc/text-scanner.ts';

/** include/uapi/linux/rtnetlink.h */
export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_GETROUTE = 26;
export const RT_TABLE_LOCAL = 255;
export const RTN_LOCAL = 2;

/** sizeof(struct ifinfomsg), sizeof(struct ifaddrmsg), sizeof(struct rtmsg). */
const IFINFOMSG_SIZE = 16;
const IFADDRMSG_SIZE = 8;
export const RTMSG_SIZE = 12;

/** include/uapi/linux/if_link.h, if_addr.h, if.h, if_arp.h */
const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
/** IFLA_VXLAN_PORT, IFLA_GENEVE_PORT: of 16 bits, in network order. */
const PORT_ATTRIBUTES: Readonly<Record<string, number>> = { vxlan: 15, geneve: 5 };
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RTA_DST = 1;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Hardware that nevertheless has a kind: mobile broadband, InfiniBand. */
const HARDWARE_KINDS = new Set(['', 'wwan', 'ipoib']);
/** ARPHRD_ numbers without a kind that carry no traffic of this machine: CAN, 802.11 and netlink monitors. */
const MONITOR_TYPES = new Set([280, 801, 802, 803, 824]);

/**
 * One RTM_NEWLINK message's payload at bytes [at, end); undefined where it is cut short or names no interface.
 *
 *   struct ifinfomsg   0 family 1, pad 1   2 type (ARPHRD_) 2   4 index 4   8 flags 4   12 change 4   attributes
 */
export function parseLink(buffer: NativeBuffer, at: number, end: number): LinkDescription | undefined {
  const first = at + IFINFOMSG_SIZE;
  if (first > Math.min(end, buffer.bytes.length)) return undefined;
  const { view, u16 } = buffer;
  const type = view.getUint16(at + 2, true);
  const index = view.getInt32(at + 4, true);
  const flags = view.getUint32(at + 8, true);
  const name = textOf(buffer, first, end, IFLA_IFNAME);
  if (index <= 0 || name === '') return undefined;
  const isLoopback = (flags & IFF_LOOPBACK) !== 0;
  const kind = kindOf(buffer, first, end);
  const lower = wordOf(buffer, first, end, IFLA_LINK);
  const tunnelPort = tunnelPortOf(buffer, first, end, kind);
  const isLowerElsewhere = findAttribute(u16, first, end, IFLA_LINK_NETNSID) >= 0;
  return {
    index,
    name,
    kind,
    master: wordOf(buffer, first, end, IFLA_MASTER),
    // Some devices name themselves as the interface that they are stacked on.
    lower: isLowerElsewhere || lower === index ? 0 : lower,
    isLoopback,
    isUp: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    isHardware: !isLoopback && HARDWARE_KINDS.has(kind) && !MONITOR_TYPES.has(type),
    ...(tunnelPort > 0 && { tunnelPort }),
  };
}

/**
 * One RTM_NEWADDR message's payload at bytes [at, end); undefined where it is cut short or of another family. On
 * point-to-point links IFA_ADDRESS is the peer's and IFA_LOCAL ours; elsewhere IFA_LOCAL may be missing.
 *
 *   struct ifaddrmsg   0 family 1   1 prefixlen 1   2 flags 1   3 scope 1   4 index 4   attributes
 */
export function parseAddress(buffer: NativeBuffer, at: number, end: number): LocalAddress | undefined {
  const first = at + IFADDRMSG_SIZE;
  if (first > Math.min(end, buffer.bytes.length)) return undefined;
  const { view, u16 } = buffer;
  const size = ADDRESS_SIZES[view.getUint8(at)];
  const local = findAttribute(u16, first, end, IFA_LOCAL);
  const found = local >= 0 ? local : findAttribute(u16, first, end, IFA_ADDRESS);
  if (size === undefined || found < 0 || u16[found >> 1] !== ATTRIBUTE_HEADER_BYTES + size) return undefined;
  return { interfaceIndex: view.getUint32(at + 4, true), words: addressAt(buffer, found, size) };
}

/**
 * One RTM_NEWROUTE message's payload at bytes [at, end): undefined where it is cut short, of another family, or no
 * local route of more than one address.
 *
 *   struct rtmsg   0 family 1   1 bits of the destination 1   2 of the source 1   3 TOS 1   4 table 1   5 protocol 1
 *                  6 scope 1   7 type 1   8 flags 4   attributes
 */
export function parseLocalRoute(buffer: NativeBuffer, at: number, end: number): LocalPrefix | undefined {
  const first = at + RTMSG_SIZE;
  if (first > Math.min(end, buffer.bytes.length)) return undefined;
  const { bytes, u16 } = buffer;
  const size = ADDRESS_SIZES[bytes[at]!];
  const bits = bytes[at + 1]!;
  const isLocal = bytes[at + 4] === RT_TABLE_LOCAL && bytes[at + 7] === RTN_LOCAL;
  const found = findAttribute(u16, first, end, RTA_DST);
  if (size === undefined || !isLocal || bits >= size * 8 || found < 0) return undefined;
  if (u16[found >> 1] !== ATTRIBUTE_HEADER_BYTES + size) return undefined;
  return { words: addressAt(buffer, found, size), bits: size === 4 ? IPV4_MAPPED_BITS + bits : bits };
}

const IPV4_MAPPED_BITS = 96;

function addressAt({ view }: NativeBuffer, attribute: number, size: number): LocalAddress['words'] {
  const word = (n: number): number => view.getUint32(attribute + ATTRIBUTE_HEADER_BYTES + n * 4, false);
  return size === 4 ? [0, 0, IPV4_MAPPED_WORD, word(0)] : [word(0), word(1), word(2), word(3)];
}

const ADDRESS_SIZES: Readonly<Record<number, number>> = { [AF_INET]: 4, [AF_INET6]: 16 };

/** The attribute's 32-bit value; 0 where it is missing or too short. */
function wordOf(buffer: NativeBuffer, first: number, end: number, type: number): number {
  const at = findAttribute(buffer.u16, first, end, type);
  if (at < 0 || buffer.u16[at >> 1]! < ATTRIBUTE_HEADER_BYTES + 4) return 0;
  return buffer.view.getUint32(at + ATTRIBUTE_HEADER_BYTES, true);
}

/** Text of the attribute up to its NUL or its end; empty if the attribute is missing. */
function textOf(buffer: NativeBuffer, first: number, end: number, type: number): string {
  const at = findAttribute(buffer.u16, first, end, type);
  if (at < 0) return '';
  return textIn(buffer.bytes, at + ATTRIBUTE_HEADER_BYTES, at + buffer.u16[at >> 1]!);
}

function kindOf(buffer: NativeBuffer, first: number, end: number): string {
  const at = findAttribute(buffer.u16, first, end, IFLA_LINKINFO);
  if (at < 0) return '';
  return textOf(buffer, at + ATTRIBUTE_HEADER_BYTES, at + buffer.u16[at >> 1]!, IFLA_INFO_KIND);
}

/** 0: it is no tunnel in UDP, or its port is not told. */
function tunnelPortOf({ u16, view }: NativeBuffer, first: number, end: number, kind: string): number {
  const wanted = PORT_ATTRIBUTES[kind];
  const info = wanted === undefined ? -1 : findAttribute(u16, first, end, IFLA_LINKINFO);
  if (wanted === undefined || info < 0) return 0;
  const data = findAttribute(u16, info + ATTRIBUTE_HEADER_BYTES, info + u16[info >> 1]!, IFLA_INFO_DATA);
  const port =
    data < 0 ? -1 : findAttribute(u16, data + ATTRIBUTE_HEADER_BYTES, data + u16[data >> 1]!, wanted);
  if (port < 0 || u16[port >> 1]! < ATTRIBUTE_HEADER_BYTES + 2) return 0;
  return view.getUint16(port + ATTRIBUTE_HEADER_BYTES, false);
}
