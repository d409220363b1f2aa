import { describe, expect, test } from 'bun:test';
import type { NetworkSection } from '../sample/network-section.ts';
import { PROTOCOL_UDP } from '../sample/socket-table.ts';
import { TcpState } from '../schema/network-columns.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { ListenRows, type ListenSortKey } from './listen-rows.ts';
import { EVERYTHING, Machine, OUTSIDE } from './machine.fixture.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const UDP = { protocol: PROTOCOL_UDP, state: TcpState.CLOSE };

function machineWith(...pids: number[]): Machine {
  const machine = new Machine();
  for (const pid of pids) machine.world.addProcess(pid, { name: `Server-${pid}` });
  return machine;
}

function build(section: NetworkSection, filterText = ''): ListenRows {
  const parsed = parseFilter(filterText);
  if ('error' in parsed) throw new TypeError(parsed.error.message);
  const rows = new ListenRows();
  rows.build(section, OUTSIDE, parsed.filter);
  return rows;
}

function endpoints(rows: ListenRows, key: ListenSortKey = 'port', isReversed = false): string[] {
  return Array.from(rows.order({ key, isReversed }), (row) => rows.endpointOf(row));
}

/** `endpoint connections` by port. */
function counts(rows: ListenRows): string[] {
  const order = rows.order({ key: 'port', isReversed: false });
  return Array.from(order, (row) => `${rows.endpointOf(row)} ${rows.connections[row]}`);
}

describe('rows', () => {
  test('are listening TCP and bound, unconnected UDP sockets with an owner', () => {
    const machine = machineWith(7, 8);
    machine.world.addListener(443, { pid: 7 });
    machine.world.addListener(53, { pid: 8, local: '127.0.0.1', ...UDP });
    machine.world.addListener(0, { pid: 8, ...UDP });
    machine.world.addSocket({ pid: 8, localPort: 5000 });
    machine.world.addListener(80, { pid: 8, local: '::' });
    const rows = build(machine.step());
    expect(endpoints(rows)).toEqual(['127.0.0.1:53', '[::]:80', '0.0.0.0:443']);
    const [first] = rows.order({ key: 'port', isReversed: false });
    expect([rows.protocol[first!], rows.port[first!], rows.addressOf(first!)]).toEqual([
      PROTOCOL_UDP,
      53,
      '127.0.0.1',
    ]);
  });

  test('stand for all sockets of one owner on one endpoint, under the oldest', () => {
    const machine = machineWith(7, 8);
    const oldest = machine.world.addListener(80, { pid: 7 });
    machine.world.addListener(80, { pid: 7 });
    machine.world.addListener(80, { pid: 8 });
    let section = machine.step();
    let rows = build(section);
    expect(rows.count).toBe(2);
    const row = rows.rowOfSocket(oldest, section.sockets.slots.serial[oldest]!);
    expect([rows.owner[row], rows.socketCount[row]]).toEqual([machine.owner(section, 7), 2]);
    machine.world.close(oldest);
    section = machine.step();
    rows = build(section);
    expect([rows.count, rows.rowOfSocket(oldest, section.sockets.slots.serial[oldest]!)]).toEqual([2, -1]);
  });

  test('stay readable while a collection writes to the sockets', () => {
    const machine = machineWith(7);
    const slot = machine.world.addListener(80, { pid: 7 });
    const rows = build(machine.step());
    machine.world.sockets.localPort[slot] = 81;
    machine.world.sockets.localAddress.fill(9);
    expect([rows.endpointOf(0), rows.port[0]]).toEqual(['0.0.0.0:80', 80]);
  });

  test('can be those of one owner', () => {
    const machine = machineWith(7, 8);
    machine.world.addListener(80, { pid: 7 });
    machine.world.addListener(81, { pid: 8 });
    const section = machine.step();
    const rows = new ListenRows();
    rows.build(section, OUTSIDE, undefined, machine.owner(section, 8));
    expect([endpoints(rows), rows.unfilteredCount]).toEqual([['0.0.0.0:81'], 1]);
  });
});

