import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { NativeBuffer } from '../libc.ts';
import { Pair } from '../testdata/loopback.ts';
import { DiagRecord } from './diag-record.ts';
import { familyRequest, legacyTcpRequest, SockDiag } from './sock-diag.ts';
import type { VisitMessage } from './socket.ts';

const TCP_DIAG_TYPE = 18;

/** Every record of a dump, as plain objects. */
function dump(diag: SockDiag, request = legacyTcpRequest(0xb3e)): Record<string, number | boolean>[] {
  const record = new DiagRecord();
  const seen: Record<string, number | boolean>[] = [];
  diag.begin(request);
  const visit: VisitMessage = (buffer, at, length) => {
    expect(record.read(buffer, at, length)).toBe(true);
    record.readCounters();
    seen.push({ ...record, cgroupId: record.cgroupId() });
  };
  while (diag.receive(visit));
  return seen;
}

/** A datagram of one message; its payload follows the header. */
function datagram(
  type: number,
  payload: readonly number[],
  length = 16 + payload.length * 4,
  flags = 0,
): NativeBuffer {
  const buffer = new NativeBuffer(16 + payload.length * 4);
  buffer.u32[0] = length;
  buffer.u16[2] = type;
  buffer.u16[3] = flags;
  for (const [i, word] of payload.entries()) buffer.u32[4 + i] = word;
  return buffer;
}

function read(buffer: NativeBuffer): { goesOn: boolean; messages: number; wasInterrupted: boolean } {
  const diag = new SockDiag();
  let messages = 0;
  try {
    const end = 16 + ((buffer.u32[0]! - 16) & 4);
    const goesOn = diag.read(() => messages++, buffer, end);
    return { goesOn, messages, wasInterrupted: diag.wasInterrupted };
  } finally {
    diag.close();
  }
}

test('a dump shows both ends of a connection, with counters, user and inode', async () => {
  const pair = await Pair.open('127.0.0.1');
  const diag = new SockDiag();
  try {
    pair.client.send(4000);
    await pair.server.until(() => pair.server.received === 4000);
    const { clientPort, serverPort } = pair;
    const server = dump(diag).find((r) => r['localPort'] === serverPort && r['remotePort'] === clientPort);
    expect(server).toMatchObject({
      family: 2,
      state: 1,
      bytesReceived: 4000,
      bytesAcked: 0,
      uniqueBytesSent: 0,
      uid: process.geteuid?.(),
      hasInfo: true,
    });
    expect(server?.['inode']).toBeGreaterThan(0);
    expect(server?.['rttMicros']).toBeGreaterThan(0);
    expect(dump(diag, legacyTcpRequest(1 << 10)).some((r) => r['localPort'] === serverPort)).toBe(true);
  } finally {
    diag.close();
    pair.close();
  }
});

test('a dump given up half way does not spoil the next', async () => {
  const pair = await Pair.open('::1');
  const diag = new SockDiag();
  try {
    diag.begin(legacyTcpRequest(0xb3e));
    const { clientPort } = pair;
    expect(dump(diag).some((r) => r['localPort'] === clientPort && r['family'] === 10)).toBe(true);
  } finally {
    diag.close();
    pair.close();
  }
});

test('what the kernel refuses is an error with its errno', () => {
  const diag = new SockDiag();
  try {
    expect(() => dump(diag, familyRequest(77, 6, 0xffffffff))).toThrow(OpError);
    expect(dump(diag, familyRequest(2, 17, 0xffffffff))).toBeArray();
  } finally {
    diag.close();
  }
});

describe('a datagram', () => {
  test('ends with DONE', () => {
    expect(read(datagram(3, [0]))).toEqual({ goesOn: false, messages: 0, wasInterrupted: false });
  });

  test('says by a flag that the dump was interrupted', () => {
    const buffer = datagram(TCP_DIAG_TYPE, [], 16, 0x10);
    expect(read(buffer)).toEqual({ goesOn: true, messages: 1, wasInterrupted: true });
  });

  test('that carries an error, cut short or not, throws', () => {
    expect(() => read(datagram(2, [-1 >>> 0]))).toThrow('sock_diag: EPERM');
    expect(() => read(datagram(2, []))).toThrow('TRUNCATED');
  });

  test('that lies about a length throws', () => {
    expect(() => read(datagram(TCP_DIAG_TYPE, [0], 400))).toThrow('TRUNCATED');
    expect(() => read(datagram(TCP_DIAG_TYPE, [0], 3))).toThrow('TRUNCATED');
  });

  test('of another dump is passed over', () => {
    const buffer = datagram(3, [0]);
    buffer.u32[2] = 99;
    expect(read(buffer)).toEqual({ goesOn: true, messages: 0, wasInterrupted: false });
  });
});

test('a record is read within its message or not at all, whatever the bytes', () => {
  const record = new DiagRecord();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 512 }), fc.nat(512), (random, claimed) => {
      const buffer = new NativeBuffer(random.length);
      buffer.bytes.set(random);
      const isRead = record.read(buffer, 0, claimed);
      expect(isRead).toBe(claimed >= 88 && claimed <= buffer.bytes.length);
      if (!isRead) return;
      record.readCounters();
      expect(record.localPort).toBeLessThanOrEqual(0xffff);
      const into = new Uint32Array(4);
      record.copyLocalAddress(into, 0);
      record.copyRemoteAddress(into, 0);
      expect(record.cgroupId()).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('tcp_info that ends before a counter leaves it unknown', () => {
  const record = new DiagRecord();
  for (const [infoBytes, hasInfo, knowsSent] of [
    [140, false, false],
    [144, true, false],
    [215, true, false],
    [216, true, true],
  ] as const) {
    const buffer = new NativeBuffer(88 + 4 + 220);
    buffer.u16[44] = 4 + infoBytes;
    buffer.u16[45] = 2;
    expect(record.read(buffer, 0, 88 + 4 + infoBytes)).toBe(true);
    record.readCounters();
    expect(record.hasInfo).toBe(hasInfo);
    expect(hasInfo && !Number.isNaN(record.uniqueBytesSent)).toBe(knowsSent);
  }
});
