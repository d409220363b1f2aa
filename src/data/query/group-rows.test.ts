import { describe, expect, test } from 'bun:test';
import { HISTORY_LENGTH, trendOfHistory } from '../rates/histories.ts';
import type { Grouping } from '../sample/process-table.ts';
import { OwnerBasis, PROTOCOL_UDP } from '../sample/socket-table.ts';
import { parseFilter } from './filter/parse-filter.ts';
import { GroupRows, groupSortKey } from './group-rows.ts';
import { filterOf, Machine, OUTSIDE } from './machine.fixture.ts';
import { ProcessRows } from './process-rows.ts';

const CONTAINER = '0123456789ab'.padEnd(64, 'c');

/** nginx (7, 8) and a shell's curl (9), a container (10), one without a known group (11), and nobody's sockets. */
function busy(): Machine {
  const machine = new Machine();
  const { world } = machine;
  for (const pid of [7, 8]) machine.cgroups.set(pid, '/system.slice/nginx.service');
  machine.cgroups.set(9, '/user.slice/user-1000.slice/session-1.scope');
  machine.cgroups.set(10, `/system.slice/docker-${CONTAINER}.scope`);
  for (const [pid, name] of [
    [7, 'nginx'],
    [8, 'nginx'],
    [9, 'curl'],
    [10, 'postgres'],
    [11, 'other'],
  ] as const) {
    world.addProcess(pid, { name });
  }
  machine.step();
  world.addListener(80, { pid: 7 });
  world.addSocket({ pid: 7, tx: 100, rx: 1 });
  world.addSocket({ pid: 8, tx: 200, rx: 2 });
  world.addSocket({ pid: 9, rx: 5000 });
  world.addSocket({ pid: 10, tx: 10_000 });
  world.addSocket({ pid: 11, tx: 1 });
  world.addSocket({ basis: OwnerBasis.KERNEL });
  return machine;
}

function names(rows: GroupRows, key: 'rate' | 'name' = 'name'): string[] {
  return Array.from(rows.order({ key, isReversed: false }), (row) => rows.nameOf(row));
}

test('sums over the processes of each group', () => {
  const machine = busy();
  const section = machine.step();
  const rows = new GroupRows();
  rows.build(section, machine.rates, OUTSIDE);
  expect(names(rows)).toEqual(['', '0123456789ab', 'nginx.service', 'user 1000']);
  expect(names(rows, 'rate')).toEqual(['0123456789ab', 'user 1000', 'nginx.service', '']);
  const nginx = rows.rowOfGroup('nginx.service');
  expect([rows.typeOf(nginx), rows.processes[nginx], rows.connections[nginx]]).toEqual(['systemd', 2, 2]);
  expect([rows.up[nginx], rows.down[nginx], rows.upTotal[nginx], rows.downTotal[nginx]]).toEqual([
    300, 3, 300, 3,
  ]);
  const nobody = rows.rowOfGroup('');
  expect([rows.typeOf(nobody), rows.processes[nobody], rows.connections[nobody]]).toEqual(['other', 1, 2]);
  expect(rows.typeOf(rows.rowOfGroup('0123456789ab'))).toBe('container');
  expect(rows.typeOf(rows.rowOfGroup('user 1000'))).toBe('user session');
  expect(rows.rowOfGroup('nginx')).toBe(-1);
});

test('what a process had before it was moved stays with its group of then', () => {
  const machine = busy();
  const rows = new GroupRows();
  rows.build(machine.step(), machine.rates, OUTSIDE);
  const { world } = machine;
  const socketOf = (pid: number): number =>
    [...world.sockets.slots.rows].findIndex((_, slot) => world.sockets.ownerPid[slot] === pid);
  machine.cgroups.set(8, '/system.slice/other.service');
  // Groups are asked for by turns.
  for (let i = 0; i < 5; i++) machine.step();
  world.grow(socketOf(8), 1000, 10);
  rows.build(machine.step(), machine.rates, OUTSIDE);
  const totalsOf = (name: string): number[] => {
    const row = rows.rowOfGroup(name);
    return [rows.upTotal[row]!, rows.downTotal[row]!, rows.processes[row]!];
  };
  expect(totalsOf('nginx.service')).toEqual([300, 3, 1]);
  expect(totalsOf('other.service')).toEqual([1000, 10, 1]);
  machine.cgroups.set(8, '/system.slice/nginx.service');
  for (let i = 0; i < 5; i++) machine.step();
  rows.build(machine.step(), machine.rates, OUTSIDE);
  expect(totalsOf('nginx.service')).toEqual([300, 3, 2]);
  expect(totalsOf('other.service')).toEqual([1000, 10, 0]);
  const filtered = parseFilter('pid=7');
  if ('filter' in filtered) rows.build(machine.step(), machine.rates, OUTSIDE, filtered.filter);
  expect(totalsOf('nginx.service')).toEqual([100, 1, 1]);
});

