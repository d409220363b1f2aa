import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cpus, hostname, totalmem } from 'node:os';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';

const LONG_MILLIS = 60_000;

let agent: AgentProcess;
let url = '';

beforeAll(async () => {
  agent = await AgentProcess.start();
  url = `ws://127.0.0.1:${agent.port}/ws`;
});
afterAll(async () => {
  await agent.close();
});

async function run(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([SOCKTOP, ...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

describe.each([
  ['this machine', () => '--local'],
  ['an agent', () => url],
])('streams of %s', (_, where) => {
  test(
    '--json is one object a line with what the machine is',
    async () => {
      const { code, stdout, stderr } = await run('--json', '--duration', '1200ms', where());
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
      const text = await run('--measure', '--duration', '600ms', url);
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
    stderr: 'socktop: ws://127.0.0.1:1/ws: connection refused: no agent listens there\n',
  });
  expect(await run('--json')).toMatchObject({ code: 2, stdout: '' });
  expect((await run('--json', '--token-file', '/nowhere', url)).stderr).toMatch(/token-file.*ENOENT/);
});
