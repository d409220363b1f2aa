import { PROTOCOL_FORWARDED } from '../../../src/data/sample/socket-table.ts';
import type { KernelTypes } from './btf.ts';
import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { currentOwner, enterStackValue, lookupStackKey, zeroStack } from './network-code.ts';
import { FlowKey, FlowValue, FORWARDED_COOKIE_HIGH, type NetworkMaps, Owner } from './network-layout.ts';
import type { NetworkOffsets } from './network-types.ts';

const { R0, R1, R2, R3, R6, R7, R8, R9, R10 } = Register;

/** include/linux/socket.h. */
const AF_PACKET = 17;
/** linux/if_ether.h, as a little-endian machine loads them: ETH_P_IP, ETH_P_IPV6. */
const LINK_PROTOCOLS = [0x0008, 0xdd86];
/** include/linux/skbuff.h: SKB_GSO_TCPV4 and SKB_GSO_TCPV6; SKB_GSO_UDP_L4. */
const GSO_TCP = (1 << 0) | (1 << 4);
const GSO_UDP = 1 << 17;
const UDP_HEADER_BYTES = 8;
const TCP_DATA_OFFSET = 12;

/** The stack: a key, a value, packets u64, and room to read into. */
const KEY = -FlowKey.SIZE;
const VALUE = KEY - FlowValue.SIZE;
const PACKETS = VALUE - 8;
const SCRATCH = PACKETS - 8;

/** Offsets in sk_buff, skb_shared_info and net_device. */
type DeviceOffsets = Readonly<ReturnType<typeof deviceOffsets>>;

/** Throws OpError `UNSUPPORTED`. */
export function deviceOffsets(types: KernelTypes) {
  const of = (structure: string, path: string): number => types.member(structure, path).offset;
  return {
    ...{ sk: of('sk_buff', 'sk'), device: of('sk_buff', 'dev') },
    ...{ length: of('sk_buff', 'len'), protocol: of('sk_buff', 'protocol') },
    /** int: ifindex of the interface that it came in by, 0: it was made here. */
    cameIn: of('sk_buff', 'skb_iif'),
    ...{ head: of('sk_buff', 'head'), data: of('sk_buff', 'data') },
    /** u32, from `head`. */
    end: of('sk_buff', 'end'),
    /** u16, from `head`. */
    networkHeader: of('sk_buff', 'network_header'),
    transportHeader: of('sk_buff', 'transport_header'),
    gsoSize: of('skb_shared_info', 'gso_size'),
    gsoSegments: of('skb_shared_info', 'gso_segs'),
    gsoType: of('skb_shared_info', 'gso_type'),
    deviceIndex: of('net_device', 'ifindex'),
    deviceNet: of('net_device', 'nd_net.net'),
    readOnly: types.readOnlyCast('sk_buff'),
  };
}

/**
 * tp_btf/net_dev_queue: counts the IP packets that no program of a control group sees. What a process sends by an
 * AF_PACKET socket goes to its sum. What came in by one interface and leaves by another without a socket is forwarded:
 * sent by the one, received by the other. R6 packet, R7 its socket, R8 bytes on the wire, R9 interface.
 */
export function deviceProgram(maps: NetworkMaps, offsets: NetworkOffsets, device: DeviceOffsets): Uint8Array {
  const code = new Assembler();
  code.load(Size.DW, R6, R1, 0).readOnly(R6, R6, device.readOnly);
  code.load(Size.DW, R7, R6, device.sk).jumpIfImmediate(Jump.EQ, R7, 0, 'unowned');
  code.load(Size.H, R1, R7, offsets.sockFamily).jumpIfImmediate(Jump.NE, R1, AF_PACKET, 'out').jump('ours');
  code.label('unowned').load(Size.W, R1, R6, device.cameIn).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.label('ours').load(Size.H, R1, R6, device.protocol);
  for (const protocol of LINK_PROTOCOLS) code.jumpIfImmediate(Jump.EQ, R1, protocol, 'counted');
  code.jump('out').label('counted');
  emitBytes(code, device);
  zeroStack(code, KEY, FlowKey.SIZE);
  zeroStack(code, VALUE, FlowValue.SIZE);
  emitDevice(code, offsets, device);
  code.jumpIfImmediate(Jump.EQ, R7, 0, 'forwarded');
  currentOwner(code, VALUE + FlowValue.OWNER, offsets);
  code.load(Size.W, R1, R10, VALUE + FlowValue.OWNER + Owner.TGID);
  code.store(Size.W, R10, KEY + FlowKey.TGID, R1).store(Size.W, R10, KEY + FlowKey.IFINDEX, R9);
  emitCount(code, maps.sums, 'sent', FlowValue.TX_BYTES, FlowValue.TX_PACKETS);
  code.jump('out').label('forwarded');
  code.storeImmediate(Size.W, R10, KEY + FlowKey.COOKIE + 4, FORWARDED_COOKIE_HIGH);
  code.storeImmediate(Size.H, R10, VALUE + FlowValue.PROTOCOL, PROTOCOL_FORWARDED);
  code.load(Size.W, R1, R10, VALUE + FlowValue.NETNS_COOKIE).store(Size.W, R10, KEY + FlowKey.TGID, R1);
  code.store(Size.W, R10, KEY + FlowKey.IFINDEX, R9);
  emitCount(code, maps.flows, 'left', FlowValue.TX_BYTES, FlowValue.TX_PACKETS);
  code.load(Size.W, R1, R6, device.cameIn).store(Size.W, R10, KEY + FlowKey.IFINDEX, R1);
  emitCount(code, maps.flows, 'came', FlowValue.RX_BYTES, FlowValue.RX_PACKETS);
  return code.label('out').returnImmediate(0).build();
}