test('a row comes and goes with its processes', () => {
  const machine = busy();
  const rows = new GroupRows();
  rows.build(machine.step(), machine.rates, OUTSIDE);
  const { sockets } = machine.world;
  for (const slot of sockets.slots.rows.slice(0, sockets.slots.count)) {
    if (sockets.ownerPid[slot] === 9) machine.world.close(slot);
  }
  machine.world.removeProcess(9);
  machine.step();
  rows.build(machine.step(), machine.rates, OUTSIDE);
  expect([names(rows), rows.rowOfGroup('user 1000')]).toEqual([['', '0123456789ab', 'nginx.service'], -1]);
  rows.build(machine.step(), machine.rates, { ...OUTSIDE, includeExited: true });
  const session = rows.rowOfGroup('user 1000');
  expect([rows.downTotal[session], rows.processes[session]]).toEqual([5000, 0]);
});

test('what is unknown does not hide what is known', () => {
  const machine = new Machine();
  const { world } = machine;
  for (const pid of [7, 8, 9]) {
    machine.cgroups.set(pid, pid === 9 ? '/system.slice/dns.service' : '/system.slice/web.service');
    world.addProcess(pid);
  }
  machine.step();
  world.addSocket({ pid: 7, tx: 100 });
  for (const pid of [8, 9]) world.addSocket({ pid, protocol: PROTOCOL_UDP, tx: Number.NaN, rx: Number.NaN });
  const section = machine.step();
  const rows = new GroupRows();
  rows.build(section, machine.rates, OUTSIDE);
  expect(rows.up[rows.rowOfGroup('web.service')]).toBe(100);
  expect(rows.up[rows.rowOfGroup('dns.service')]).toBe(Number.NaN);
});

describe('filter', () => {
  test.each([
    ['nginx', ['nginx.service']],
    ['0123', ['0123456789ab']],
    ['postgres', ['0123456789ab']],
    ['port:80', ['nginx.service']],
    ['!group:nginx', ['', '0123456789ab', 'user 1000']],
    ['up>250', ['0123456789ab', 'nginx.service']],
    ['up<=250', ['', 'user 1000']],
    ['conns=2', ['', 'nginx.service']],
    ['curl | up>9K', ['0123456789ab', 'user 1000']],
    ['nothing', []],
  ] as const)('%s', (text, expected) => {
    const machine = busy();
    const parsed = parseFilter(text);
    if ('error' in parsed) throw new TypeError(parsed.error.message);
    const rows = new GroupRows();
    rows.build(machine.step(), machine.rates, OUTSIDE, parsed.filter);
    expect(names(rows)).toEqual([...expected]);
    expect(rows.unfilteredCount).toBe(4);
    for (const name of names(rows)) expect(rows.nameOf(rows.rowOfGroup(name))).toBe(name);
  });

  test('rows that stay keep what they are', () => {
    const machine = busy();
    const parsed = parseFilter('user:user-1000 curl | group=""');
    const rows = new GroupRows();
    if ('filter' in parsed) rows.build(machine.step(), machine.rates, OUTSIDE, parsed.filter);
    const session = rows.rowOfGroup('user 1000');
    expect([rows.count, rows.typeOf(session), rows.down[session], rows.processes[session]]).toEqual([
      2,
      'user session',
      5000,
      1,
    ]);
  });

  test('the filter of a group lets exactly its processes through', () => {
    const machine = busy();
    const section = machine.step();
    const groups = new GroupRows();
    groups.build(section, machine.rates, OUTSIDE);
    const pids = Array.from(groups.order({ key: 'name', isReversed: false }), (row) => {
      const parsed = parseFilter(groups.filterTextOf(row));
      const rows = new ProcessRows();
      if ('filter' in parsed) rows.build(section, machine.rates, OUTSIDE, parsed.filter);
      return Array.from(
        rows.order({ key: 'pid', isReversed: false }),
        (each) => section.owners.pid[rows.owner[each]!]!,
      );
    });
    expect(pids).toEqual([[11, 0], [10], [7, 8], [9]]);
  });
});

