import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { bytesOf, captured } from './captured-proc.fixture.ts';
import { emptyNetDevLine, parseNetDevLine } from './net-dev.ts';

const decoder = new TextDecoder();

function parseAll(bytes: Uint8Array, length = bytes.length) {
  const line = emptyNetDevLine();
  const rows: [string, number, number, number, number][] = [];
  while (parseNetDevLine(bytes, length, line.next, line)) {
    const name = decoder.decode(bytes.subarray(line.nameStart, line.nameEnd));
    rows.push([name, line.rxBytes, line.rxPackets, line.txBytes, line.txPackets]);
  }
  return { rows, next: line.next };
}

describe('parseNetDevLine', () => {
  test('walks a captured file', () => {
    const bytes = captured('net/dev');
    const { rows, next } = parseAll(bytes);
    expect(rows.map(([name]) => name)).toEqual(['lo', 'ifb0', 'ifb1', 'eth0']);
    expect(rows[1]).toEqual(['ifb0', 0, 0, 0, 0]);
    expect(rows[0]![1]).toBe(rows[0]![3]);
    expect(next).toBe(bytes.length);
  });

  test('a counter may touch the colon, and a name may be anything without one', () => {
    const { rows } = parseAll(bytesOf('ünï(1):9007199254740991 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n'));
    expect(rows).toEqual([['ünï(1)', 9007199254740991, 2, 3, 4]]);
  });

  test('errors and drops below zero do not hide the traffic', () => {
    const bytes = bytesOf('eth0: 1 2 18446744073709551615 18446744073709551610 0 0 0 0 3 4 7 8 0 0 0 0\n');
    const line = emptyNetDevLine();
    expect(parseNetDevLine(bytes, bytes.length, 0, line)).toBe(true);
    const { rxBytes, rxErrors, rxDropped, txBytes, txErrors, txDropped } = line;
    expect([rxBytes, rxErrors, rxDropped, txBytes, txErrors, txDropped]).toEqual([
      ...[1, Number.NaN, Number.NaN],
      ...[3, 7, 8],
    ]);
  });

  test.each([
    'eth0: 1 2 3\n',
    'eth0: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0\n',
    'eth0: -1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n',
    'eth0: 99999999999999999999 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n',
    'a-name-of-16-byt: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n',
    ': 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n',
    'no colon\n',
  ])('passes over %j', (text) => {
    expect(parseAll(bytesOf(`${text}lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n`)).rows).toEqual([
      ['lo', 1, 2, 3, 4],
    ]);
  });

  test('stops before an unfinished line', () => {
    const bytes = captured('net/dev');
    const { rows, next } = parseAll(bytes, bytes.length - 1);
    expect(rows).toHaveLength(3);
    expect(decoder.decode(bytes.subarray(next)).trim()).toStartWith('eth0:');
  });

  test('never throws and always gets on, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 300 }), (bytes, length) => {
        const { next } = parseAll(bytes, length);
        expect(next).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
