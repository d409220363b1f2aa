import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { OTHER_GROUP } from './group-series.ts';
import { processSection, type TestProcess } from './metrics-world.fixture.ts';
import { ProcessGroups } from './process-groups.ts';

const SECOND = 1e9;
const HOUR_SAMPLES = 3601;

/** CPU seconds by label. */
function cpuOf({ labels, columns }: ProcessGroups): Map<string, number> {
  const cpu = new Map<string, number>();
  for (let group = 0; group < labels.capacity; group++) {
    const sets = labels.labelsOf(group);
    if (sets !== undefined) cpu.set(sets.name, columns.cpuNanos[group]! / SECOND);
  }
  return cpu;
}

function absorb(groups: ProcessGroups, sequence: number, ...processes: TestProcess[]): void {
  groups.processes.absorb(processSection(processes, sequence));
}

const bash = (pid: number, seconds: number, startTicks = pid): TestProcess => ({
  ...{ pid, name: 'bash', startTicks, cpuNanos: seconds * SECOND },
});

describe('CPU time of a group', () => {
  test('begins at 0 with the first sample, grows with each member, keeps what the exited used', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, bash(1, 1000), bash(2, 5));
    expect(cpuOf(groups).get('bash')).toBe(0);
    absorb(groups, 2, bash(1, 1001), bash(2, 7));
    expect(cpuOf(groups).get('bash')).toBe(3);
    absorb(groups, 3, bash(1, 1002));
    expect(cpuOf(groups).get('bash')).toBe(4);
    absorb(groups, 4);
    expect(cpuOf(groups).get('bash')).toBe(4);
    expect(groups.columns.processes[groups.labels.find('bash')]).toBe(0);
  });

  test('counts a process whole that started since the first sample, and one that was hidden from there on', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, bash(10, 0));
    absorb(groups, 2, bash(10, 0), bash(11, 2), bash(3, 500));
    expect(cpuOf(groups).get('bash')).toBe(2);
    absorb(groups, 3, bash(10, 0), bash(11, 2), bash(3, 501));
    expect(cpuOf(groups).get('bash')).toBe(3);
  });

  test('takes a pid with another start for another process', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, bash(10, 100, 50));
    absorb(groups, 2, bash(10, 3, 99));
    expect(cpuOf(groups).get('bash')).toBe(3);
  });

  test('survives a sample that missed a process, and a clock that goes back', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1);
    absorb(groups, 2, bash(10, 100));
    absorb(groups, 3);
    absorb(groups, 4, bash(10, 99));
    absorb(groups, 5, bash(10, 101));
    expect(cpuOf(groups).get('bash')).toBe(101);
  });

  test('is not known while the kernel does not tell, and begins when it does', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, bash(10, Number.NaN));
    absorb(groups, 2, bash(10, 70));
    absorb(groups, 3, bash(10, 71));
    expect(cpuOf(groups).get('bash')).toBe(1);
  });

  test('goes to the new name of a process from when it has it', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1);
    absorb(groups, 2, bash(10, 2));
    absorb(groups, 3, { ...bash(10, 5), name: 'ls' });
    expect(Object.fromEntries(cpuOf(groups))).toEqual({ other: 0, bash: 2, ls: 3 });
  });

  test('is not counted again for a sample that was taken before', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, bash(10, 1));
    absorb(groups, 2, bash(10, 2));
    absorb(groups, 2, bash(10, 9));
    expect(cpuOf(groups).get('bash')).toBe(1);
  });
});

describe('storage of a group', () => {
  const disk = (pid: number, readBytes: number, writtenBytes = 0, startTicks = pid): TestProcess => ({
    ...{ pid, name: 'rsync', startTicks, readBytes, writtenBytes },
  });
  const of = (groups: ProcessGroups): readonly [number, number] => {
    const group = groups.labels.find('rsync');
    return [groups.columns.readBytes[group]!, groups.columns.writtenBytes[group]!];
  };

  test('is unknown until the kernel tells it, begins there, and keeps what the exited used', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1, disk(5, Number.NaN, Number.NaN));
    expect(of(groups)).toEqual([Number.NaN, Number.NaN]);
    absorb(groups, 2, disk(5, 1000, 400));
    expect(of(groups)).toEqual([0, 0]);
    absorb(groups, 3, disk(5, 1500, 400), disk(9, 70, 30, 9));
    expect(of(groups)).toEqual([570, 30]);
    // A sample for others, without storage, changes nothing.
    absorb(groups, 4, disk(5, Number.NaN, Number.NaN));
    expect(of(groups)).toEqual([570, 30]);
    absorb(groups, 5, disk(5, 1600, 500));
    expect(of(groups)).toEqual([670, 130]);
  });

  test('goes to `other` with the label', () => {
    const groups = new ProcessGroups(1);
    absorb(groups, 1);
    absorb(groups, 2, disk(5, 100, 7));
    absorb(groups, 2 + HOUR_SAMPLES, { pid: 6, name: 'b', startTicks: 6 });
    expect(groups.columns.readBytes[OTHER_GROUP]).toBe(100);
    expect(groups.columns.readBytes[groups.labels.find('b')]).toBeNaN();
  });
});

