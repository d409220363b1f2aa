import { expect, test } from 'bun:test';
import { ProcessRates } from '../rates/process-rates.ts';
import type { Grouping } from '../sample/process-table.ts';
import { SystemWorld } from '../sample/system-world.fixture.ts';
import { MachineGroupRows } from './machine-group-rows.ts';
import { MachineProcessRows, plainSortKeys } from './machine-process-rows.ts';

const CONTAINER = 'f00dcafe0123'.padEnd(64, '0');
const GB = 2 ** 30;

/** Two workers of nginx, a shell, and postgres in a container, after a second in which they used 1.75 cores. */
function machine(): { readonly rows: MachineProcessRows; readonly rates: ProcessRates } {
  const world = new SystemWorld();
  for (const pid of [7, 8]) {
    const cgroup = '/system.slice/nginx.service';
    world.addProcess(pid, { name: 'nginx', uid: 33, residentBytes: GB, threads: 2, cgroup });
  }
  world.addProcess(9, { name: 'bash', uid: 1000 });
  world.addProcess(10, { name: 'postgres', cgroup: `/docker/${CONTAINER}`, residentBytes: 4 * GB });
  const rates = new ProcessRates();
  const rows = new MachineProcessRows();
  const writtenBytes = [100, 500];
  for (const written of writtenBytes) {
    const section = world.machineProcesses();
    for (const pid of [7, 8]) world.usage.writtenBytes[world.processes.find(pid)] = written;
    rates.update(section, world.header());
    rows.build(section, rates, (uid) => (uid === 33 ? 'www-data' : undefined));
    world.pass(1);
    for (const pid of [7, 8]) world.use(pid, 0.5);
    world.use(10, 0.75);
  }
  return { rows, rates };
}

function shown(rows: MachineProcessRows, by: Grouping): (string | number)[][] {
  const sums = new MachineGroupRows();
  sums.build(rows, by);
  return Array.from(sums.order({ key: 'cpu', isReversed: false }), (row) => [
    ...[sums.names[row]!, sums.processes[row]!, sums.threads[row]!],
    ...[sums.corePercent[row]!, sums.machinePercent[row]!, sums.residentBytes[row]! / GB],
  ]);
}

test('sums by program, user, container and unit', () => {
  const { rows } = machine();
  const bash = 1e6 / GB;
  expect(shown(rows, 'program')).toEqual([
    ['nginx', 2, 4, 100, 25, 2],
    ['postgres', 1, 1, 75, 18.75, 4],
    ['bash', 1, 1, 0, 0, bash],
  ]);
  expect(shown(rows, 'user')).toEqual([
    ['www-data', 2, 4, 100, 25, 2],
    ['0', 1, 1, 75, 18.75, 4],
    ['1000', 1, 1, 0, 0, bash],
  ]);
  expect(shown(rows, 'container')).toEqual([
    ['', 3, 5, 100, 25, 2 + bash],
    ['f00dcafe0123', 1, 1, 75, 18.75, 4],
  ]);
  expect(shown(rows, 'unit')).toEqual([
    ['nginx.service', 2, 4, 100, 25, 2],
    ['', 2, 2, 75, 18.75, 4 + bash],
  ]);
});

test('what is unknown of some is the sum of the rest, and unknown where nothing is known', () => {
  const { rows } = machine();
  const sums = new MachineGroupRows();
  sums.build(rows, 'container', (id, row) => (id === 'written' && rows.pid[row] === 7 ? 400 : Number.NaN));
  const none = sums.rowOf('');
  expect([sums.written[none], sums.read[none], sums.network[none]]).toEqual([400, Number.NaN, Number.NaN]);
  expect(sums.written[sums.rowOf('f00dcafe0123')]).toBeNaN();
  sums.build(rows, 'program');
  expect(sums.written[sums.rowOf('nginx')]).toBeGreaterThan(0);
  expect(sums.written[sums.rowOf('bash')]).toBeNaN();
});

test('only the processes that a search finds are summed; members are the processes of one row alone', () => {
  const { rows } = machine();
  rows.search('nginx');
  expect(shown(rows, 'user').map(([name]) => name)).toEqual(['www-data']);
  rows.search('');
  rows.restrict({ by: 'container', name: '' });
  expect(Array.from(rows.order({ key: 'pid', isReversed: false }))).toHaveLength(3);
  rows.restrict({ by: 'unit', name: 'nginx.service' });
  rows.search('8');
  expect(Array.from(rows.order({ key: 'pid', isReversed: false }), () => rows.count)).toEqual([1]);
  rows.search('');
  rows.restrict(undefined);
  expect(rows.count).toBe(4);
});

test('a name keeps its row from one build to the next, whatever comes before it', () => {
  const { rows } = machine();
  const sums = new MachineGroupRows();
  for (const by of ['program', 'user', 'program'] as const) sums.build(rows, by);
  const row = sums.rowOf('postgres');
  expect([sums.names[row], sums.processes[row], sums.rowOf('www-data')]).toEqual(['postgres', 1, -1]);
});

test('the command line sorts by what is read for every process', () => {
  expect(plainSortKeys()).toEqual(['cpu', 'memory', 'pid', 'name', 'user', 'threads', 'time']);
});
