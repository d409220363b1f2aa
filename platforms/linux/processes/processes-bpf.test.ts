import { afterEach, describe, expect, test } from 'bun:test';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { ExitRecorder } from '../bpf/exit-recorder.ts';
import { TaskRecord } from '../bpf/task-record.ts';
import {
  isGuarded,
  outputLines,
  restlessSlice,
  UNHURRIED,
  untilInState,
  untilRuns,
} from '../testdata/test-slices.fixture.ts';
import { ProcessCollector } from './processes.ts';
import { BpfProcessCollector, BpfProcessRows } from './processes-bpf.ts';

const children: Bun.Subprocess[] = [];
const open: { close(): void }[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
  for (const closeable of open.splice(0)) closeable.close();
});

function opened<T extends { close(): void }>(closeable: T): T {
  open.push(closeable);
  return closeable;
}

/** A shell that says when it is ready and then waits for its input. */
async function spawnShell(script: string, ...args: string[]) {
  const child = Bun.spawn(['sh', '-c', `${script}; echo ready; read end`, 'sh', ...args], {
    stdin: 'pipe',
    stdout: 'pipe',
  });
  children.push(child);
  const lines = outputLines(child.stdout);
  await lines.next();
  return { child, pid: child.pid, lines };
}

describe.skipIf(withoutBpf !== undefined)('BpfProcessCollector (needs eBPF)', () => {
  test('knows this process as the other collector does', async () => {
    const collector = opened(BpfProcessCollector.open());
    const other = opened(new ProcessCollector());
    await other.collect(UNHURRIED);
    await collector.collect(UNHURRIED);
    const [a, b] = [collector.table, other.table];
    const [slot, otherSlot] = [a.find(process.pid), b.find(process.pid)];
    expect(slot).toBeGreaterThanOrEqual(0);
    for (const column of ['pid', 'ppid', 'startTicks', 'uid', 'state', 'names'] as const) {
      expect(a[column][slot]).toBe(b[column][otherSlot] ?? '');
    }
    expect(a.threads[slot]).toBeGreaterThan(1);
    expect(a.cpuNanos[slot]).toBeGreaterThanOrEqual(b.cpuNanos[otherSlot]! - 20e6);
    expect(a.lastRanGeneration[slot]).toBe(1);
    expect(collector.rows.virtualBytes[slot]).toBeGreaterThan(a.rssBytes[slot]!);
    expect(collector.commandLine(process.pid)).toBe(other.commandLine(process.pid) ?? '');
    expect(collector.cgroup(process.pid)).toBe(other.cgroup(process.pid) ?? '');
    expect(collector.commandLine(0x7fffffff)).toBeUndefined();
  });

  test('both have the same processes, with the same names', async () => {
    const collector = opened(BpfProcessCollector.open());
    const other = opened(new ProcessCollector());
    const listedBy = async (by: BpfProcessCollector | ProcessCollector): Promise<Map<string, string>> => {
      await by.collect(UNHURRIED);
      const { slots, pid, startTicks, names } = by.table;
      const rows = [...slots.rows.subarray(0, slots.count)];
      return new Map(rows.map((slot) => [`${pid[slot]} ${startTicks[slot]}`, names[slot]!]));
    };
    const before = await listedBy(other);
    const own = await listedBy(collector);
    const after = await listedBy(other);
    // Others may come and go meanwhile.
    const missing = [...before.keys()].filter((key) => after.has(key) && !own.has(key));
    expect(missing.filter((key) => !isGuarded(Number.parseInt(key, 10)))).toEqual([]);
    const strange = [...own.keys()].filter((key) => !before.has(key) && !after.has(key));
    const last = await listedBy(other);
    expect(strange.filter((key) => last.has(key))).toEqual([]);
    // Of workers of the kernel /proc tells what they work at.
    const named = [...before].filter(
      ([key, name]) => after.get(key) === name && !name.startsWith('kworker/'),
    );
    expect(named.filter(([key, name]) => own.has(key) && own.get(key) !== name)).toEqual([]);
  });

  test('finds a new process within one collection, and its exit within one', async () => {
    const collector = opened(BpfProcessCollector.open());
    await collector.collect(UNHURRIED);
    const { child, pid } = await spawnShell(':', 'an argument');
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(pid);
    expect(collector.table.ppid[slot]).toBe(process.pid);
    expect(collector.commandLine(pid)).toEndWith('sh an argument');
    child.kill('SIGKILL');
    await child.exited;
    await collector.collect(UNHURRIED);
    expect(collector.table.find(pid)).toBe(-1);
    expect(collector.commandLine(pid)).toBeUndefined();
  });

  test('notices who ran, who did not, and who became another program', async () => {
    const collector = opened(BpfProcessCollector.open());
    const { child, pid, lines } = await spawnShell(
      'echo ready; read go; for i in 1 2 3; do :; done; echo ran; read go; exec sleep 1000',
    );
    const { table } = collector;
    await untilInState(pid, 'S');
    for (let i = 0; i < 3; i++) await collector.collect(UNHURRIED);
    const slot = table.find(pid);
    expect(table.lastRanGeneration[slot]).toBe(1);
    const nanosBefore = table.cpuNanos[slot]!;
    child.stdin.write('\n');
    child.stdin.flush();
    await lines.next();
    await untilInState(pid, 'S');
    await collector.collect(UNHURRIED);
    expect(table.lastRanGeneration[slot]).toBe(4);
    expect(table.cpuNanos[slot]).toBeGreaterThan(nanosBefore);
    expect(collector.commandLine(pid)).toStartWith('sh -c');
    child.stdin.write('\n');
    child.stdin.flush();
    await untilRuns(pid, 'sleep 1000');
    await collector.collect(UNHURRIED);
    expect(table.names[slot]).toBe('sleep');
    expect(table.find(pid)).toBe(slot);
    expect(collector.commandLine(pid)).toBe('sleep 1000');
  });

  test('admits between two collections, processes alone', async () => {
    const collector = opened(BpfProcessCollector.open());
    await collector.collect(UNHURRIED);
    const { pid } = await spawnShell(':');
    const slot = collector.admit(pid);
    expect(slot).toBeGreaterThanOrEqual(0);
    const { startTicks, serial } = {
      startTicks: collector.table.startTicks[slot],
      serial: collector.table.slots.serial[slot],
    };
    expect(collector.table.names[slot]).toBe('sh');
    expect(collector.table.uid[slot]).toBe(process.geteuid?.() ?? -1);
    expect(collector.admit(pid)).toBe(slot);
    await collector.collect(UNHURRIED);
    expect(collector.table.find(pid)).toBe(slot);
    expect(collector.table.startTicks[slot]).toBe(startTicks ?? Number.NaN);
    expect(collector.table.slots.serial[slot]).toBe(serial ?? Number.NaN);
    const [thread] = [...new Bun.Glob('*').scanSync({ cwd: '/proc/self/task', onlyFiles: false })]
      .map(Number)
      .filter((tid) => tid !== process.pid);
    expect(collector.admit(thread ?? 0)).toBe(-1);
    expect(collector.admit(0x7ffffffe)).toBe(-1);
  });

  test('rests when it is told to, between pieces of what it reads', async () => {
    const slice = restlessSlice();
    // They end with their input, however this test ends.
    const crowd = 'exec 3<&0; i=0; while [ $i -lt 512 ]; do (read end <&3) & i=$((i+1)); done';
    await spawnShell(crowd);
    const collector = opened(BpfProcessCollector.open());
    await collector.collect(slice);
    expect(slice.rests).toBeGreaterThan(0);
    expect(collector.table.find(process.pid)).toBeGreaterThanOrEqual(0);
  });

  test('who ends between two collections has the identity that it had in the table', async () => {
    const exits = opened(ExitRecorder.open());
    const collector = opened(BpfProcessCollector.open());
    const { child, pid } = await spawnShell(':');
    await collector.collect(UNHURRIED);
    const { startTicks, cpuNanos } = collector.table;
    const slot = collector.table.find(pid);
    child.kill('SIGKILL');
    await child.exited;
    let seen: { startTicks: number; cpuNanos: number } | undefined;
    exits.drain((exit) => {
      if (exit.pid === pid) seen = { startTicks: exit.startTicks, cpuNanos: exit.cpuNanos };
    });
    expect(seen?.startTicks).toBe(startTicks[slot] ?? Number.NaN);
    expect(seen?.cpuNanos).toBeGreaterThanOrEqual(cpuNanos[slot]!);
  });
});