test('gauges are those of the last sample', () => {
  const groups = new ProcessGroups();
  const common = { name: 'x', rssBytes: 100 };
  absorb(
    groups,
    1,
    { ...common, pid: 1, startTicks: 9, threads: 3, state: 'R' },
    { ...common, pid: 2, startTicks: 4, threads: 2, state: 'D' },
    { ...common, pid: 3, startTicks: 7, rssBytes: Number.NaN, state: 'I' },
  );
  const { columns } = groups;
  const group = groups.labels.find('x');
  expect([columns.processes[group], columns.threads[group], columns.residentBytes[group]]).toEqual([
    3, 6, 200,
  ]);
  expect([...columns.states.subarray(group * 5, group * 5 + 5)]).toEqual([1, 0, 1, 0, 1]);
  expect(columns.oldestStartTicks[group]).toBe(4);
});

test('kernel threads are grouped by what they are; a program that is called alike is not', () => {
  const groups = new ProcessGroups();
  absorb(
    groups,
    1,
    { pid: 2, ppid: 0, name: 'kthreadd' },
    { pid: 20, ppid: 2, name: 'kworker/0:1-events' },
    { pid: 21, ppid: 2, name: 'kworker/u8:3' },
    { pid: 22, ppid: 1, name: 'kworker/u8:3' },
  );
  expect([...cpuOf(groups).keys()].sort()).toEqual(['kthreadd', 'kworker', 'kworker/u8:3', 'other']);
  expect(groups.columns.processes[groups.labels.find('kworker')]).toBe(2);
});

describe('labels', () => {
  const named = (name: string, pid: number, seconds: number): TestProcess => ({
    ...{ pid, name, startTicks: pid, cpuNanos: seconds * SECOND },
  });

  test('go to the largest and stay with them; the others are counted together', () => {
    const groups = new ProcessGroups(2);
    absorb(groups, 1, named('a', 1, 10), named('b', 2, 30), named('c', 3, 20));
    absorb(groups, 2, named('a', 1, 900), named('b', 2, 31), named('c', 3, 20));
    expect(Object.fromEntries(cpuOf(groups))).toEqual({ other: 890, b: 1, c: 0 });
    expect(groups.columns.processes[OTHER_GROUP]).toBe(1);
  });

  test('are given up only by who was gone for an hour, and then nothing is lost', () => {
    const groups = new ProcessGroups(1);
    absorb(groups, 1);
    absorb(groups, 2, named('a', 1, 5));
    absorb(groups, 3, named('b', 2, 1));
    expect(Object.fromEntries(cpuOf(groups))).toEqual({ other: 1, a: 5 });
    absorb(groups, 3 + HOUR_SAMPLES, named('b', 2, 3));
    expect(Object.fromEntries(cpuOf(groups))).toEqual({ other: 6, b: 2 });
  });

  test('a program called other is counted with the others', () => {
    const groups = new ProcessGroups();
    absorb(groups, 1);
    absorb(groups, 2, named('other', 1, 5), named('', 2, 1));
    expect(Object.fromEntries(cpuOf(groups))).toEqual({ other: 5, unknown: 1 });
  });
});

describe('over any history', () => {
  /** What a process does between two samples. */
  const action = fc.record({
    pid: fc.integer({ min: 1, max: 6 }),
    isAlive: fc.boolean(),
    usedSeconds: fc.nat(5),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'other', ''),
    isRestarted: fc.boolean(),
  });
  const history = fc.array(
    fc.record({ actions: fc.array(action, { maxLength: 6 }), passed: fc.constantFrom(1, 30, 4000) }),
    { maxLength: 30 },
  );

  test('no counter falls while it has its label, and the sum is what the processes used', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 4 }), (steps, limit) => {
        const groups = new ProcessGroups(limit);
        const world = new Map<number, TestProcess>();
        let before = new Map<string, number>();
        let used = 0;
        let seconds = 1;
        let ticks = 0;
        absorb(groups, seconds);
        for (const { actions, passed } of steps) {
          seconds += passed;
          // One process does one thing between two samples: what it does after the last is not to be known.
          for (const { pid, isAlive, isRestarted, name, usedSeconds } of new Map(
            actions.map((a) => [a.pid, a]),
          ).values()) {
            if (!isAlive) {
              world.delete(pid);
              continue;
            }
            const old = isRestarted ? undefined : world.get(pid);
            const cpuNanos = (old?.cpuNanos ?? 0) + usedSeconds * SECOND;
            world.set(pid, { pid, name, cpuNanos, startTicks: old?.startTicks ?? ++ticks });
            used += usedSeconds;
          }
          absorb(groups, seconds, ...world.values());
          const now = cpuOf(groups);
          for (const [name, value] of now) {
            const isNew = !before.has(name);
            if (!isNew) expect(value).toBeGreaterThanOrEqual(before.get(name)!);
          }
          expect(now.size).toBeLessThanOrEqual(limit + 1);
          expect([...now.values()].reduce((sum, value) => sum + value, 0)).toBe(used);
          before = now;
        }
      }),
    );
  });
});
