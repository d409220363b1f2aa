import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTROL_GROUPS_LIMIT } from '../../../src/data/schema/control-groups-section.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { restlessSlice } from '../testdata/test-slices.fixture.ts';
import { ControlGroupCollector } from './control-group-collector.ts';

const folder = mkdtempSync(join(tmpdir(), 'groups-'));
const STALL = 'some avg10=1.50 avg60=0.16 avg300=0.49 total=18577411\n';

afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, path, name), text);
}

function mountsOf(name: string, ...others: readonly string[]): readonly MountEntry[] {
  const lines = [
    `30 25 0:26 / ${folder}/${name}/unified rw - cgroup2 cgroup2 rw,nsdelegate`,
    ...others.map(
      (each, i) => `${31 + i} 25 0:${27 + i} / ${folder}/${name}/${each} rw - cgroup cgroup rw,${each}`,
    ),
  ];
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return parseMountEntries(bytes, bytes.length);
}

function collect(mounts: readonly MountEntry[]) {
  return new ControlGroupCollector({ procRoot: '/nowhere', mounts }).collect(restlessSlice());
}

describe('control groups', () => {
  test('of version 2: those with processes or a limit, outer ones first', async () => {
    const at = 'v2/unified/system.slice';
    write(at, {
      'cgroup.procs': '',
      'cpu.stat': 'usage_usec 1\n',
      'memory.max': 'max\n',
      'cpu.max': 'max 100000\n',
    });
    write(`${at}/web.service`, {
      ...{
        'cgroup.procs': '11\n12\n',
        'cpu.pressure': STALL,
        'memory.pressure': STALL,
        'io.pressure': STALL,
      },
      'cpu.stat': 'usage_usec 50\nnr_periods 90\nnr_throttled 4\nthrottled_usec 2000000\n',
      'memory.events': 'low 0\nhigh 3\nmax 2\noom 1\noom_kill 1\n',
      ...{
        'memory.current': '4096\n',
        'memory.max': '8192\n',
        'memory.high': '6144\n',
        'cpu.max': '50000 100000\n',
      },
    });
    write('v2/unified/pods', { 'cgroup.procs': '', 'cpu.stat': 'nr_periods 1\n', 'memory.max': '9000\n' });
    const section = await collect(mountsOf('v2'));
    expect(section.errors).toEqual([]);
    expect(section.groups.map(({ path }) => path)).toEqual(['/pods', '/system.slice/web.service']);
    expect(section.groups[1]).toMatchObject({
      ...{ throttledMicros: 2e6, memoryMaxes: 2, memoryOoms: 1, memoryKills: 1 },
      ...{ memoryBytes: 4096, memoryLimitBytes: 6144, cpuLimit: 0.5 },
    });
    expect(section.groups[0]).toMatchObject({ memoryLimitBytes: 9000, cpuLimit: undefined });
  });

  test('of version 1, where one group stands in several hierarchies', async () => {
    write('v1/unified/a', { 'cgroup.procs': '', 'io.pressure': STALL });
    write('v1/cpu/a', {
      ...{ 'cgroup.procs': '5\n', 'cpu.cfs_quota_us': '20000\n', 'cpu.cfs_period_us': '100000\n' },
      'cpu.stat': 'nr_periods 7\nnr_throttled 2\nthrottled_time 3000000000\n',
    });
    write('v1/cpu/b', { 'cgroup.procs': '6\n', 'cpu.cfs_quota_us': '-1\n', 'cpu.stat': 'nr_periods 0\n' });
    write('v1/memory/a', {
      ...{ 'cgroup.procs': '5\n', 'memory.failcnt': '12\n', 'memory.usage_in_bytes': '4096\n' },
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
    });
    const { groups } = await collect(mountsOf('v1', 'cpu', 'memory'));
    expect(groups.map(({ path }) => path)).toEqual(['/a', '/b']);
    expect(groups[0]).toMatchObject({
      ...{ throttledMicros: 3e6, cpuLimit: 0.2, memoryMaxes: 12, memoryKills: 3 },
      ...{ memoryBytes: 4096, memoryLimitBytes: undefined },
    });
    expect(groups[0]?.ioPressure?.some?.avg10).toBe(1.5);
    expect(groups[1]?.cpuLimit).toBeUndefined();
  });

  test('of a part of a hierarchy, by the paths that processes have', async () => {
    write('part/unified/web.service', { 'cgroup.procs': '1\n', 'cpu.stat': 'nr_periods 1\n' });
    const mounts = mountsOf('part').map((mount) => ({ ...mount, root: '/docker/4' }));
    const { groups } = await collect(mounts);
    expect(groups.map(({ path }) => path)).toEqual(['/docker/4/web.service']);
  });

  test('of a container, whose own group is what is mounted', async () => {
    write('inside/unified', { 'cgroup.procs': '1\n', 'memory.max': '8192\n', 'cpu.stat': 'nr_periods 1\n' });
    write('inside/unified/job', { 'cgroup.procs': '2\n', 'cpu.stat': 'nr_periods 1\n' });
    const paths = async (mounts: readonly MountEntry[]) =>
      (await collect(mounts)).groups.map(({ path }) => path);
    const part = mountsOf('inside').map((mount) => ({ ...mount, root: '/docker/4' }));
    expect(await paths(part)).toEqual(['/docker/4', '/docker/4/job']);
    // In a namespace of control groups it is called `/`, as the machine's root is, which has no such file.
    expect(await paths(mountsOf('inside'))).toEqual(['/job']);
    write('inside/unified', { 'cgroup.type': 'domain\n' });
    expect(await paths(mountsOf('inside'))).toEqual(['/', '/job']);
  });

  test('files that lie are not known', async () => {
    const lies = {
      'cpu.max': '20000\n',
      'memory.max': '1e99\n',
      'memory.current': '-5\n',
      'io.pressure': 'x',
    };
    write('lies/unified/a', {
      ...lies,
      'cgroup.procs': '1\n',
      'cpu.stat': 'nr_periods 18446744073709551616000\n',
    });
    write('lies/unified/b', {
      'cgroup.procs': '1\n',
      'memory.events': 'max 4\noom_kill',
      'cpu.max': '9 0\n',
    });
    const { groups } = await collect(mountsOf('lies'));
    expect(groups.map(({ path }) => path)).toEqual(['/b']);
    expect(groups[0]).toMatchObject({ memoryMaxes: 4, memoryKills: undefined, cpuLimit: undefined });
  });

  test('are no more than people look at', async () => {
    for (let i = 0; i < CONTROL_GROUPS_LIMIT + 10; i++)
      write(`many/unified/${i}`, { 'cgroup.procs': '1\n', 'cpu.stat': 'nr_periods 1\n' });
    expect((await collect(mountsOf('many'))).groups.length).toBe(CONTROL_GROUPS_LIMIT);
  });

  test('of a folder of thousands are not listed', async () => {
    write('wide/unified/a', { 'cgroup.procs': '1\n', 'cpu.stat': 'nr_periods 1\n' });
    for (let at = 0; at < 4200; at++) mkdirSync(join(folder, `wide/unified/b/${at}`), { recursive: true });
    write('wide/unified/b/0', { 'cgroup.procs': '1\n', 'cpu.stat': 'nr_periods 1\n' });
    expect((await collect(mountsOf('wide'))).groups.map(({ path }) => path)).toEqual(['/a']);
  });

  test('where none are mounted that is said', async () => {
    await expect(collect([])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of this machine', async () => {
    const collector = new ControlGroupCollector({ procRoot: '/proc' });
    const [first, second] = [
      await collector.collect(restlessSlice()),
      await collector.collect(restlessSlice()),
    ];
    expect([first.sequence, second.sequence]).toEqual([1, 2]);
    for (const { path } of first.groups) expect(path).toMatch(/^\/./);
  });
});
