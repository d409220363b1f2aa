/** Packets made by hand, for tests: what a field says can be overridden, true or not. */

export interface PacketSpec {
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: 'tcp' | 'udp' | number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly payload?: number;
  /** TCP options in bytes, a multiple of 4. */
  readonly tcpOptions?: number;
  readonly tcpFlags?: number;
  /** IPv4 options in bytes, a multiple of 4. */
  readonly ipOptions?: number;
  readonly identification?: number;
  /** Flags and offset as they stand in the header. */
  readonly fragment?: number;
  /** What UDP's length field says. */
  readonly udpLength?: number;
  /** What IP's length field says. */
  readonly ipLength?: number;
}

const NUMBERS = { tcp: 6, udp: 17 } as const;

/** TCP or UDP header and payload; empty for other protocols. */
export function transport(spec: PacketSpec): Uint8Array {
  const protocol = spec.protocol ?? 'udp';
  const payload = spec.payload ?? 100;
  const isTcp = protocol === 'tcp';
  if (typeof protocol === 'number') return new Uint8Array(payload);
  const headerBytes = isTcp ? 20 + (spec.tcpOptions ?? 0) : 8;
  const bytes = new Uint8Array(headerBytes + payload);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, spec.sourcePort ?? 1000);
  view.setUint16(2, spec.destinationPort ?? 2000);
  if (isTcp) {
    view.setUint8(12, (headerBytes / 4) << 4);
    view.setUint8(13, spec.tcpFlags ?? 0x10);
  } else view.setUint16(4, spec.udpLength ?? bytes.length);
  return bytes;
}

/** An IPv4 packet around `inner`, with a true header checksum. */
export function ipv4(spec: PacketSpec = {}, inner = transport(spec)): Uint8Array {
  const options = spec.ipOptions ?? 0;
  const bytes = new Uint8Array(20 + options + inner.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x40 | (5 + options / 4));
  view.setUint16(2, spec.ipLength ?? bytes.length);
  view.setUint16(4, spec.identification ?? 0);
  view.setUint16(6, spec.fragment ?? 0);
  view.setUint8(8, 64);
  view.setUint8(9, numberOf(spec));
  bytes.set(octets(spec.source ?? '10.0.0.1'), 12);
  bytes.set(octets(spec.destination ?? '10.0.0.2'), 16);
  view.setUint16(10, checksum(view, 20 + options));
  bytes.set(inner, 20 + options);
  return bytes;
}

/** An IPv6 packet; `extensions` are whole headers whose first byte this function fills in. */
export function ipv6(
  spec: PacketSpec = {},
  extensions: readonly (readonly [number, Uint8Array])[] = [],
  inner = transport(spec),
): Uint8Array {
  const headers = extensions.map(([, header]) => header);
  const behind = [...headers, inner];
  const length = behind.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(40 + length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, spec.ipLength ?? length);
  view.setUint8(6, extensions[0]?.[0] ?? numberOf(spec));
  view.setUint8(7, 64);
  bytes.set(hextets(spec.source ?? 'fd00:0:0:0:0:0:0:1'), 8);
  bytes.set(hextets(spec.destination ?? 'fd00:0:0:0:0:0:0:2'), 24);
  let at = 40;
  for (const [index, part] of behind.entries()) {
    bytes.set(part, at);
    if (index < headers.length) bytes[at] = extensions[index + 1]?.[0] ?? numberOf(spec);
    at += part.length;
  }
  return bytes;
}

/** A fragment header: offset in bytes, a multiple of 8. */
export function fragmentHeader(offset: number, hasMore: boolean, identification: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, offset | (hasMore ? 1 : 0));
  view.setUint32(4, identification);
  return bytes;
}

/** An Ethernet frame around a packet, tags from the outermost on. */
export function ethernet(
  packet: Uint8Array,
  destination: string,
  source: string,
  tags: readonly (readonly [etherType: number, control: number])[] = [],
): Uint8Array {
  const bytes = new Uint8Array(14 + tags.length * 4 + packet.length);
  const view = new DataView(bytes.buffer);
  bytes.set(station(destination), 0);
  bytes.set(station(source), 6);
  let at = 12;
  for (const [etherType, control] of tags) {
    view.setUint16(at, etherType);
    view.setUint16(at + 2, control);
    at += 4;
  }
  view.setUint16(at, packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);
  bytes.set(packet, at + 2);
  return bytes;
}

function numberOf({ protocol = 'udp' }: PacketSpec): number {
  return typeof protocol === 'number' ? protocol : NUMBERS[protocol];
}

function octets(address: string): Uint8Array {
  return Uint8Array.from(address.split('.').map(Number));
}

/** Eight groups, nothing left out. */
function hextets(address: string): Uint8Array {
  const groups = address.split(':').map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function station(address: string): Uint8Array {
  return Uint8Array.from(address.split(':').map((octet) => Number.parseInt(octet, 16)));
}

/** RFC 1071. */
function checksum(view: DataView, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
