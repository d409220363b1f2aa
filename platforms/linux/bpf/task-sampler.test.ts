import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { processCpuNanos } from '../clock.ts';
import { PAGE_SIZE_BYTES } from '../libc.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { comparedWithProc, outputLines, untilInState, ZOMBIE } from '../testdata/test-slices.fixture.ts';
import { TaskIterator } from './bpf-program.ts';
import { withoutBpf } from './ebpf.fixture.ts';
import { kernelTypes } from './kernel-types.ts';
import { findTaskOffsets } from './task-offsets.ts';
import { taskIteratorProgram } from './task-programs.ts';
import { commLength, type TaskRecord } from './task-record.ts';
import { TaskSampler } from './task-sampler.ts';

/** On kernels that cannot walk, both are the iterator. */
const METHODS: readonly TaskSampler['method'][] = ['walk', 'iterator'];
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

/** Runs a script of this very engine, and waits until it has said something. */
async function spawnScript(script: string): Promise<number> {
  const child = Bun.spawn([process.execPath, '-e', script], { stdin: 'pipe', stdout: 'pipe' });
  children.push(child);
  await outputLines(child.stdout).next();
  return child.pid;
}

type Sampled = Omit<TaskRecord, 'comm' | 'commWords'> & { readonly name: string };

function sampleAll(sampler: TaskSampler): Map<number, Sampled> {
  const all = new Map<number, Sampled>();
  sampler.sample((task) => {
    expect(all.has(task.pid)).toBe(false);
    const name = new TextDecoder().decode(task.comm.subarray(0, commLength(task.comm)));
    all.set(task.pid, { ...task, name });
  });
  return all;
}

function withSampler<T>(use: (sampler: TaskSampler) => T, method: TaskSampler['method'] = 'walk'): T {
  const sampler = TaskSampler.open({ method });
  try {
    return use(sampler);
  } finally {
    sampler.close();
  }
}

function procStat(pid: number) {
  const bytes = readFileSync(`/proc/${pid}/stat`);
  const stat = emptyPidStat();
  expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
  return { ...stat, name: bytes.toString('utf8', stat.nameStart, stat.nameEnd) };
}

/** Against /proc, for a process that sleeps for good: nothing of it changes meanwhile. */
function expectAsInProc(task: Sampled | undefined, pid: number): void {
  const stat = procStat(pid);
  expect(task).toMatchObject({
    pid,
    ppid: stat.ppid,
    startTicks: stat.startTicks,
    state: stat.state,
    threads: stat.threads,
    rssBytes: stat.rssPages * PAGE_SIZE_BYTES,
    cpuNanos: processCpuNanos(pid),
    isKernelThread: false,
    name: stat.name,
  });
}