/** R8 = IP bytes of the packet, with the headers of all that it is cut into; their number to the stack. */
function emitBytes(code: Assembler, device: DeviceOffsets): void {
  code.storeImmediate(Size.DW, R10, PACKETS, 1);
  code.load(Size.DW, R2, R6, device.data).load(Size.DW, R9, R6, device.head).alu(Alu.SUB, R2, R9);
  code.load(Size.H, R3, R6, device.networkHeader).alu(Alu.SUB, R3, R2);
  code.load(Size.W, R8, R6, device.length).alu(Alu.SUB, R8, R3);
  // The shared info stands behind the packet: gso_size and gso_segs are neighbours, gso_type is near.
  code.load(Size.W, R1, R6, device.end).alu(Alu.ADD, R9, R1);
  readKernel(code, R9, device.gsoSize, 2);
  code.load(Size.H, R1, R10, SCRATCH).jumpIfImmediate(Jump.EQ, R1, 0, 'whole');
  readKernel(code, R9, device.gsoType, 4);
  code.load(Size.W, R1, R10, SCRATCH).jumpIfImmediate(Jump.SET, R1, GSO_TCP, 'tcp');
  code.jumpIfImmediate(Jump.SET, R1, GSO_UDP, 'udp').jump('whole');
  code.label('udp').storeImmediate(Size.DW, R10, SCRATCH, UDP_HEADER_BYTES).jump('header');
  code.label('tcp').load(Size.DW, R3, R6, device.head).load(Size.H, R1, R6, device.transportHeader);
  code.alu(Alu.ADD, R3, R1);
  readKernel(code, R3, TCP_DATA_OFFSET, 1);
  code.load(Size.B, R1, R10, SCRATCH).aluImmediate(Alu.RSH, R1, 4).aluImmediate(Alu.LSH, R1, 2);
  code.store(Size.DW, R10, SCRATCH, R1).label('header');
  readKernel(code, R9, device.gsoSegments, 2, PACKETS);
  code.load(Size.H, R1, R10, PACKETS).jumpIfImmediate(Jump.NE, R1, 0, 'segments').moveImmediate(R1, 1);
  code.label('segments').store(Size.DW, R10, PACKETS, R1).aluImmediate(Alu.SUB, R1, 1);
  code.load(Size.H, R2, R6, device.transportHeader).load(Size.H, R3, R6, device.networkHeader);
  code.alu(Alu.SUB, R2, R3).load(Size.DW, R3, R10, SCRATCH).alu(Alu.ADD, R2, R3);
  code.alu(Alu.MUL, R1, R2).alu(Alu.ADD, R8, R1).label('whole');
}

/** Reads from an address in a register, which the verifier treats as a number; jumps to `whole` if it is invalid. */
function readKernel(code: Assembler, address: number, offset: number, bytes: number, into = SCRATCH): void {
  code.move(R3, address).aluImmediate(Alu.ADD, R3, offset).stackAddress(R1, into);
  code.moveImmediate(R2, bytes).call(Helper.PROBE_READ_KERNEL).jumpIfImmediate(Jump.NE, R0, 0, 'whole');
}

/** R9 = the interface, and its network namespace to the value. */
function emitDevice(code: Assembler, { netCookie }: NetworkOffsets, device: DeviceOffsets): void {
  code.load(Size.DW, R1, R6, device.device).load(Size.W, R9, R1, device.deviceIndex);
  if (netCookie === undefined) return;
  code.load(Size.DW, R1, R1, device.deviceNet).load(Size.DW, R1, R1, netCookie);
  code.store(Size.DW, R10, VALUE + FlowValue.NETNS_COOKIE, R1);
}

function emitCount(code: Assembler, map: number, name: string, bytes: number, packets: number): void {
  lookupStackKey(code, map, KEY);
  code.jumpIfImmediate(Jump.NE, R0, 0, `${name}.count`);
  enterStackValue(code, map, KEY, VALUE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, `${name}.done`).label(`${name}.count`);
  code.atomicAdd(Size.DW, R0, bytes, R8);
  code.load(Size.DW, R1, R10, PACKETS).atomicAdd(Size.DW, R0, packets, R1).label(`${name}.done`);
}
