import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP, SOCKTOP_AGENT } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

const WAIT_MILLIS = 60_000;
const LONG_MILLIS = 240_000;
const FIGURES = /CPU.*Memory.*PID/s;
const LOST = /lost, data \d+ s old/;
const CAN_HAVE_NAMESPACES = process.getuid?.() === 0 && Bun.which('ip') !== null;
const TICKS_PER_SECOND = 100;

let home = '';
const open: { close(): unknown }[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'socktop-outage-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function start(...argv: readonly string[]): PtyProgram {
  const program = new PtyProgram([SOCKTOP, ...argv], {
    ...{ columns: 150, rows: 40, environment: { XDG_CONFIG_HOME: home } },
  });
  open.push(program);
  return program;
}

/** The loss is told in time, the figures stay, the screen answers; then it goes on by itself. */
async function outage(program: PtyProgram, end: () => unknown): Promise<void> {
  await program.waitFor(LOST, WAIT_MILLIS);
  expect(program.text()).toMatch(FIGURES);
  program.key('?');
  await program.waitFor(/Reconnect now/, WAIT_MILLIS);
  program.key('\x1b');
  await program.waitUntil(() => !/Reconnect now/.test(program.text()), 'the end of the help', WAIT_MILLIS);
  await end();
  await program.waitUntil(() => !LOST.test(program.text()), 'the end of the outage', WAIT_MILLIS);
  await program.waitFor(FIGURES, WAIT_MILLIS);
}

describe('an agent that does not answer', () => {
  test(
    'because it is stopped is lost after five seconds, and found again',
    async () => {
      const agent = await AgentProcess.start();
      // One that is stopped hears nothing else.
      open.push({ close: () => agent.kill('SIGKILL') });
      const program = start(`ws://127.0.0.1:${agent.port}/ws`);
      await program.waitFor(FIGURES, WAIT_MILLIS);
      agent.kill('SIGSTOP');
      const stopped = performance.now();
      await program.waitFor(LOST, WAIT_MILLIS);
      expect(performance.now() - stopped).toBeLessThan(12_000);
      // A stopped agent takes connections and answers none.
      await Bun.sleep(8000);
      expect(program.text()).toMatch(LOST);
      await outage(program, () => agent.kill('SIGCONT'));
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test.if(CAN_HAVE_NAMESPACES)(
    'because the network is cut is lost, and found again when it is back (needs root and ip)',
    async () => {
      const network = new CutNetwork();
      open.push(network);
      const agent = Bun.spawn(
        ['ip', 'netns', 'exec', network.name, SOCKTOP_AGENT, '--port', '3000', '--bind', network.far],
        { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
      );
      open.push({ close: () => agent.kill('SIGKILL') });
      await agent.stdout.getReader().read();
      const program = start(`ws://${network.far}:3000/ws`);
      await program.waitFor(FIGURES, WAIT_MILLIS);
      network.set('down');
      await outage(program, () => network.set('up'));
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );
});

describe('twelve agents on one screen', () => {
  test(
    'cost at most three times what one costs',
    async () => {
      const agents: AgentProcess[] = [];
      for (let i = 0; i < 12; i++) agents.push(await AgentProcess.start());
      open.push(...agents);
      const urls = agents.map(({ port }) => `ws://127.0.0.1:${port}/ws`);
      const one = await cpuOf(start(urls[0]!), /CPU.*Memory.*PID/s);
      const twelve = await cpuOf(start(...urls), /(?:127\.0\.0\.1[^\n]* ms\s+){12}/s);
      process.stdout.write(`one agent: ${one} ticks, twelve: ${twelve} ticks of 10 ms in 20 s\n`);
      expect(twelve).toBeLessThanOrEqual(one * 3);
    },
    LONG_MILLIS,
  );
});

/** CPU time of a program over twenty seconds, once it shows what it is to show; ticks of 10 ms. */
async function cpuOf(program: PtyProgram, shown: RegExp): Promise<number> {
  await program.waitFor(shown, WAIT_MILLIS);
  await Bun.sleep(5000);
  const before = ticksOf(program.process.pid);
  await Bun.sleep(20_000);
  const ticks = ticksOf(program.process.pid) - before;
  program.key('q');
  await program.exited();
  return (ticks * 100) / TICKS_PER_SECOND;
}

function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** A network namespace behind a pair of interfaces. */
class CutNetwork {
  readonly name = `socktop-${process.pid}`;
  readonly #near = `st${process.pid % 100_000}`;
  readonly far = `10.213.${process.pid % 250}.2`;

  constructor() {
    const peer = `${this.#near}p`;
    ip('netns', 'add', this.name);
    ip('link', 'add', this.#near, 'type', 'veth', 'peer', 'name', peer, 'netns', this.name);
    ip('addr', 'add', this.far.replace(/2$/, '1/24'), 'dev', this.#near);
    ip('link', 'set', this.#near, 'up');
    ip('-n', this.name, 'addr', 'add', `${this.far}/24`, 'dev', peer);
    ip('-n', this.name, 'link', 'set', peer, 'up');
    ip('-n', this.name, 'link', 'set', 'lo', 'up');
  }

  set(state: 'up' | 'down'): void {
    ip('link', 'set', this.#near, state);
  }

  close(): void {
    ip('link', 'del', this.#near);
    ip('netns', 'del', this.name);
  }
}

function ip(...args: readonly string[]): void {
  const run = Bun.spawnSync(['ip', ...args]);
  expect({ args, failure: run.stderr.toString() }).toEqual({ args, failure: '' });
}