describe.skipIf(withoutBpf !== undefined).each(METHODS)('TaskSampler by %s (needs eBPF)', (method) => {
  test('a sleeping process is as /proc has it', async () => {
    const child = Bun.spawn(['sh', '-c', 'echo ready; read end'], { stdin: 'pipe', stdout: 'pipe' });
    children.push(child);
    await outputLines(child.stdout).next();
    // It has said something, but may still be on its way to sleep.
    await untilInState(child.pid, 'S');
    const task = withSampler(sampleAll, method).get(child.pid);
    expectAsInProc(task, child.pid);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    expect(task?.uid).toBe(Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]));
    expect(task?.virtualBytes).toBe(Number(/^VmSize:\s+(\d+)/m.exec(status)?.[1]) * 1024);
  });

  test('threads that live and threads that ended count for their process', async () => {
    // Workers burn CPU, one of them ends; a stopped process stays as it is.
    const burn =
      'const used = () => { const { user, system } = process.cpuUsage(); return user + system; }; const start = used(); const elapsed = () => used() - start; while (elapsed() < 60_000) for (let i = 0; i < 1e5; i++) Math.random();';
    const pid = await spawnScript(`
      const url = (code) => 'data:text/javascript,' + encodeURIComponent(code);
      const said = (code) => new Promise((done) => {
        const worker = new Worker(url(code));
        worker.addEventListener('message', () => done(worker), { once: true });
      });
      const workers = await Promise.all([said(${JSON.stringify(`${burn} postMessage(1)`)}), said(${JSON.stringify(`${burn} postMessage(1); setInterval(() => {}, 1e6)`)})]);
      workers[0].terminate();
      setTimeout(() => console.log('ready'), 50);
      setInterval(() => {}, 1e6);`);
    process.kill(pid, 'SIGSTOP');
    // A thread that has not stopped yet uses CPU on its way.
    await untilInState(pid, 'T');
    const task = withSampler(sampleAll, method).get(pid);
    expectAsInProc(task, pid);
    expect(task?.threads).toBeGreaterThan(1);
    expect(task?.cpuNanos).toBeGreaterThan(60e6);
    const io = readFileSync(`/proc/${pid}/io`, 'utf8');
    expect(task?.readBytes).toBe(Number(/^read_bytes: (\d+)/m.exec(io)?.[1]));
    expect(task?.writeBytes).toBe(Number(/^write_bytes: (\d+)/m.exec(io)?.[1]));
  });

  test('a process that has ended and that nobody asked for is a zombie', async () => {
    const parent = Bun.spawn(['sh', '-c', ZOMBIE], { stdout: 'pipe' });
    children.push(parent);
    const zombie = Number((await outputLines(parent.stdout).next()).value);
    await untilInState(zombie, 'Z');
    expect(withSampler(sampleAll, method).get(zombie)).toMatchObject({
      ...{ ppid: parent.pid, state: 0x5a, rssBytes: 0, virtualBytes: 0, name: 'sh' },
    });
  });

  test('has exactly the processes that /proc lists', async () => {
    let all = new Map<number, Sampled>();
    const compared = await comparedWithProc(() => {
      all = withSampler(sampleAll, method);
      return all.keys();
    });
    expect(compared).toEqual({ missing: [], strange: [] });
    expect(all.get(process.pid)?.ppid).toBe(process.ppid);
    expect([...all.values()].some((task) => task.isKernelThread)).toBe(true);
  });

  test('samples follow one another, one given up in the middle too', () => {
    withSampler((sampler) => {
      sampler.begin();
      sampler.next(() => undefined);
      const all = sampleAll(sampler);
      expect(all.has(process.pid)).toBe(true);
      expect(sampler.next(() => undefined)).toBe(false);
      expect(sampleAll(sampler).has(process.pid)).toBe(true);
    }, method);
  });
});

test.skipIf(withoutBpf !== undefined)(
  'the program for kernels with other counters of pages is accepted too (needs eBPF)',
  () => {
    const offsets = findTaskOffsets(kernelTypes());
    const copied = { ...offsets, rss: { kind: 'copied', offset: 8 } } as const;
    const iterator = TaskIterator.open('test', taskIteratorProgram(copied, 0), offsets.iteratorId);
    iterator.begin();
    expect(iterator.read()).toBeGreaterThan(0);
    iterator.close();
  },
);

const canUnshare = withoutBpf === undefined && process.geteuid?.() === 0 && Bun.which('unshare') !== null;

test.skipIf(!canUnshare)(
  'in a pid namespace of its own a program sees its own numbers (needs eBPF, root and unshare)',
  async () => {
    const script = `
      import { TaskSampler } from ${JSON.stringify(`${import.meta.dir}/task-sampler.ts`)};
      import { ExitRecorder } from ${JSON.stringify(`${import.meta.dir}/exit-recorder.ts`)};
      const sampler = TaskSampler.open();
      const child = Bun.spawn(['sleep', '1000']);
      const seen = [];
      sampler.sample(({ pid, ppid, threads }) => seen.push([pid, ppid, threads > 1]));
      const recorder = ExitRecorder.open();
      console.log('recording');
      await Bun.stdin.text();
      child.kill('SIGKILL');
      await child.exited;
      const ended = [];
      recorder.drain(({ pid, ppid, name }) => ended.push([pid, ppid, name]));
      console.log(JSON.stringify([process.pid, child.pid, seen, ended]));
      process.exit(0);`;
    const child = Bun.spawn(
      [
        'unshare',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        'sh',
        '-c',
        '"$@"; exit $?',
        'sh',
        process.execPath,
        '-e',
        script,
      ],
      { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    );
    const lines = outputLines(child.stdout);
    const errors = new Response(child.stderr).text();
    expect([(await lines.next()).value]).toEqual(['recording']);
    // Somebody outside ends.
    Bun.spawnSync(['true']);
    child.stdin.end();
    const { value } = await lines.next();
    expect(await errors).toBe('');
    const [own, sleeper, seen, ended] = JSON.parse(value ?? '');
    // The first process's parent is outside.
    expect(seen).toContainEqual([1, 0, false]);
    expect(seen).toContainEqual([own, 1, true]);
    expect(seen).toContainEqual([sleeper, own, false]);
    expect(seen.length).toBe(3);
    expect(ended).toEqual([[sleeper, own, 'sleep']]);
  },
);
