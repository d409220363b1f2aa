import {
  CLIENT_HELLO,
  DNS_PORT,
  HTTP_HEADS,
  QUIC_DATAGRAM_BYTES,
  QUIC_LONG_HEADER,
  QuicVersion,
  TLS_HANDSHAKE,
  TLS_HEADER_BYTES,
  TLS_MAJOR,
} from '../first-bytes.ts';
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
const NAME_SNAP_BYTES = 4096 + 128;

const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const IPV4_FRAGMENT_OFFSET = 6;
const TCP_DATA_OFFSET = 12;
const TLS_HEAD = TLS_HANDSHAKE * 0x100_0000 + TLS_MAJOR * 0x1_0000;
const TLS_HEAD_MASK = 0xffff_0000 | 0;

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
  program.jumpIfAbove(QUIC_DATAGRAM_BYTES - 1, 'udp.long');
  program.result(0);
  program.label('udp.long');
  emitSent(program, 'udp');
  program.load(Operation.LOAD_BYTE_AT_X, UDP_BYTES);
  program.load(Operation.AND, QUIC_LONG_HEADER);
  program.jumpUnlessEqual(QUIC_LONG_HEADER, 'refuse');
  program.load(Operation.LOAD_WORD_AT_X, UDP_BYTES + 1);
  for (const version of Object.values(QuicVersion)) program.jumpIfEqual(version, 'keep');
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
  program.load(Operation.LOAD_BYTE_AT_X, TLS_HEADER_BYTES);
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
