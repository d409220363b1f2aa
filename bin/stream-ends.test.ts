import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { WebSocketPeer } from '../src/remote/client/web-socket-peer.fixture.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

/** What the issue allows, and the time that a busy machine takes to notice. */
const END_MILLIS = 1000 + 2000;
/** With the start of the program; what is waited for in vain would take ten seconds and more. */
const RUN_MILLIS = 8000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stream-ends-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A full pipe: its reader has stopped, and lives. */
class FullPipe {
  readonly descriptor: number;

  constructor(name: string) {
    const path = join(folder, name);
    Bun.spawnSync(['mkfifo', path]);
    this.descriptor = openSync(path, constants.O_RDWR);
    const filler = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      for (;;) writeSync(filler, new Uint8Array(4096));
    } catch (thrown) {
      expect(toOpError('fill', thrown).code).toBe('EAGAIN');
    }
    closeSync(filler);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** What a thread waits for in the kernel; '' for one that has ended meanwhile. */
function waitOf(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/wchan`, 'utf8');
  } catch {
    return '';
  }
}

/** Resolves once a thread of the program waits for the reader of a pipe, or that has not happened for some seconds. */
async function untilBlocked(pid: number): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 6000; await Bun.sleep(20)) {
    const threads = readdirSync(`/proc/${pid}/task`);
    const waits = threads.map((thread) => waitOf(pid, thread));
    if (waits.some((wait) => wait.includes('pipe_write'))) return;
  }
}

/** O_NONBLOCK, octal as /proc shows it: a flag that the other programs at a pipe would suffer from. */
function isNonBlocking(pid: number): boolean {
  const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/1`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}

async function endOf(
  child: Bun.Subprocess,
): Promise<{ readonly code: number | string; readonly millis: number }> {
  const began = performance.now();
  const timer = setTimeout(() => child.kill('SIGKILL'), 2 * RUN_MILLIS);
  await child.exited;
  clearTimeout(timer);
  return { code: child.signalCode ?? child.exitCode ?? -1, millis: performance.now() - began };
}

const STREAMS: readonly (readonly [name: string, command: readonly string[], signal: NodeJS.Signals])[] = [
  ['sstop --json', [SSTOP, '--json', '--interval', '100ms'], 'SIGINT'],
  ['sstop --csv', [SSTOP, '--csv', '--interval', '100ms'], 'SIGTERM'],
  ['sstop --once', [SSTOP, '--once', '--interval', '100ms'], 'SIGHUP'],
  ['socktop --json', [SOCKTOP, '--local', '--json', '--metrics-interval-ms', '100'], 'SIGTERM'],
  ['socktop --csv', [SOCKTOP, '--local', '--csv', '--metrics-interval-ms', '100'], 'SIGHUP'],
  ['socktop --once', [SOCKTOP, '--local', '--once', '--metrics-interval-ms', '100'], 'SIGINT'],
];

describe('a stream whose reader has stopped reading', () => {
  test.each(STREAMS)(
    '%s ends within a second of a signal, and leaves the pipe as it was',
    async (name, command, signal) => {
      const pipe = new FullPipe(`${name.replaceAll(' ', '')}-signal`);
      const child = Bun.spawn([...command], { stdin: 'ignore', stdout: pipe.descriptor, stderr: 'ignore' });
      try {
        await untilBlocked(child.pid);
        expect(isNonBlocking(child.pid)).toBe(false);
        child.kill(signal);
        const { code, millis } = await endOf(child);
        expect(code).toBe(128 + os.signals[signal]);
        expect(millis).toBeLessThan(END_MILLIS);
      } finally {
        child.kill('SIGKILL');
        pipe.close();
      }
    },
  );

  test('ends by --duration too', async () => {
    const ends = STREAMS.filter(([name]) => !name.includes('--once')).map(async ([name, command]) => {
      const pipe = new FullPipe(`${name.replaceAll(' ', '')}-duration`);
      // Four programs start at once: until each has a first line it may take a second.
      const argv = [...command, '--duration', '2s'];
      const child = Bun.spawn(argv, { stdin: 'ignore', stdout: pipe.descriptor, stderr: 'ignore' });
      const { code, millis } = await endOf(child);
      pipe.close();
      return { name, code, isInTime: millis < RUN_MILLIS };
    });
    for (const { name, ...end } of await Promise.all(ends)) {
      expect({ name, ...end }).toEqual({ name, code: 0, isInTime: true });
    }
  });

  test('socktop --measure ends as well', async () => {
    const agent = await AgentProcess.start();
    const pipe = new FullPipe('measure');
    try {
      const argv = [SOCKTOP, '--measure', '--duration', '2s', `ws://127.0.0.1:${agent.port}/ws`];
      const child = Bun.spawn(argv, { stdin: 'ignore', stdout: pipe.descriptor, stderr: 'ignore' });
      const { code, millis } = await endOf(child);
      expect({ code, isInTime: millis < RUN_MILLIS }).toEqual({ code: 0, isInTime: true });
    } finally {
      pipe.close();
      await agent.close();
    }
  });
});

/** An agent that takes every request and answers none: what it can first, then a sample. */
class SilentAgent {
  /** Resolves when a program waits for a sample. */
  readonly asked: Promise<void>;
  readonly #peer: WebSocketPeer;

  private constructor(peer: WebSocketPeer, asked: Promise<void>) {
    this.#peer = peer;
    this.asked = asked;
  }

