import { describe, expect, test } from 'bun:test';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { HOST_FIELDS, HostRows } from './host-rows.ts';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';
import { sortKeysOf } from './row-fields.ts';

/** Two processes called curl and one called redis, talking to three hosts and to themselves. */
function busy(): Machine {
  const machine = new Machine();
  const { world } = machine;
  for (const pid of [7, 8, 9]) world.addProcess(pid, { name: pid === 8 ? 'redis' : 'curl' });
  machine.step();
  world.addSocket({ pid: 7, remote: '192.0.2.10', tx: 1000, rx: 10 });
  world.addSocket({ pid: 9, remote: '192.0.2.10', tx: 1000 });
  world.addSocket({ pid: 8, remote: '192.0.2.10' });
  world.addSocket({ pid: 8, remote: '192.0.2.9', rx: 5000 });
  world.addSocket({ pid: 8, remote: '2001:db8::1', local: '2001:db8::5', tx: 1, protocol: PROTOCOL_UDP });
  world.addSocket({ pid: 8, remote: '127.0.0.1', local: '127.0.0.1', tx: 99_000 });
  return machine;
}

describe('rows', () => {
  test('add up what all processes exchange with a host', () => {
    const machine = busy();
    const section = machine.step(2);
    const rows = new HostRows();
    rows.build(section, machine.rates, OUTSIDE);
    expect(rows.count).toBe(3);
    const row = rows.rowOfHost(machine.host(section, '192.0.2.10'));
    expect(rows.addressOf(row)).toBe('192.0.2.10');
    expect([rows.up[row], rows.rawUp[row], rows.down[row], rows.rawDown[row]]).toEqual([1000, 1000, 5, 5]);
    expect([rows.upTotal[row], rows.downTotal[row], rows.connections[row]]).toEqual([2000, 10, 3]);
    expect(rows.rowOfHost(machine.host(section, '127.0.0.1'))).toBe(-1);
    rows.build(section, machine.rates, EVERYTHING);
    expect([rows.count, rows.unfilteredCount]).toEqual([4, 4]);
  });

  test('name the processes that are connected now, each once, the busiest first', () => {
    const machine = busy();
    const section = machine.step();
    const rows = new HostRows();
    rows.build(section, machine.rates, OUTSIDE);
    const row = rows.rowOfHost(machine.host(section, '192.0.2.10'));
    const out = new Int32Array(4);
    const names = (count: number): string[] =>
      Array.from(out.subarray(0, count), (owner) => section.owners.names[owner]!);
    expect(names(rows.processesInto(row, out))).toEqual(['curl', 'redis']);
    expect(rows.processCount[row]).toBe(2);
    expect(names(rows.processesInto(row, out.subarray(0, 1)))).toEqual(['curl']);
    const { sockets } = machine.world;
    for (const slot of sockets.slots.rows.slice(0, sockets.slots.count)) machine.world.close(slot);
    rows.build(machine.step(), machine.rates, OUTSIDE);
    const after = rows.rowOfHost(machine.host(section, '192.0.2.10'));
    expect([rows.connections[after], rows.processCount[after], rows.processesInto(after, out)]).toEqual([
      0, 0, 0,
    ]);
  });

  test('have no rates before the second sample', () => {
    const machine = new Machine();
    machine.world.addProcess(7);
    machine.world.addSocket({ pid: 7, bornBeforeStart: true });
    const rows = new HostRows();
    rows.build(machine.step(), machine.rates, OUTSIDE);
    expect([rows.count, rows.up[0], rows.rawDown[0], rows.connections[0]]).toEqual([
      1,
      Number.NaN,
      Number.NaN,
      1,
    ]);
  });
});

describe('filter', () => {
  function filtered(text: string): { rows: HostRows; processNames: string[][] } {
    const machine = busy();
    const section = machine.step();
    const parsed = parseFilter(text);
    if ('error' in parsed) throw new TypeError(parsed.error.message);
    const rows = new HostRows();
    rows.build(section, machine.rates, OUTSIDE, parsed.filter);
    const out = new Int32Array(4);
    const processNames = Array.from(rows.order({ key: 'name', isReversed: false }), (row) => {
      expect(rows.rowOfHost(rows.host[row]!)).toBe(row);
      return Array.from(
        out.subarray(0, rows.processesInto(row, out)),
        (owner) => section.owners.names[owner]!,
      );
    });
    return { rows, processNames };
  }

  test('rows that stay keep their figures and their processes', () => {
    const { rows, processNames } = filtered('!192.0.2.10');
    expect(processNames).toEqual([['redis'], ['redis']]);
    const [first] = rows.order({ key: 'name', isReversed: false });
    expect([rows.addressOf(first!), rows.downTotal[first!], rows.processCount[first!]]).toEqual([
      '192.0.2.9',
      5000,
      1,
    ]);
  });

  test('each connection may satisfy another alternative, the host’s figures decide between them', () => {
    // curl satisfies the first, redis the second alternative; only the second agrees with the figures.
    expect(filtered('curl up>1M | redis conns=3').processNames).toEqual([['curl', 'redis']]);
  });
});

describe('order', () => {
  test.each([
    ['rate', ['192.0.2.9', '192.0.2.10', '2001:db8::1']],
    ['upload', ['192.0.2.10', '2001:db8::1', '192.0.2.9']],
    ['download', ['192.0.2.9', '192.0.2.10', '2001:db8::1']],
    ['connections', ['192.0.2.10', '192.0.2.9', '2001:db8::1']],
    ['name', ['192.0.2.10', '192.0.2.9', '2001:db8::1']],
    ['total', ['192.0.2.9', '192.0.2.10', '2001:db8::1']],
  ] as const)('by %s', (key, addresses) => {
    const machine = busy();
    const rows = new HostRows();
    rows.build(machine.step(), machine.rates, OUTSIDE);
    const order = rows.order({ key, isReversed: false });
    expect(Array.from(order, (row) => rows.addressOf(row))).toEqual([...addresses]);
  });

  test('by name goes by the names that are known', () => {
    const machine = busy();
    const rows = new HostRows();
    const hostName = (address: string): string | undefined =>
      address === '192.0.2.10' ? 'zoo.example' : undefined;
    rows.build(machine.step(), machine.rates, OUTSIDE, undefined, { hostName });
    const order = rows.order({ key: 'name', isReversed: false });
    expect(Array.from(order, (row) => rows.addressOf(row))).toEqual([
      '192.0.2.9',
      '2001:db8::1',
      '192.0.2.10',
    ]);
  });

  test('a window and a rank are those of the whole', () => {
    const machine = busy();
    const rows = new HostRows();
    rows.build(machine.step(), machine.rates, EVERYTHING);
    const out = new Int32Array(2);
    for (const key of sortKeysOf(HOST_FIELDS)) {
      const sort = { key, isReversed: true };
      const whole = rows.order(sort);
      expect(rows.window(sort, 1, 2, out)).toBe(2);
      expect([...out]).toEqual([...whole.subarray(1, 3)]);
      expect(rows.rankOf(out[1]!, sort)).toBe(2);
    }
  });
});
