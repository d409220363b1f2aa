import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { withoutBpf } from './ebpf.fixture.ts';
import { type ExitRecord, ExitRecorder } from './exit-recorder.ts';

const recorders: ExitRecorder[] = [];

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.close();
});

function open(options?: Parameters<typeof ExitRecorder.open>[0]): ExitRecorder {
  const recorder = ExitRecorder.open(options);
  recorders.push(recorder);
  return recorder;
}

function drainAll(recorder: ExitRecorder): ExitRecord[] {
  const exits: ExitRecord[] = [];
  recorder.drain((exit) => exits.push({ ...exit }));
  return exits;
}

function startTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

describe.skipIf(withoutBpf !== undefined)(
  'ExitRecorder (needs eBPF and the pid namespace of the machine)',
  () => {
    test('a process that ended, once, with what /proc said of it', async () => {
      const recorder = open();
      const child = Bun.spawn(['sh', '-c', 'read end; exit 3'], { stdin: 'pipe' });
      const startTicks = startTicksOf(child.pid);
      child.stdin.write('\n');
      await child.stdin.end();
      await child.exited;
      const own = drainAll(recorder).filter(({ pid }) => pid === child.pid);
      expect(own).toMatchObject([{ startTicks, ppid: process.pid, uid: process.geteuid?.(), name: 'sh' }]);
      expect(drainAll(recorder).filter(({ pid }) => pid === child.pid)).toEqual([]);
    });

    test('processes too short for any listing', () => {
      const recorder = open();
      const { pid } = Bun.spawnSync(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do env true; done']);
      const children = drainAll(recorder).filter(({ ppid }) => ppid === pid);
      expect(children.map(({ name }) => name)).toEqual(new Array(10).fill('true'));
      expect(new Set(children.map((exit) => exit.pid)).size).toBe(10);
    });

    test.each(['process.exit(0)', 'process.kill(process.pid, "SIGKILL")'])(
      'CPU time of all threads of a process that ends in one blow: %s',
      (end) => {
        const recorder = open();
        const burn =
          'const used = () => { const { user, system } = process.cpuUsage(); return user + system; }; const start = used(); const elapsed = () => used() - start; while (elapsed() < 80_000) for (let i = 0; i < 1e5; i++) Math.random();';
        const worker = `${burn} postMessage(1); setInterval(() => {}, 1e6)`;
        const script = `
        const worker = new Worker('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)}));
        worker.addEventListener('message', () => { ${end}; });`;
        const { pid, resourceUsage } = Bun.spawnSync([process.execPath, '-e', script]);
        const [exit] = drainAll(recorder).filter((other) => other.pid === pid);
        const usedNanos = Number(resourceUsage.cpuTime.total) * 1e3;
        // What the kernel does to take the process down comes after the record (up to 6.14) or before it.
        expect(exit?.cpuNanos).toBeGreaterThan(80e6);
        expect(Math.abs((exit?.cpuNanos ?? 0) - usedNanos)).toBeLessThan(25e6);
      },
    );

    test('a thread that ends is no process that ended', async () => {
      const recorder = open();
      const worker = new Worker('data:text/javascript,postMessage(1)');
      const closed = new Promise((resolve) => worker.addEventListener('close', resolve));
      worker.terminate();
      await closed;
      expect(drainAll(recorder).filter(({ pid }) => pid === process.pid)).toEqual([]);
    });

    test('what there is no room for is counted', () => {
      const recorder = open(4);
      Bun.spawnSync(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do env true; done']);
      expect(drainAll(recorder).length).toBeGreaterThan(0);
      expect(recorder.lostCount).toBeGreaterThan(0);
    });
  },
);