describe('BpfProcessRows', () => {
  function task(fields: Partial<TaskRecord>, name: string): TaskRecord {
    const record = Object.assign(new TaskRecord(), fields);
    record.comm.set(new TextEncoder().encode(name));
    return record;
  }

  function rowsWith(longName: (pid: number) => string | undefined = () => undefined) {
    const events: string[] = [];
    const rows = new BpfProcessRows({
      renamed: (slot) => events.push(`renamed ${slot}`),
      removed: (slot) => events.push(`removed ${slot}`),
      longName,
    });
    return { rows, events };
  }

  test('a recycled pid is another process', () => {
    const { rows, events } = rowsWith();
    const first = rows.store(task({ pid: 5, startTicks: 1, cpuNanos: 9 }, 'a'), 1);
    const serial = rows.table.slots.serial[first]!;
    const second = rows.store(task({ pid: 5, startTicks: 2, cpuNanos: 4 }, 'a'), 2);
    expect(rows.table.slots.count).toBe(1);
    expect(rows.table.slots.serial[second]).not.toBe(serial);
    expect(rows.table.cpuNanos[second]).toBe(4);
    expect(rows.table.lastRanGeneration[second]).toBe(2);
    expect(events).toEqual([`renamed ${first}`, `removed ${first}`, `renamed ${second}`]);
  });

  test('CPU time never goes back, and who did not use any did not run', () => {
    const { rows } = rowsWith();
    const { table } = rows;
    const slot = rows.store(task({ pid: 5, startTicks: 1, cpuNanos: 9 }, 'a'), 1);
    rows.store(task({ pid: 5, startTicks: 1, cpuNanos: 7 }, 'a'), 2);
    expect([table.cpuNanos[slot], table.lastRanGeneration[slot]]).toEqual([9, 1]);
    rows.store(task({ pid: 5, startTicks: 1, cpuNanos: 10 }, 'a'), 3);
    expect([table.cpuNanos[slot], table.lastRanGeneration[slot]]).toEqual([10, 3]);
  });

  test('who was not seen is gone; columns grow with the table', () => {
    const { rows } = rowsWith();
    for (let pid = 1; pid <= 2000; pid++) rows.store(task({ pid, virtualBytes: pid }, `p${pid}`), 1);
    for (let pid = 2; pid <= 2000; pid += 2) rows.store(task({ pid, virtualBytes: pid }, `p${pid}`), 2);
    rows.sweep(2);
    expect(rows.table.slots.count).toBe(1000);
    for (const pid of [2, 998, 2000]) {
      const slot = rows.table.find(pid);
      expect([rows.table.names[slot], rows.virtualBytes[slot]]).toEqual([`p${pid}`, pid]);
    }
    expect(rows.table.find(999)).toBe(-1);
  });

  test("kernel threads' names that were cut are asked for", () => {
    const { rows } = rowsWith((pid) => (pid === 5 ? 'rcu_tasks_kthread' : undefined));
    const named = (pid: number, isKernelThread: boolean): string | undefined =>
      rows.table.names[rows.store(task({ pid, isKernelThread }, 'rcu_tasks_kthre'), 1)];
    expect([named(5, true), named(6, true), named(7, false)]).toEqual([
      'rcu_tasks_kthread',
      'rcu_tasks_kthre',
      'rcu_tasks_kthre',
    ]);
  });
});
