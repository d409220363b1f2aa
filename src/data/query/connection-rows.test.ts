import { describe, expect, test } from 'bun:test';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { TcpState } from '../schema/network-columns.ts';
import { CONNECTION_FIELDS, ConnectionRows, type ConnectionSortKey } from './connection-rows.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';
import type { NetworkExport } from './network-fields.ts';
import { sortKeysOf } from './row-fields.ts';

function busy(): Machine {
  const machine = new Machine();
  const { world } = machine;
  for (const pid of [8, 9]) world.addProcess(pid);
  world.addSocket({ pid: 9, localPort: 1, remote: '192.0.2.10', bornBeforeStart: true });
  machine.step();
  world.addSocket({ pid: 9, localPort: 2, remote: '192.0.2.9', tx: 3000, rx: 30 });
  machine.step(2);
  world.addSocket({
    pid: 9,
    localPort: 3,
    remote: '2001:db8::2',
    local: '2001:db8::5',
    rx: 400,
    protocol: PROTOCOL_UDP,
  });
  world.addSocket({
    pid: 9,
    localPort: 4,
    remote: '2001:db8::1',
    local: '2001:db8::5',
    state: TcpState.TIME_WAIT,
  });
  world.addSocket({ pid: 9, localPort: 5, local: '127.0.0.1', remote: '127.0.0.1' });
  world.addListener(80, { pid: 9 });
  world.addSocket({ pid: 8, localPort: 6 });
  return machine;
}

/** Local ports in order. */
function ports(rows: ConnectionRows, key: ConnectionSortKey, isReversed = false): number[] {
  return Array.from(rows.order({ key, isReversed }), (row) => rows.localPort[row]!);
}

test('live connections of the owner in scope, with what the sockets say', () => {
  const machine = busy();
  const section = machine.step();
  const rows = new ConnectionRows();
  rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 9));
  expect(ports(rows, 'state').sort()).toEqual([1, 2, 3, 4]);
  const row = [...rows.localPort].indexOf(2);
  expect([rows.localEndpoint(row), rows.remoteEndpoint(row), rows.remoteAddress(row)]).toEqual([
    '10.0.0.5:2',
    '192.0.2.9:443',
    '192.0.2.9',
  ]);
  expect([rows.stateName(row), rows.protocol[row], rows.rttMicros[row]]).toEqual([
    'ESTAB',
    PROTOCOL_TCP,
    1200,
  ]);
  expect([rows.upTotal[row], rows.downTotal[row], rows.ageMicros[row]]).toEqual([3000, 30, 3e6]);
  expect(rows.up[row]).toBeGreaterThan(0);
  expect(rows.rowOfSocket(rows.socket[row]!, rows.serial[row]!)).toBe(row);
  expect(rows.rowOfSocket(rows.socket[row]!, rows.serial[row]! + 99)).toBe(-1);
  const old = [...rows.localPort].indexOf(1);
  expect([rows.ageMicros[old], rows.up[old]]).toEqual([Number.NaN, 0]);
  expect(rows.stateName([...rows.localPort].indexOf(4))).toBe('TIME_WAIT');
  rows.build(section, machine.rates, EVERYTHING, machine.owner(section, 9));
  expect(rows.count).toBe(5);
});

test('an address of the link is shown with the interface that it is reached by', () => {
  const machine = new Machine();
  const { world } = machine;
  world.addProcess(9);
  world.addInterface(3, 'wlan0', 'fe80::5');
  machine.step();
  world.addSocket({ pid: 9, localPort: 7, local: 'fe80::5', remote: 'fe80::1', tx: 10 });
  world.addSocket({ pid: 9, localPort: 8, remote: '192.0.2.9', tx: 10 });
  const section = machine.step();
  const rows = new ConnectionRows();
  rows.build(section, machine.rates, EVERYTHING, machine.owner(section, 9));
  const [linked, other] = [...rows.order({ key: 'upload', isReversed: false })].sort(
    (a, b) => rows.localPort[a]! - rows.localPort[b]!,
  );
  expect(rows.remoteEndpoint(linked!)).toMatch(/^\[fe80::1%wlan0\]:\d+$/);
  expect(rows.localEndpoint(linked!)).toBe('[fe80::5%wlan0]:7');
  expect(rows.remoteAddress(linked!)).toBe('fe80::1');
  expect(rows.remoteEndpoint(other!)).toMatch(/^192\.0\.2\.9:\d+$/);
  const exported = { section } as NetworkExport;
  const socket = rows.socket[linked!]!;
  expect(CONNECTION_FIELDS['remote-address'].value(exported, socket)).toBe('fe80::1%wlan0');
  expect(CONNECTION_FIELDS['local-address'].value(exported, socket)).toBe('fe80::5%wlan0');
});

test('what is shown is a copy', () => {
  const machine = busy();
  const section = machine.step();
  const rows = new ConnectionRows();
  rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 9));
  const before = [...rows.order({ key: 'remote', isReversed: false })].map((row) => rows.remoteEndpoint(row));
  machine.world.sockets.remoteAddress.fill(0);
  machine.world.sockets.remotePort.fill(0);
  machine.world.sockets.state.fill(0);
  const after = [...rows.order({ key: 'remote', isReversed: false })].map((row) => rows.remoteEndpoint(row));
  expect(after).toEqual(before);
});

test('a connected UDP socket that takes another peer shows it', () => {
  const machine = busy();
  const rows = new ConnectionRows();
  const socket = machine.world.addSocket({
    pid: 8,
    protocol: PROTOCOL_UDP,
    localPort: 7,
    remote: '192.0.2.1',
  });
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    machine.setRemote(socket, address);
    const section = machine.step();
    rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 8));
    expect(rows.remoteAddress([...rows.localPort].indexOf(7))).toBe(address);
  }
});

describe('order', () => {
  test.each([
    ['rate', [2, 3, 1, 4]],
    ['upload', [2, 1, 3, 4]],
    ['download', [3, 2, 1, 4]],
    ['state', [1, 2, 4, 3]],
    ['age', [1, 2, 3, 4]],
    ['remote', [2, 1, 4, 3]],
  ] as const)('by %s', (key, expected) => {
    const machine = busy();
    const section = machine.step();
    const rows = new ConnectionRows();
    rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 9));
    expect(ports(rows, key)).toEqual([...expected]);
  });

  test('a window and a rank are those of the whole', () => {
    const machine = busy();
    const section = machine.step();
    const rows = new ConnectionRows();
    rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 9));
    const out = new Int32Array(2);
    for (const key of sortKeysOf(CONNECTION_FIELDS)) {
      const sort = { key, isReversed: true };
      const whole = rows.order(sort);
      rows.window(sort, 2, 2, out);
      expect([...out]).toEqual([...whole.subarray(2, 4)]);
      expect(rows.rankOf(out[0]!, sort)).toBe(2);
    }
  });
});

test.each([
  ['state:time_wait', [4]],
  ['!state:time_wait port:443', [1, 2, 3]],
  ['192.0.2.9', [2]],
  ['host:2001:db8::/32', [3, 4]],
  ['up>0', [2]],
] as const)('filter %s', (text, expected) => {
  const machine = busy();
  const section = machine.step();
  const parsed = parseFilter(text);
  if ('error' in parsed) throw new TypeError(parsed.error.message);
  const rows = new ConnectionRows();
  rows.build(section, machine.rates, OUTSIDE, machine.owner(section, 9), parsed.filter);
  expect(ports(rows, 'state').sort()).toEqual([...expected]);
  expect(rows.unfilteredCount).toBe(4);
});
