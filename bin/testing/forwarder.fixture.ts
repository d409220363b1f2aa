/**
 * Joins two network namespaces by a tun device in each (Documentation/networking/tuntap.rst) and passes their packets
 * on, later, in another order, or not at all:
 *
 *   forwarder.fixture.ts PID_A PID_B DELAY_MILLIS LOSS REORDER DROPPED_PORT
 *
 * Loss and reordering are shares of the TCP segments with data from A to B. Packets to DROPPED_PORT (0: none) go
 * nowhere, as behind a firewall that drops. Prints `ready`, and when its standard input ends what it has counted, as
 * JSON.
 */
import { closeSync, openSync } from 'node:fs';
import { NativeBuffer, readInto, systemCall, writeFrom } from '../../platforms/linux/libc.ts';

const IS_ARM = process.arch === 'arm64';
const SYS_SETNS = IS_ARM ? 268 : 308;
const SYS_IOCTL = IS_ARM ? 29 : 16;
const SYS_OPENAT = IS_ARM ? 56 : 257;
const CLONE_NEWNET = 0x4000_0000;
const AT_FDCWD = -100;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const TUNSETIFF = 0x4004_54ca;
const IFF_TUN = 1;
const IFF_NO_PI = 0x1000;
const PACKET_BYTES = 2048;
const TCP = 6;
/** A packet that others overtake is so much later. */
const OVERTAKEN_MILLIS = 15;
/** The line holds so many packets; more are lost, as in any queue. */
const QUEUE_LIMIT = 4096;

const [pidA, pidB, delayMillis, loss, reorder, droppedPort] = process.argv.slice(2).map(Number);

/** A buffer's address as a number, for system calls without a wrapper. */
function pointerOf(buffer: NativeBuffer): number {
  return Number(buffer.pointer);
}

function openTun(pid: number): number {
  const own = openSync('/proc/self/ns/net', 'r');
  const other = openSync(`/proc/${pid}/ns/net`, 'r');
  expectOk('setns', systemCall(SYS_SETNS, other, CLONE_NEWNET));
  const path = NativeBuffer.ofPath('/dev/net/tun');
  const tun = expectOk('open tun', systemCall(SYS_OPENAT, AT_FDCWD, pointerOf(path), O_RDWR | O_NONBLOCK));
  const request = new NativeBuffer(40);
  request.bytes.set(new TextEncoder().encode('tun0'));
  request.u16[8] = IFF_TUN | IFF_NO_PI;
  expectOk('TUNSETIFF', systemCall(SYS_IOCTL, tun, TUNSETIFF, pointerOf(request)));
  expectOk('setns', systemCall(SYS_SETNS, own, CLONE_NEWNET));
  closeSync(own);
  closeSync(other);
  return tun;
}

function expectOk(what: string, result: number): number {
  if (result >= 0) return result;
  process.stderr.write(`forwarder: ${what}: errno ${-result}\n`);
  process.exit(1);
}

interface Packet {
  readonly dueMillis: number;
  readonly bytes: Uint8Array;
  readonly to: number;
}

const counts = { packets: 0, dataSegments: 0, lost: 0, overtaken: 0, dropped: 0, overflown: 0 };
const tuns = [openTun(pidA!), openTun(pidB!)] as const;
const buffer = new NativeBuffer(PACKET_BYTES);
let queue: Packet[] = [];
let seed = 20_240_102;

/** xorshift32, the same at every run. */
function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
}

/** Bytes of payload of a TCP segment over IPv4; -1: it is none. */
function payloadOf(bytes: Uint8Array): number {
  if (bytes[0]! >> 4 !== 4 || bytes[9] !== TCP) return -1;
  const headerBytes = (bytes[0]! & 15) * 4;
  return ((bytes[2]! << 8) | bytes[3]!) - headerBytes - (bytes[headerBytes + 12]! >> 4) * 4;
}

function destinationPort(bytes: Uint8Array): number {
  const at = (bytes[0]! & 15) * 4 + 2;
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function take(bytes: Uint8Array, side: 0 | 1): void {
  counts.packets++;
  const payload = payloadOf(bytes);
  let dueMillis = performance.now() + delayMillis!;
  if (side === 0 && payload >= 0) {
    if (droppedPort! > 0 && destinationPort(bytes) === droppedPort) {
      counts.dropped++;
      return;
    }
    if (payload > 0) {
      counts.dataSegments++;
      if (random() < loss!) {
        counts.lost++;
        return;
      }
      if (random() < reorder!) {
        counts.overtaken++;
        dueMillis += OVERTAKEN_MILLIS;
      }
    }
  }
  if (queue.length >= QUEUE_LIMIT) counts.overflown++;
  else queue.push({ dueMillis, bytes: bytes.slice(), to: 1 - side });
}

function pass(): void {
  for (const side of [0, 1] as const) {
    for (let length = readInto(tuns[side], buffer); length > 0; length = readInto(tuns[side], buffer)) {
      take(buffer.bytes.subarray(0, length), side);
    }
  }
  const now = performance.now();
  const later: Packet[] = [];
  for (const packet of queue) {
    if (packet.dueMillis > now) later.push(packet);
    else {
      buffer.bytes.set(packet.bytes);
      writeFrom(tuns[packet.to]!, buffer, packet.bytes.length);
    }
  }
  queue = later;
}

setInterval(pass, 1);
process.stdout.write('ready\n');
process.stdin.on('data', () => undefined);
process.stdin.on('end', () => {
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
});
