import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { CAPTURED_PROC } from '../proc/captured-proc.fixture.ts';
import {
  comparedWithProc,
  outputLines,
  restlessSlice,
  UNHURRIED,
  untilInState,
  untilRuns,
  ZOMBIE,
} from '../testdata/test-slices.fixture.ts';
import { ProcessCollector } from './processes.ts';

const children: Bun.Subprocess[] = [];
const collectors: ProcessCollector[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
  for (const collector of collectors.splice(0)) collector.close();
});

function open(options: ConstructorParameters<typeof ProcessCollector>[0] = {}): ProcessCollector {
  const collector = new ProcessCollector(options);
  collectors.push(collector);
  return collector;
}

/** A shell that says when it is ready and then waits for its input. */
async function spawnShell(script: string, ...args: string[]) {
  const child = Bun.spawn(['sh', '-c', `${script}; echo ready; read end`, 'sh', ...args], {
    stdin: 'pipe',
    stdout: 'pipe',
  });
  children.push(child);
  const lines = outputLines(child.stdout);
  const first = (await lines.next()).value ?? '';
  return { child, pid: child.pid, first };
}

/** A process with a thread of its own for good: the engine of this very program. */
async function spawnThreaded() {
  const script =
    "new Worker('data:text/javascript,setInterval(()=>{},1e6)');console.log('ready');setInterval(()=>{},1e6)";
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  children.push(child);
  await outputLines(child.stdout).next();
  return child;
}

