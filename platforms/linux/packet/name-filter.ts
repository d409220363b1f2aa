import type { FilterInstruction } from '../socket-filter.ts';
import {
  Ancillary,
  EtherType,
  emitSightings,
  FilterAssembler,
  IP_PROTOCOL,
  IPV4_PROTOCOL_OFFSET,
  IPV6_NEXT_HEADER_OFFSET,
  LOOPBACK_INDEX,
  Operation,
  PacketType,
} from './filter.ts';

/** Bytes kept of a packet: 4 KiB of payload behind the longest headers. */
export const NAME_SNAP_BYTES = 4096 + 128;

const DNS_PORT = 53;
const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const IPV4_FRAGMENT_OFFSET = 6;
/** RFC 9000, 14.1: a client pads datagrams with Initial packets to 1,200 bytes. */
const INITIAL_DATAGRAM_BYTES = 1200;
const LONG_HEADER = 0xc0;
/** RFC 9000, 15 and RFC 9369, 3. */
export const QUIC_VERSIONS = [0x00000001, 0x6b3343cf];
const TCP_DATA_OFFSET = 12;
/** Content type handshake, version 3.x; behind the record's header of 5 bytes the type ClientHello. */
const TLS_HEAD = 0x1603_0000;
const TLS_HEAD_MASK = 0xffff_0000 | 0;
const TLS_TYPE_OFFSET = 5;
const CLIENT_HELLO = 1;
/** The first four bytes of `GET `, `POST`, `HEAD`, `PUT `, `DELETE`, `OPTIONS` and `PATCH`. */
export const HTTP_HEADS = [
  0x47455420, 0x504f5354, 0x48454144, 0x50555420, 0x44454c45, 0x4f505449, 0x50415443,
];

/**
 * The classic filter of a packet socket that sees nothing but packets that may say a name: those from port 53, segments
 * of this machine that begin with a ClientHello or a request of HTTP, and its datagrams that begin with an Initial
 * packet of QUIC. It knows nothing of connections: later segments of a ClientHello do not pass.
 */
export function nameFilter(): readonly FilterInstruction[] {
  const program = new FilterAssembler();
  emitSightings(program);
  program.label('protocol');
  program.load(Operation.LOAD_WORD, Ancillary.PROTOCOL);
  program.jumpIfEqual(EtherType.IPV6, 'ipv6');
  program.jumpUnlessEqual(EtherType.IPV4, 'refuse');
  program.load(Operation.LOAD_HALF, IPV4_FRAGMENT_OFFSET);
  program.jumpIfSet(0x1fff, 'refuse');
  program.load(Operation.SET_X_TO_HEADER, 0);
  program.load(Operation.LOAD_BYTE, IPV4_PROTOCOL_OFFSET);
  program.jumpIfEqual(IP_PROTOCOL.tcp, 'tcp');
  program.jumpIfEqual(IP_PROTOCOL.udp, 'udp');
  program.result(0);
  program.label('ipv6');
  program.load(Operation.SET_X, IPV6_BYTES);
  program.load(Operation.LOAD_BYTE, IPV6_NEXT_HEADER_OFFSET);
  program.jumpIfEqual(IP_PROTOCOL.tcp, 'tcp');
  program.jumpUnlessEqual(IP_PROTOCOL.udp, 'refuse');
  emitUdp(program);
  emitTcp(program);
  program.label('keep');
  program.result(NAME_SNAP_BYTES);
  program.label('refuse');
  program.result(0);
  return program.assemble();
}

function emitUdp(program: FilterAssembler): void {
  program.label('udp');
  program.load(Operation.LOAD_HALF_AT_X, 0);
  program.jumpIfEqual(DNS_PORT, 'keep');
  program.load(Operation.LOAD_LENGTH);
  program.jumpIfAbove(INITIAL_DATAGRAM_BYTES - 1, 'udp.long');
  program.result(0);
  program.label('udp.long');
  emitSent(program, 'udp');
  program.load(Operation.LOAD_BYTE_AT_X, UDP_BYTES);
  program.load(Operation.AND, LONG_HEADER);
  program.jumpUnlessEqual(LONG_HEADER, 'refuse');
  program.load(Operation.LOAD_WORD_AT_X, UDP_BYTES + 1);
  for (const version of QUIC_VERSIONS) program.jumpIfEqual(version, 'keep');
  program.result(0);
}

function emitTcp(program: FilterAssembler): void {
  program.label('tcp');
  program.load(Operation.LOAD_HALF_AT_X, 0);
  program.jumpIfEqual(DNS_PORT, 'keep');
  emitSent(program, 'tcp');
  // X = where the payload starts; a load behind the end refuses the packet.
  program.load(Operation.LOAD_BYTE_AT_X, TCP_DATA_OFFSET);
  program.load(Operation.SHIFT_RIGHT, 2);
  program.load(Operation.AND, 0x3c);
  program.load(Operation.ADD_X);
  program.load(Operation.MOVE_TO_X);
  program.load(Operation.LOAD_WORD_AT_X, 0);
  for (const head of HTTP_HEADS) program.jumpIfEqual(head, 'keep');
  program.load(Operation.AND, TLS_HEAD_MASK);
  program.jumpUnlessEqual(TLS_HEAD, 'refuse');
  program.load(Operation.LOAD_BYTE_AT_X, TLS_TYPE_OFFSET);
  program.jumpUnlessEqual(CLIENT_HELLO, 'refuse');
}

/** Goes on with what this machine sends: on the loopback interface what arrives there, which was sent too. */
function emitSent(program: FilterAssembler, name: string): void {
  program.load(Operation.LOAD_WORD, Ancillary.PACKET_TYPE);
  program.jumpIfEqual(PacketType.OUTGOING, `${name}.sent`);
  program.load(Operation.LOAD_WORD, Ancillary.INTERFACE_INDEX);
  program.jumpUnlessEqual(LOOPBACK_INDEX, 'refuse');
  program.label(`${name}.sent`);
}
