import { describe, expect, test } from 'bun:test';
import { HISTORY_LENGTH, trendOfHistory } from '../rates/histories.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { OwnerBasis, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { TcpState } from '../schema/network-columns.ts';
import { ConnectionRows } from './connection-rows.ts';
import { EVERYTHING, filterOf, Machine, OUTSIDE } from './machine.fixture.ts';
import { PROCESS_FIELDS, type SortKey } from './process-fields.ts';
import { ProcessRows } from './process-rows.ts';
import { sortKeysOf } from './row-fields.ts';
import type { Scope } from './scope.ts';

const LOCAL = { local: '127.0.0.1', remote: '127.0.0.1' };

class Table extends Machine {
  readonly rows = new ProcessRows();

  build(section: NetworkSection, scope: Scope, needle?: string): ProcessRows {
    const filter = needle === undefined ? undefined : filterOf(needle);
    this.rows.build(section, this.rates, scope, filter);
    return this.rows;
  }

  /** Names in order. */
  names(section: NetworkSection, key: SortKey, isReversed = false): string[] {
    const order = this.rows.order({ key, isReversed });
    return Array.from(order, (row) => section.owners.names[this.rows.owner[row]!]!);
  }
}

/** Three processes: 9 uploads over eth0, 8 talks to itself, 7 listens. */
function busy(): { machine: Table; section: NetworkSection } {
  const machine = new Table();
  const { world } = machine;
  machine.commandLines.set(9, '/usr/bin/Python3 serve.py');
  for (const pid of [7, 8, 9]) world.addProcess(pid, { name: ['sshd', 'redis', 'Curl'][pid - 7]! });
  machine.step();
  world.addListener(22, { pid: 7 });
  world.addSocket({ pid: 8, ...LOCAL, tx: 5000, rx: 5000 });
  world.addSocket({ pid: 9, tx: 3000, rx: 100 });
  world.addSocket({ pid: 9, remote: '192.0.2.2', tx: 1000, rx: 50 });
  return { machine, section: machine.step(2) };
}

test('rows made in slices are those made at once', async () => {
  const machine = new Machine();
  for (let pid = 1; pid <= 40; pid++) {
    machine.world.addProcess(pid);
    for (let i = 0; i < 60; i++) machine.world.addSocket({ pid, tx: i });
  }
  machine.step();
  const section = machine.step();
  const [atOnce, inSlices] = [new ProcessRows(), new ProcessRows()];
  let rests = 0;
  const slice = { due: () => true, rest: async () => void rests++ };
  atOnce.build(section, machine.rates, EVERYTHING);
  await inSlices.buildInSlices(section, machine.rates, EVERYTHING, undefined, slice);
  expect(rests).toBeGreaterThanOrEqual(2);
  expect(inSlices.count).toBe(40);
  expect(inSlices).toEqual(atOnce);
});

test('a socket without ports, such as one of ICMP, has bytes, and is neither a connection nor a listener', () => {
  const machine = new Table();
  machine.world.addProcess(7, { name: 'ping' });
  machine.step();
  const icmp = { protocol: 1, state: TcpState.CLOSE, localPort: 0, remotePort: 0, tx: 0 };
  const slot = machine.world.addSocket({ pid: 7, ...icmp });
  machine.step();
  machine.world.grow(slot, 840, 0);
  const section = machine.step();
  const rows = machine.build(section, EVERYTHING);
  expect([rows.connections[0], rows.listeners[0], rows.upTotal[0]]).toEqual([0, 0, 840]);
  expect(section.owners.connectionCount[rows.owner[0]!]).toBe(0);
  const connections = new ConnectionRows();
  connections.build(section, machine.rates, EVERYTHING, rows.owner[0]!);
  expect(connections.count).toBe(0);
});