describe('ProcessCollector', () => {
  test('knows this process as the kernel describes it', async () => {
    const collector = open();
    await collector.collect(UNHURRIED);
    const { table } = collector;
    const slot = table.find(process.pid);
    expect(slot).toBeGreaterThanOrEqual(0);
    expect(collector.generation).toBe(1);
    expect(table.ppid[slot]).toBe(process.ppid);
    expect(table.uid[slot]).toBe(userInfo().uid);
    expect(table.names[slot]).toBe(readFileSync('/proc/self/comm', 'utf8').slice(0, -1));
    expect(table.cpuNanos[slot]).toBeGreaterThan(1e6);
    expect(table.rssBytes[slot]).toBeGreaterThan(1e6);
    expect(table.threads[slot]).toBeGreaterThan(1);
    expect(table.lastRanGeneration[slot]).toBe(1);
    expect(collector.commandLine(process.pid)).toContain('test');
    expect(collector.cgroup(process.pid)).toStartWith('/');
    expect(collector.commandLine(0x7fffffff)).toBeUndefined();
  });

  test('finds a new process within one collection, and its exit within one', async () => {
    const collector = open();
    await collector.collect(UNHURRIED);
    const { child, pid } = await spawnShell(':', 'an argument');
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(pid);
    expect(slot).toBeGreaterThanOrEqual(0);
    expect(collector.table.ppid[slot]).toBe(process.pid);
    expect(collector.commandLine(pid)).toEndWith('sh an argument');
    child.kill('SIGKILL');
    await child.exited;
    await collector.collect(UNHURRIED);
    expect(collector.table.find(pid)).toBe(-1);
    expect(collector.commandLine(pid)).toBeUndefined();
  });

  test('finds new processes when it lists /proc as well', async () => {
    const collector = open({ clock: () => Number.POSITIVE_INFINITY });
    await collector.collect(UNHURRIED);
    const { pid } = await spawnShell(':');
    await collector.collect(UNHURRIED);
    expect(collector.table.find(pid)).toBeGreaterThanOrEqual(0);
  });

  test('threads are not processes, neither when probed nor when listed', async () => {
    const collector = open();
    await collector.collect(UNHURRIED);
    const { pid } = await spawnThreaded();
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(pid);
    expect(slot).toBeGreaterThanOrEqual(0);
    const threads = [...new Bun.Glob('*').scanSync({ cwd: `/proc/${pid}/task`, onlyFiles: false })].map(
      Number,
    );
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) expect(collector.table.find(thread) >= 0).toBe(thread === pid);
  });

  test('has exactly the processes that /proc lists', async () => {
    const collector = open();
    const compared = await comparedWithProc(async () => {
      for (let i = 0; i < 3; i++) await collector.collect(UNHURRIED);
      const { slots, pid } = collector.table;
      return Array.from(slots.rows.subarray(0, slots.count), (slot) => pid[slot]!);
    });
    expect(compared).toEqual({ missing: [], strange: [] });
  });

  test('notices who ran, and who did not', async () => {
    const collector = open();
    const idle = await spawnShell(':');
    // It has said that it is ready, but may still be on its way to sleep.
    await untilInState(idle.pid, 'S');
    await collector.collect(UNHURRIED);
    await collector.collect(UNHURRIED);
    const { table } = collector;
    const before = table.cpuNanos[table.find(process.pid)]!;
    await collector.collect(UNHURRIED);
    expect(table.cpuNanos[table.find(process.pid)]!).toBeGreaterThan(before);
    expect(table.lastRanGeneration[table.find(process.pid)]!).toBe(3);
    expect(table.lastRanGeneration[table.find(idle.pid)]!).toBeLessThan(3);
  });

  test('a process that renames itself keeps its row; its name and command line follow', async () => {
    const collector = open();
    const child = Bun.spawn(['sh', '-c', 'echo ready; read go; exec sleep 1000'], {
      stdin: 'pipe',
      stdout: 'pipe',
    });
    children.push(child);
    await outputLines(child.stdout).next();
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(child.pid);
    const serial = collector.table.slots.serial[slot];
    expect(collector.table.names[slot]).toBe('sh');
    expect(collector.commandLine(child.pid)).toContain('read go');
    child.stdin.write('\n');
    child.stdin.flush();
    await untilRuns(child.pid, 'sleep 1000');
    // The CPU clock of a process that runs on another core moves on with that core's next tick only.
    await untilInState(child.pid, 'S');
    await collector.collect(UNHURRIED);
    expect(collector.table.names[slot]).toBe('sleep');
    expect(collector.table.slots.serial[slot]).toBe(serial);
    expect(collector.commandLine(child.pid)).toBe('sleep 1000');
  });

  test('a name of any bytes is decoded and changes no other field', async () => {
    const collector = open();
    const { pid } = await spawnShell("printf ') S 1\\n(\\377' > /proc/$$/comm");
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(pid);
    expect(collector.table.names[slot]).toBe(') S 1\n(\ufffd');
    expect(collector.table.ppid[slot]).toBe(process.pid);
  });

  test('a zombie is a process until it is reaped', async () => {
    const collector = open();
    const child = Bun.spawn(['sh', '-c', ZOMBIE], { stdout: 'pipe' });
    children.push(child);
    const zombie = Number((await outputLines(child.stdout).next()).value);
    await untilInState(zombie, 'Z');
    await collector.collect(UNHURRIED);
    const slot = collector.table.find(zombie);
    expect(String.fromCharCode(collector.table.state[slot]!)).toBe('Z');
    expect(collector.commandLine(zombie)).toBeUndefined();
  });

  test('rests when it is due, and the result is the same', async () => {
    const collector = open();
    const slice = restlessSlice();
    await collector.collect(slice);
    await collector.collect(slice);
    expect(slice.rests).toBeGreaterThan(collector.table.slots.count / 16);
    expect(collector.table.find(process.pid)).toBeGreaterThanOrEqual(0);
  });

  test('reads a /proc of another pid namespace by listing it', async () => {
    const collector = open({ procRoot: CAPTURED_PROC });
    await collector.collect(UNHURRIED);
    await collector.collect(UNHURRIED);
    const { table } = collector;
    expect(
      [...table.slots.rows.subarray(0, table.slots.count)].map((slot) => table.pid[slot]).sort(),
    ).toEqual([2, 4101, 812]);
    const slot = table.find(4101);
    expect([table.ppid[slot], table.uid[slot], table.startTicks[slot]]).toEqual([812, 1000, 272198]);
    expect(table.lastRanGeneration[slot]).toBe(1);
    expect(collector.commandLine(4101)).toBe('sleep 100');
    expect(collector.cgroup(812)).toBe('/user.slice/user-1000.slice/session-1.scope');
    expect(collector.commandLine(2)).toBeUndefined();
  });

  test('says which root it could not open', () => {
    expect(() => open({ procRoot: '/proc/nonexistent' })).toThrow(/open \/proc\/nonexistent: ENOENT/);
  });
});