describe('connections are counted for the listener that accepted them', () => {
  test('by protocol, port and address; a wildcard takes all addresses of its family', () => {
    const machine = machineWith(7, 8);
    const { world } = machine;
    world.addListener(80, { pid: 7 });
    world.addListener(80, { pid: 8, local: '10.0.0.5' });
    world.addListener(80, { pid: 8, local: '0.0.0.0', ...UDP });
    for (let i = 0; i < 3; i++) world.addSocket({ pid: 8, localPort: 80 });
    world.addSocket({ pid: 8, localPort: 80, local: '10.0.0.6' });
    world.addSocket({ pid: 8, localPort: 81 });
    world.addSocket({ pid: 8, localPort: 80, local: '2001:db8::5', remote: '2001:db8::1' });
    expect(counts(build(machine.step()))).toEqual(['0.0.0.0:80 1', '10.0.0.5:80 3', '0.0.0.0:80 0']);
  });

  test('an IPv6 wildcard takes IPv4 too, unless the IPv4 one did', () => {
    const machine = machineWith(7, 8);
    const { world } = machine;
    world.addListener(80, { pid: 7, local: '::' });
    world.addListener(443, { pid: 7, local: '::' });
    world.addListener(443, { pid: 8, local: '0.0.0.0' });
    world.addSocket({ pid: 7, localPort: 80 });
    world.addSocket({ pid: 7, localPort: 80, local: '2001:db8::5', remote: '2001:db8::1' });
    machine.setFamily(world.addSocket({ pid: 8, localPort: 443 }), AF_INET);
    machine.setFamily(world.addSocket({ pid: 8, localPort: 443 }), AF_INET);
    machine.setFamily(world.addSocket({ pid: 7, localPort: 443 }), AF_INET6);
    const rows = build(machine.step());
    expect(counts(rows).sort()).toEqual(['0.0.0.0:443 2', '[::]:443 1', '[::]:80 2']);
  });

  test('of several on one endpoint it is the one whose owner has the connection', () => {
    const machine = machineWith(7, 8, 9);
    const { world } = machine;
    for (const pid of [7, 8]) world.addListener(80, { pid });
    for (const pid of [8, 8, 9]) world.addSocket({ pid, localPort: 80 });
    const section = machine.step();
    const rows = build(section);
    const connectionsOf = (pid: number): number =>
      rows.connections[rows.owner.subarray(0, rows.count).indexOf(machine.owner(section, pid))]!;
    expect([connectionsOf(7), connectionsOf(8)]).toEqual([1, 2]);
  });

  test('what is opening, over or closed does not count; loopback does, whether shown or not', () => {
    const machine = machineWith(7);
    const { world } = machine;
    world.addListener(80, { pid: 7 });
    const states = [TcpState.SYN_RECV, TcpState.TIME_WAIT, TcpState.CLOSE_WAIT, TcpState.ESTABLISHED];
    for (const state of states) world.addSocket({ pid: 7, localPort: 80, state });
    world.close(world.addSocket({ pid: 7, localPort: 80 }));
    world.addSocket({ pid: 7, localPort: 80, local: '127.0.0.1', remote: '127.0.0.1' });
    const section = machine.step();
    expect(counts(build(section))).toEqual(['0.0.0.0:80 3']);
    const rows = new ListenRows();
    rows.build(section, EVERYTHING);
    expect(rows.connections[0]).toBe(3);
    rows.build(section, { interfaceIndex: 1, includeLoopback: false });
    expect(rows.connections[0]).toBe(1);
  });
});

describe('order and filter', () => {
  function three(): ListenRows {
    const machine = machineWith(7, 8, 9);
    const { world } = machine;
    world.addListener(443, { pid: 8 });
    world.addListener(22, { pid: 9 });
    world.addListener(53, { pid: 7, ...UDP });
    world.addSocket({ pid: 8, localPort: 443 });
    return build(machine.step());
  }

  test.each([
    ['port', ['0.0.0.0:22', '0.0.0.0:53', '0.0.0.0:443']],
    ['process', ['0.0.0.0:53', '0.0.0.0:443', '0.0.0.0:22']],
    ['pid', ['0.0.0.0:53', '0.0.0.0:443', '0.0.0.0:22']],
    ['protocol', ['0.0.0.0:22', '0.0.0.0:443', '0.0.0.0:53']],
    ['connections', ['0.0.0.0:443', '0.0.0.0:22', '0.0.0.0:53']],
  ] as const)('by %s', (key, expected) => {
    expect(endpoints(three(), key)).toEqual([...expected]);
  });

  test.each([
    ['server-8', ['127.0.0.1:8080', '0.0.0.0:443']],
    [':443', ['0.0.0.0:443']],
    ['127.0', ['127.0.0.1:8080']],
    ['port:22', ['0.0.0.0:22']],
    ['!port:22', ['127.0.0.1:8080', '0.0.0.0:443']],
    ['state:listen pid:9', ['0.0.0.0:22']],
    ['conns>0', ['0.0.0.0:443']],
    ['host:10', []],
    ['up>=0', []],
  ] as const)('%s', (text, expected) => {
    const machine = machineWith(8, 9);
    const { world } = machine;
    world.addListener(443, { pid: 8 });
    world.addListener(8080, { pid: 8, local: '127.0.0.1' });
    world.addListener(22, { pid: 9 });
    world.addSocket({ pid: 8, localPort: 443 });
    const rows = build(machine.step(), text);
    expect(endpoints(rows, 'port', true).sort()).toEqual([...expected].sort());
    expect(rows.unfilteredCount).toBe(3);
  });
});
