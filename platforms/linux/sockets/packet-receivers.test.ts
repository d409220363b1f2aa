import { expect, test } from 'bun:test';
import { PROTOCOL_UDP, SocketTable } from '../../../src/data/sample/socket-table.ts';
import { BoundSockets } from './packet-receivers.ts';

const ANY4 = [0, 0, 0xffff, 0] as const;
const ANY6 = [0, 0, 0, 0] as const;
const FOUR = [0, 0, 0xffff, 0x0a000001] as const;
const SIX = [0x20010db8, 0, 0, 1] as const;

function bound(sockets: readonly (readonly [address: readonly number[], port: number])[]): {
  /** The rows that may have what comes there. */
  find(address: readonly number[], port: number, isForMany?: boolean): number[];
  rows: readonly number[];
} {
  const table = new SocketTable();
  const index = new BoundSockets();
  const rows = sockets.map(([address, port], i) => {
    const row = table.slots.add(i + 1, 0, 0, 0);
    table.protocol[row] = PROTOCOL_UDP;
    table.localAddress.set(address, row * 4);
    table.localPort[row] = port;
    index.add(table, row);
    return row;
  });
  const find = (address: readonly number[], port: number, isForMany = false): number[] => {
    const count = index.receivers(Uint32Array.from([9, 9, ...address]), 2, port, isForMany);
    return [...index.found.subarray(0, count)].sort((a, b) => a - b);
  };
  return { rows, find };
}

test('the address is preferred to every address, that of the same family to that of both', () => {
  const { find, rows } = bound([
    [ANY6, 53],
    [ANY4, 53],
    [FOUR, 53],
  ]);
  expect(find(FOUR, 53)).toEqual([rows[2]!]);
  expect(find([0, 0, 0xffff, 0x0a000002], 53)).toEqual([rows[1]!]);
  expect(find(SIX, 53)).toEqual([rows[0]!]);
  expect(find(FOUR, 54)).toEqual([]);
});

test('one of IPv6 bound to every address has packets of IPv4 as well', () => {
  const { find, rows } = bound([[ANY6, 53]]);
  expect([find(FOUR, 53), find(SIX, 53)]).toEqual([[rows[0]!], [rows[0]!]]);
});

test('one of IPv4 has none of IPv6', () => {
  expect(bound([[ANY4, 53]]).find(SIX, 53)).toEqual([]);
});

test('all on the same address and port are found', () => {
  const { find, rows } = bound([
    [FOUR, 53],
    [ANY4, 53],
    [FOUR, 53],
    [FOUR, 54],
    [FOUR, 53],
  ]);
  expect(find(FOUR, 53)).toEqual([rows[0]!, rows[2]!, rows[4]!]);
});

test('what is for many goes to those bound to the group and to those bound to every address', () => {
  const group = [0, 0, 0xffff, 0xef010203];
  const { find, rows } = bound([
    [group, 53],
    [ANY4, 53],
    [ANY6, 53],
    [FOUR, 53],
    [ANY4, 54],
  ]);
  expect(find(group, 53, true)).toEqual(rows.slice(0, 3));
});
