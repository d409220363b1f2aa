import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, hostname, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';
import { streamLines, withoutProgress } from './testing/streamed.ts';

const LONG_MILLIS = 60_000;

let agent: AgentProcess;
let url = '';
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'socktop-stream-'));
  agent = await AgentProcess.start();
  url = `ws://127.0.0.1:${agent.port}/ws`;
});
afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([SOCKTOP, ...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr: withoutProgress(stderr) };
}

describe.each([
  ['this machine', () => '--local'],
  ['an agent', () => url],
])('streams of %s', (_, where) => {
  test(
    '--json is one object a line with what the machine is',
    async () => {
      const { code, stdout, stderr } = await run('--json', '--duration', '2s', where());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThanOrEqual(2);
      const last = JSON.parse(lines.at(-1)!);
      expect(last).toMatchObject({ schema: 1, host: hostname(), memory: { total_bytes: totalmem() } });
      expect(last.interval_s).toBeGreaterThan(0);
      expect(last.cpu.percent).toBeGreaterThanOrEqual(0);
      expect(last.cpu.percent).toBeLessThanOrEqual(100);
      expect(last.cpu.per_core).toHaveLength(cpus().length);
      expect(last.disks.length).toBeGreaterThan(0);
      const own = last.processes.find((each: { pid: number }) => each.pid === process.pid);
      expect(own.mem_bytes).toBeGreaterThan(1e6);
      expect(own.cpu_percent).toBeLessThanOrEqual(100);
      const first = JSON.parse(lines[0]!);
      expect(first.networks.map(({ name }: { name: string }) => name)).toContain('lo');
    },
    LONG_MILLIS,
  );

  test(
    '--csv and --once are for tables, the busiest process first',
    async () => {
      const csv = await run('--csv', '--once', where());
      expect(csv).toMatchObject({ code: 0, stderr: '' });
      const [head, ...rows] = csv.stdout.trimEnd().split('\n');
      expect(head).toStartWith('timestamp,pid,process,user,cpu_percent,mem_bytes');
      expect(rows.length).toBeGreaterThan(1);
      const table = await run('--once', where());
      expect(table.stdout).toMatch(/^\S+ {2}\S+ {2}cpu +[\d.]+ %/);
      expect(table.stdout).toMatch(/PID +USER +PROCESS/);
    },
    LONG_MILLIS,
  );
});

describe('a recording', () => {
  test(
    'plays what was streamed while it was made, without the machine',
    async () => {
      const path = join(folder, 'machine.ndjson.gz');
      const made = await run('--json', '--duration', '2500ms', '--record', path, url);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const played = await run('--json', '--playback', path);
      expect(played).toMatchObject({ code: 0, stderr: '' });
      const lines = (text: string) =>
        text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
      // The first sample was no line of the stream: there were no rates yet.
      const [streamed, again] = [lines(made.stdout), lines(played.stdout).slice(1)];
      expect(again).toHaveLength(streamed.length);
      for (const [at, line] of streamed.entries()) {
        const { timestamp, cpu, memory, networks, process_count } = again[at];
        expect({ timestamp, cpu, memory, networks, process_count }).toEqual({
          ...{ timestamp: line.timestamp, cpu: line.cpu, memory: line.memory },
          ...{ networks: line.networks, process_count: line.process_count },
        });
      }
      const once = await run('--json', '--once', '--playback', path);
      expect(once).toMatchObject({ code: 0, stderr: '' });
      expect(lines(once.stdout)).toEqual(again.slice(0, 1));
      expect(lines(once.stdout)[0].cpu.percent).toBeGreaterThanOrEqual(0);
      expect((await run('--json', '--record', path, url)).stderr).toContain('refusing to overwrite');
      const cut = join(folder, 'cut.ndjson.gz');
      writeFileSync(cut, readFileSync(path).subarray(0, -30));
      const broken = await run('--json', '--playback', cut);
      expect(broken).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('in the middle of a snapshot'),
      });
      expect(played.stdout.startsWith(broken.stdout)).toBe(true);
      const missing = await run('--json', '--playback', join(folder, 'none'));
      expect(missing).toMatchObject({ code: 2, stdout: '' });
    },
    LONG_MILLIS,
  );
});

test(
  'a recording of the network alone is told of in one line',
  async () => {
    const path = join(folder, 'network.ndjson.gz');
    await streamLines(6, ['--json', '--record', path]);
    const told = `socktop: '${path}' has no system data; play it with sstop --playback\n`;
    for (const output of ['--json', '--csv', '--once']) {
      expect(await run(output, '--playback', path)).toEqual({ code: 1, stdout: '', stderr: told });
    }
  },
  LONG_MILLIS,
);

describe('--measure', () => {
  test(
    'tells what polling costs the agent, the wire and the time',
    async () => {
      const { code, stdout } = await run('--measure', '--json', '--duration', '2500ms', url);
      expect(code).toBe(0);
      const found = JSON.parse(stdout);
      expect(found).toMatchObject({ protocol: 'socktop.v2', metrics_interval_ms: 500, failures: 0 });
      expect(found.requests).toBeGreaterThanOrEqual(6);
      expect(found.received_bytes).toBeGreaterThan(found.sent_bytes);
      expect(found.latency_ms.median).toBeGreaterThan(0);
      expect(found.agent_cpu_seconds).toBeGreaterThan(0);
      expect(found.agent_memory_bytes).toBeGreaterThan(1e6);
      const text = await run('--measure', '--duration', '1500ms', url);
      expect(text.stdout).toMatch(/^agent .*% of one core/m);
      expect(text.stdout).toMatch(/^latency +median [\d.]+ ms/m);
    },
    LONG_MILLIS,
  );
});

test('an agent that is not there, or is asked for wrongly, is one line', async () => {
  const absent = await run('--json', 'ws://127.0.0.1:1/ws');
  expect(absent).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: 'socktop: ws://127.0.0.1:1/ws: connection refused: no agent there\n',
  });
  expect(await run('--json')).toMatchObject({ code: 2, stdout: '' });
  expect((await run('--json', '--token-file', '/nowhere', url)).stderr).toMatch(
    /token-file.*'\/nowhere': file not found/,
  );
});