describe('which rows there are', () => {
  test('loopback counts only where it is asked for', () => {
    const { machine, section } = busy();
    machine.build(section, OUTSIDE);
    expect(machine.names(section, 'pid')).toEqual(['sshd', 'Curl']);
    machine.build(section, EVERYTHING);
    expect(machine.names(section, 'pid')).toEqual(['sshd', 'redis', 'Curl']);
    machine.build(section, { interfaceIndex: 1, includeLoopback: false });
    expect(machine.names(section, 'pid')).toEqual(['sshd', 'redis']);
  });

  test('one row for each owner, its interfaces and sockets added up', () => {
    const { machine, section } = busy();
    machine.world.addSocket({ pid: 9, ...LOCAL, tx: 10, rx: 20 });
    const rows = machine.build(machine.step(1), EVERYTHING);
    const row = rows.rowOfOwner(section.owners.slots.find(9, 90, 0, 0));
    expect([rows.upTotal[row], rows.downTotal[row]]).toEqual([4010, 170]);
    expect([rows.rawUp[row], rows.rawDown[row]]).toEqual([10, 20]);
    expect([rows.connections[row], rows.listeners[row]]).toEqual([3, 0]);
  });

  test('rates and graph are those of the traffic in scope', () => {
    const { machine, section } = busy();
    const rows = machine.build(section, OUTSIDE);
    const row = rows.rowOfOwner(section.owners.slots.find(9, 90, 0, 0));
    expect([rows.rawUp[row], rows.up[row], rows.rawDown[row]]).toEqual([2000, 2000, 75]);
    const graph = new Float32Array(HISTORY_LENGTH);
    rows.addHistoryInto(row, graph);
    expect([graph[HISTORY_LENGTH - 1], graph[HISTORY_LENGTH - 2]]).toEqual([2075, 0]);
  });

  test('an exited process leaves once it is at rest, unless exited ones are asked for', () => {
    const { machine } = busy();
    const { world } = machine;
    world.removeProcess(9);
    for (const slot of world.sockets.slots.rows.slice(0, world.sockets.slots.count)) {
      if (world.sockets.ownerPid[slot] === 9) world.close(slot);
    }
    let section = machine.step();
    machine.build(section, OUTSIDE);
    expect(machine.names(section, 'pid')).toEqual(['sshd', 'Curl']);
    section = machine.step();
    machine.build(section, OUTSIDE);
    expect(machine.names(section, 'pid')).toEqual(['sshd']);
    machine.build(section, { ...OUTSIDE, includeExited: true });
    expect(machine.names(section, 'pid')).toEqual(['sshd', 'Curl']);
  });

  test('what is not counted is unknown, not zero', () => {
    const { machine } = busy();
    machine.world.addProcess(10, { name: 'dns' });
    machine.world.addSocket({ pid: 10, protocol: PROTOCOL_UDP, tx: Number.NaN, rx: Number.NaN });
    const section = machine.step();
    const rows = machine.build(section, OUTSIDE);
    const dns = rows.rowOfOwner(section.owners.slots.find(10, 100, 0, 0));
    expect([rows.up[dns], rows.rawDown[dns], rows.upTotal[dns]]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    const sshd = rows.rowOfOwner(section.owners.slots.find(7, 70, 0, 0));
    expect([rows.up[sshd], rows.upTotal[sshd]]).toEqual([0, 0]);
  });

  test('before the second sample every rate is unknown', () => {
    const machine = new Table();
    machine.world.addProcess(7);
    machine.world.addListener(22, { pid: 7 });
    const rows = machine.build(machine.step(), OUTSIDE);
    expect([rows.count, rows.up[0], rows.upTotal[0]]).toEqual([1, Number.NaN, 0]);
  });

  test('inferred bytes mark their row', () => {
    const { machine } = busy();
    machine.world.addSocket({ pid: 7, basis: OwnerBasis.INFERRED, tx: 5 });
    const section = machine.step();
    const rows = machine.build(section, OUTSIDE);
    expect(rows.isInferred[rows.rowOfOwner(section.owners.slots.find(7, 70, 0, 0))]).toBe(1);
    expect(rows.isInferred[rows.rowOfOwner(section.owners.slots.find(9, 90, 0, 0))]).toBe(0);
  });
});

describe('order', () => {
  test.each([
    ['rate', ['redis', 'Curl', 'sshd']],
    ['download', ['redis', 'Curl', 'sshd']],
    ['upload', ['redis', 'Curl', 'sshd']],
    ['pid', ['sshd', 'redis', 'Curl']],
    ['name', ['Curl', 'redis', 'sshd']],
    ['connections', ['Curl', 'redis', 'sshd']],
    ['total', ['redis', 'Curl', 'sshd']],
  ] as const)('by %s', (key, names) => {
    const { machine, section } = busy();
    machine.build(section, EVERYTHING);
    expect(machine.names(section, key)).toEqual([...names]);
    expect(machine.names(section, key, true)).toEqual([...names].reverse());
  });

  test('rows of equal value stand by pid, whichever way the rest goes; rows of nobody stand last', () => {
    const machine = new Table();
    for (const pid of [30, 10, 20]) machine.world.addProcess(pid);
    for (const pid of [30, 10, 20]) machine.world.addListener(pid, { pid });
    machine.world.addListener(99, { basis: OwnerBasis.KERNEL });
    machine.step();
    const section = machine.step();
    machine.build(section, OUTSIDE);
    for (const key of sortKeysOf(PROCESS_FIELDS).filter((each) => each !== 'name' && each !== 'pid')) {
      for (const isReversed of [false, true]) {
        const names = ['process-10', 'process-20', 'process-30', 'kernel'];
        expect(machine.names(section, key, isReversed)).toEqual(names);
      }
    }
  });

  test('a window is a part of the whole', () => {
    const { machine, section } = busy();
    machine.build(section, EVERYTHING);
    const sort = { key: 'rate', isReversed: false } as const;
    const out = new Int32Array(1);
    expect(machine.rows.window(sort, 1, 10, out)).toBe(1);
    expect(out[0]).toBe(machine.rows.order(sort)[1]!);
    expect(machine.rows.rankOf(out[0]!, sort)).toBe(1);
    expect(machine.rows.window(sort, 3, 10, out)).toBe(0);
  });
});

describe('cumulative', () => {
  test('an exited process keeps its place by its bytes, in either direction', () => {
    const { machine } = busy();
    const { world } = machine;
    world.removeProcess(9);
    for (const slot of world.sockets.slots.rows.slice(0, world.sockets.slots.count)) {
      if (world.sockets.ownerPid[slot] === 9) world.close(slot);
    }
    machine.step();
    world.grow(world.addSocket({ pid: 7 }), 100, 5000);
    machine.step();
    const section = machine.step();
    const rows = machine.build(section, { ...OUTSIDE, includeExited: true });
    expect(machine.names(section, 'total')).toEqual(['sshd', 'Curl']);
    expect(machine.names(section, 'download-total')).toEqual(['sshd', 'Curl']);
    expect(machine.names(section, 'upload-total')).toEqual(['Curl', 'sshd']);
    const exited = rows.rowOfOwner(machine.owner(section, 9));
    expect([rows.upTotal[exited], rows.downTotal[exited]]).toEqual([4000, 150]);
    expect([rows.up[exited], rows.connections[exited]]).toEqual([0, 0]);
  });
});

describe('trend', () => {
  function after(bytesPerSecond: readonly number[]): string {
    const machine = new Table();
    machine.world.addProcess(9);
    const socket = machine.world.addSocket({ pid: 9 });
    machine.step();
    let section = machine.step();
    for (const bytes of bytesPerSecond) {
      machine.world.grow(socket, bytes, 0);
      section = machine.step();
    }
    const rows = machine.build(section, OUTSIDE);
    const history = new Float32Array(HISTORY_LENGTH);
    rows.addHistoryInto(rows.rowOfOwner(machine.owner(section, 9)), history);
    return trendOfHistory(history, rows.sampleCount);
  }

  test.each([
    ['up', [100, 100, 100, 100, 100, 120, 130, 140]],
    ['down', [100, 100, 100, 100, 90, 80, 70, 60]],
    ['flat', [100, 100, 100, 100, 110, 120, 110, 120]],
    ['flat', [1, 2, 4, 8, 16, 32]],
    ['up', [9999, 9999, 1, 1, 1, 1, 2, 2, 2, 2]],
  ] as const)('%s after %p', (trend, bytes) => {
    expect(after(bytes)).toBe(trend);
  });
});

describe('filter', () => {
  test.each([
    ['', ['sshd', 'Curl']],
    ['CURL', ['Curl']],
    ['python3 SERVE', ['Curl']],
    ['9', ['Curl']],
    ['s', ['sshd', 'Curl']],
    ['nothing like it', []],
  ] as const)('%p', (needle, names) => {
    const { machine, section } = busy();
    const rows = machine.build(section, OUTSIDE, needle);
    expect(machine.names(section, 'pid')).toEqual([...names]);
    expect([rows.count, rows.unfilteredCount]).toEqual([names.length, 2]);
  });

  test('follows a process that takes another name', () => {
    const { machine } = busy();
    const filter = filterOf('wget');
    let section = machine.step();
    machine.rows.build(section, machine.rates, OUTSIDE, filter);
    expect(machine.rows.count).toBe(0);
    machine.world.processes.names[machine.world.processes.find(9)] = 'wget';
    section = machine.step();
    machine.rows.build(section, machine.rates, OUTSIDE, filter);
    expect(machine.names(section, 'pid')).toEqual(['wget']);
  });
});
