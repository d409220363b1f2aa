import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { NetTcpLine } from './net-tcp.ts';
import { ascii } from './text-scanner.ts';

const TCP4 =
  '   3: 0100007F:A0C7 0500000A:01BB 01 00000000:00000000 02:00000A5C 00000000  1000        0 48213 2 00000000 20 4 30 10 -1';
const TCP6 =
  '   0: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 10 0';
const MAPPED =
  '   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000200007F:C350 08 00000000:00000001 00:00000000 00000000 65534        0 777 1';

function parsed(text: string, line = new NetTcpLine()): NetTcpLine | undefined {
  const bytes = ascii(text);
  return line.parse(bytes, 0, bytes.length) ? line : undefined;
}

test('a line of /proc/net/tcp', () => {
  const line = parsed(TCP4);
  expect([...(line?.localAddress ?? [])]).toEqual([0, 0, 0xffff, 0x7f000001]);
  expect([...(line?.remoteAddress ?? [])]).toEqual([0, 0, 0xffff, 0x0a000005]);
  expect(line).toMatchObject({
    localPort: 41159,
    remotePort: 443,
    state: 1,
    uid: 1000,
    inode: 48213,
    isIpv6: false,
  });
});

test('lines of /proc/net/tcp6, IPv4-mapped addresses among them', () => {
  const line = parsed(TCP6);
  expect([...(line?.localAddress ?? [])]).toEqual([0x20010db8, 0, 0, 1]);
  expect([...(line?.remoteAddress ?? [])]).toEqual([0, 0, 0, 0]);
  expect(line).toMatchObject({ localPort: 22, remotePort: 0, state: 10, uid: 0, inode: 12345, isIpv6: true });
  const mapped = parsed(MAPPED);
  expect([...(mapped?.localAddress ?? [])]).toEqual([0, 0, 0xffff, 0x7f000001]);
  expect(mapped).toMatchObject({ localPort: 8080, remotePort: 50000, state: 8, uid: 65534, inode: 777 });
});

test('a user beyond 2^31 keeps its 32 bits', () => {
  expect(parsed(TCP4.replace(' 1000 ', ' 4294967294 '))?.uid).toBe(-2);
});

test('headings and lines cut short are none', () => {
  expect(
    parsed('  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt'),
  ).toBeUndefined();
  for (const text of [TCP4, TCP6, MAPPED]) {
    const whole = text.indexOf(' 0 ', text.indexOf(' 00000000 ')) + 3;
    for (let length = 0; length < whole; length++) expect(parsed(text.slice(0, length))).toBeUndefined();
  }
  expect(parsed('')).toBeUndefined();
});

test('digits that are too many, or not digits, are no line', () => {
  expect(parsed(TCP4.replace(':01BB', ':101BB'))).toBeUndefined();
  expect(parsed(TCP4.replace('0500000A', '0500000G'))).toBeUndefined();
  expect(parsed(TCP4.replace('0500000A', '0500000A0'))).toBeUndefined();
  expect(parsed(TCP4.replace(' 48213 ', ' 99999999999 '))).toBeUndefined();
});

test('no bytes make it throw or read on', () => {
  const line = new NetTcpLine();
  const piece = fc.constantFrom(' ', ':', '0', 'F', 'g', '\0', '00000000', '0100007F:A0C7', '1');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const bytes = ascii(`${pieces.join('')}`);
      const before = ascii(TCP4);
      const all = new Uint8Array([...bytes, ...before]);
      if (!line.parse(all, 0, bytes.length)) return;
      expect(line.inode).toBeGreaterThanOrEqual(0);
      expect(line.localPort).toBeLessThanOrEqual(0xffff);
    }),
  );
});