describe('the process table summed', () => {
  const shown = (by: Grouping, filter = '', scope = OUTSIDE): (string | number)[][] => {
    const machine = busy();
    const section = machine.step();
    const rows = new GroupRows();
    rows.build(section, machine.rates, scope, filterOf(filter), by);
    return Array.from(rows.order({ key: 'name', isReversed: false }), (row) => [
      ...[rows.nameOf(row), rows.processes[row]!, rows.connections[row]!, rows.listeners[row]!],
      ...[rows.up[row]!, rows.down[row]!],
    ]);
  };

  test('by program, user, container and unit', () => {
    expect(shown('program')).toEqual([
      ['curl', 1, 1, 0, 0, 5000],
      ['kernel', 0, 1, 0, 0, 0],
      ['nginx', 2, 2, 1, 300, 3],
      ['other', 1, 1, 0, 1, 0],
      ['postgres', 1, 1, 0, 10_000, 0],
    ]);
    expect(shown('user')).toEqual([
      ['', 0, 1, 0, 0, 0],
      ['user-1000', 5, 5, 1, 10_301, 5003],
    ]);
    expect(shown('container')).toEqual([
      ['', 4, 5, 1, 301, 5003],
      ['0123456789ab', 1, 1, 0, 10_000, 0],
    ]);
    expect(shown('unit')).toEqual([
      ['', 3, 4, 0, 10_001, 5000],
      ['nginx.service', 2, 2, 1, 300, 3],
    ]);
  });

  test.each(['program', 'user', 'container', 'unit'] as const)(
    'by %s: the filter of a row lets its processes through and no others',
    (by) => {
      const machine = busy();
      const section = machine.step();
      const rows = new GroupRows();
      rows.build(section, machine.rates, OUTSIDE, undefined, by);
      const members = new ProcessRows();
      let seen = 0;
      for (let row = 0; row < rows.count; row++) {
        members.build(section, machine.rates, OUTSIDE, filterOf(rows.filterTextOf(row)));
        let connections = 0;
        for (let i = 0; i < members.count; i++) connections += members.connections[i]!;
        expect([rows.nameOf(row), connections]).toEqual([rows.nameOf(row), rows.connections[row]!]);
        seen += members.count;
      }
      members.build(section, machine.rates, OUTSIDE);
      expect(seen).toBe(members.count);
    },
  );

  test('of the processes that the filter finds', () => {
    expect(shown('program', 'conns>1')).toEqual([['nginx', 2, 2, 1, 300, 3]]);
    expect(shown('user', 'program=nginx | program:ostgre')).toEqual([['user-1000', 3, 3, 1, 10_300, 3]]);
    expect(shown('user', 'user-10')).toEqual([['user-1000', 5, 5, 1, 10_301, 5003]]);
    expect(shown('program', 'unit:nginx')).toEqual([['nginx', 2, 2, 1, 300, 3]]);
    expect(shown('program', 'container:0123')).toEqual([['postgres', 1, 1, 0, 10_000, 0]]);
  });

  test('graphs add up those of the members', () => {
    const machine = busy();
    const section = machine.step();
    const rows = new GroupRows();
    rows.build(section, machine.rates, OUTSIDE, undefined, 'program');
    const history = new Float32Array(HISTORY_LENGTH);
    rows.addHistoryInto(rows.rowOfGroup('nginx'), history);
    expect(history.at(-1)).toBe(303);
    expect(trendOfHistory(history, rows.sampleCount)).toBe('flat');
  });

  test('an order by what sums do not have is that by rate', () => {
    expect([groupSortKey('pid'), groupSortKey('upload'), groupSortKey('name')]).toEqual([
      'rate',
      'upload',
      'name',
    ]);
  });
});