  /** Without v2 it speaks the original protocol, in which there is a connection once a request was answered. */
  static async start(isV2: boolean): Promise<SilentAgent> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let requests = 0;
    const received = (): void => {
      if (++requests === 2) resolve();
    };
    return new SilentAgent(await WebSocketPeer.listen({ isV2, received }), promise);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#peer.port}/ws`;
  }

  close(): Promise<void> {
    return this.#peer.close();
  }
}

describe('an agent that leaves out replies', () => {
  const commands: readonly (readonly string[])[] = [
    [SSTOP, '--json'],
    [SOCKTOP, '--json'],
    [SOCKTOP, '--csv'],
    [SOCKTOP, '--measure'],
  ];

  test.each(commands)('holds up neither SIGTERM nor --duration of %s %s', async (program, mode) => {
    const agent = await SilentAgent.start(true);
    try {
      const start = (...args: string[]) =>
        Bun.spawn([program!, mode!, ...args, agent.url], { stdio: ['ignore', 'ignore', 'pipe'] });
      const stopped = start();
      await agent.asked;
      stopped.kill('SIGTERM');
      const { code, millis } = await endOf(stopped);
      expect(code).toBe(143);
      expect(millis).toBeLessThan(END_MILLIS);
      const timed = start('--duration', '200ms');
      const end = await endOf(timed);
      expect({ code: end.code, isInTime: end.millis < RUN_MILLIS }).toEqual({ code: 1, isInTime: true });
      expect(await new Response(timed.stderr).text()).toMatch(
        /^(sstop|socktop): no (data received|reply within|sample within)[^\n]*\n$/,
      );
    } finally {
      await agent.close();
    }
  });
});

test('an agent of the original protocol that never answers holds up no --duration', async () => {
  const agent = await SilentAgent.start(false);
  try {
    for (const [name, program] of [
      ['sstop', SSTOP],
      ['socktop', SOCKTOP],
    ] as const) {
      const argv = [program, '--json', '--duration', '200ms', agent.url];
      const child = Bun.spawn(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
      const { code, millis } = await endOf(child);
      expect({ code, isInTime: millis < RUN_MILLIS }).toEqual({ code: 1, isInTime: true });
      expect(await new Response(child.stderr).text()).toMatch(
        new RegExp(`^(Connecting[^\\n]*\\n)?${name}: ${agent.url}: no reply within --duration\\n$`),
      );
    }
  } finally {
    await agent.close();
  }
});

describe('a recording that fails', () => {
  /** ulimit(1) counts in blocks. */
  const FILE_LIMIT_BYTES = 512;
  const limited = (...command: readonly string[]): string[] => [
    'sh',
    '-c',
    'ulimit -f 1; exec "$@"',
    'sh',
    ...command,
  ];

  test.each([
    ['sstop', SSTOP, ['--json', '--interval', '100ms']],
    ['sstop', SSTOP, ['--once', '--interval', '100ms']],
    ['socktop', SOCKTOP, ['--local', '--json', '--metrics-interval-ms', '100']],
  ] as const)('ends %s with exit code 1 (%#)', async (name, program, args) => {
    const file = join(folder, `failed-${args.length}-${name}-${args[0]}.gz`);
    const argv = limited(program, ...args, '--duration', '2s', '--record', file);
    const child = Bun.spawn(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    const stderr = await new Response(child.stderr).text();
    expect([await child.exited, stderr]).toEqual([
      1,
      `${name}: cannot record to '${file}': file size limit reached\n`,
    ]);
  });

  test.each([
    ['sstop', [SSTOP]],
    ['socktop', [SOCKTOP, '--local']],
  ] as const)('ends the screen of %s with exit code 1, told once it is left', async (name, command) => {
    const file = join(folder, `${name}-screen.gz`);
    const pty = new PtyProgram(limited(...command, '--record', file), { columns: 160 });
    try {
      const isFull = () => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= FILE_LIMIT_BYTES;
      await pty.waitUntil(isFull, 'a file of the size that is allowed');
      pty.key('q');
      expect(await pty.exited()).toBe(1);
      expect(pty.isAlternateScreen).toBe(false);
      expect(pty.text()).toContain(`${name}: cannot record to '${file}': file size limit reached`);
    } finally {
      await pty.close();
    }
  });
});

describe('what runs nothing', () => {
  const shell = (script: string, program: string) => Bun.spawnSync(['sh', '-c', script, 'sh', program]);

  test.each([SSTOP, SOCKTOP, SOCKTOP_AGENT])('on a full device are a failure of one line: %s', (program) => {
    const dryRun = program === SOCKTOP ? ['--dry-run ws://127.0.0.1:1/ws'] : [];
    for (const options of ['--help', '--version', ...dryRun]) {
      const { exitCode, stderr } = shell(`exec "$1" ${options} >/dev/full`, program);
      expect([exitCode, stderr.toString()]).toEqual([
        1,
        expect.stringMatching(/^[\w-]+: cannot write to standard output: no space left on device\n$/),
      ]);
    }
  });

  test('for a reader that has closed the pipe end without a word', () => {
    const { stdout, stderr } = shell('{ "$1" --help; echo "$?" >&2; } | true', SSTOP);
    expect([stdout.toString(), stderr.toString()]).toEqual(['', '0\n']);
  });
});
