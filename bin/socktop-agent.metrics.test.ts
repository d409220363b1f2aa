import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, statfsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseExposition, seriesOf } from '../src/remote/agent/metrics/exposition-parser.fixture.ts';
import type { MetricsFormat } from '../src/remote/agent/metrics/negotiate.ts';
import { MetricsAgent } from './testing/metrics-agent.ts';

/** Longer than the agent is told to answer from one sample. */
const PAST_EVERY_TTL_MILLIS = 20;

let agent: MetricsAgent;

beforeAll(async () => {
  agent = await MetricsAgent.start();
});

afterAll(async () => {
  await agent?.close();
});

async function scrape(format: MetricsFormat = 'text'): Promise<Map<string, number>> {
  return seriesOf(parseExposition((await agent.page(format)).bytes, format));
}

function procNumber(file: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1]);
}

describe('who may see it', () => {
  test('nobody without the token', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const response = await agent.fetch('/metrics', headers);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain('node_');
    }
  });

  test('who has it, by header or by query', async () => {
    expect((await agent.fetch('/metrics', { authorization: `Bearer ${agent.token}` })).status).toBe(200);
    expect((await agent.fetch(`/metrics?token=${agent.token}`)).status).toBe(200);
  });
});

test('each format comes when it is asked for, with its content type', async () => {
  const text = await agent.page('text');
  expect(text.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const openMetrics = await agent.page('openmetrics');
  expect(openMetrics.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const names = (page: Uint8Array, format: MetricsFormat) =>
    [...seriesOf(parseExposition(page, format)).keys()].filter((name) => name.startsWith('node_'));
  const before = names(text.bytes, 'text');
  const between = names(openMetrics.bytes, 'openmetrics');
  const after = names((await agent.page('text')).bytes, 'text');
  // An interface or a mount may come or go meanwhile.
  expect(before.filter((name) => after.includes(name) && !between.includes(name))).toEqual([]);
  expect(between.filter((name) => !before.includes(name) && !after.includes(name))).toEqual([]);
});

describe('the figures are the kernel’s', () => {
  test('memory and boot time', async () => {
    const shown = await scrape();
    const meminfo = (field: string) =>
      procNumber('/proc/meminfo', new RegExp(`^${field}:\\s+(\\d+) kB`, 'm')) * 1024;
    expect(shown.get('node_memory_MemTotal_bytes')).toBe(meminfo('MemTotal'));
    expect(shown.get('node_memory_SwapTotal_bytes')).toBe(meminfo('SwapTotal'));
    expect(shown.get('node_memory_CommitLimit_bytes')).toBe(meminfo('CommitLimit'));
    const cached = shown.get('node_memory_Cached_bytes')!;
    expect(Math.abs(cached - meminfo('Cached')) / meminfo('MemTotal')).toBeLessThan(0.05);
    // The kernel's own is in whole seconds and follows the clock.
    expect(
      Math.abs(shown.get('node_boot_time_seconds')! - procNumber('/proc/stat', /^btime (\d+)/m)),
    ).toBeLessThan(2);
    expect(Math.abs(shown.get('node_time_seconds')! - Date.now() / 1000)).toBeLessThan(5);
  });

  test('counters lie between what the kernel said before and after', async () => {
    const readings = (): Record<string, number> => ({
      node_context_switches_total: procNumber('/proc/stat', /^ctxt (\d+)/m),
      node_forks_total: procNumber('/proc/stat', /^processes (\d+)/m),
      'node_cpu_seconds_total{cpu="0",mode="user"}': procNumber('/proc/stat', /^cpu0 (\d+)/m) / clockTicks(),
      'node_network_receive_bytes_total{device="lo"}': procNumber('/proc/net/dev', /^\s*lo:\s*(\d+)/m),
    });
    const before = readings();
    await Bun.sleep(PAST_EVERY_TTL_MILLIS);
    const shown = await scrape();
    for (const [name, after] of Object.entries(readings())) {
      expect([name, shown.get(name)! >= before[name]!, shown.get(name)! <= after]).toEqual([
        name,
        true,
        true,
      ]);
    }
  });

  test('load and the file system below /', async () => {
    const shown = await scrape();
    expect(Math.abs(shown.get('node_load15')! - loadavg()[2]!)).toBeLessThan(0.5);
    const root = [...shown].find(([name]) => /^node_filesystem_size_bytes\{.*mountpoint="\/"\}$/.test(name));
    // An overlay (a container's root) is no file system of its own.
    if (root === undefined) return;
    const { blocks, bsize } = statfsSync('/');
    expect(root[1]).toBe(blocks * bsize);
  });
});

test('processes of a name are counted together, and what they used stays when they have gone', async () => {
  const name = `m${process.pid}`;
  await scrape();
  const script = `printf ${name} > /proc/self/comm; n=0; while [ $n -lt 300000 ]; do n=$((n+1)); done; echo ready; read line`;
  const start = () => Bun.spawn(['sh', '-c', script], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  const children = [start(), start()];
  try {
    for (const { stdout } of children) await stdout.getReader().read();
    await Bun.sleep(PAST_EVERY_TTL_MILLIS);
    const shown = await scrape();
    expect(shown.get(`namedprocess_namegroup_num_procs{groupname="${name}"}`)).toBe(2);
    expect(shown.get(`namedprocess_namegroup_num_threads{groupname="${name}"}`)).toBe(2);
    const resident = shown.get(
      `namedprocess_namegroup_memory_bytes{groupname="${name}",memtype="resident"}`,
    )!;
    expect(resident).toBeGreaterThan(100_000);
    const used = shown.get(`namedprocess_namegroup_cpu_seconds_total{groupname="${name}"}`)!;
    expect(used).toBeGreaterThan(0.01);
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(({ exited }) => exited));
    await Bun.sleep(PAST_EVERY_TTL_MILLIS);
    const later = await scrape();
    expect(later.get(`namedprocess_namegroup_num_procs{groupname="${name}"}`)).toBe(0);
    expect(
      later.get(`namedprocess_namegroup_cpu_seconds_total{groupname="${name}"}`)!,
    ).toBeGreaterThanOrEqual(used);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});

test('no counter falls from scrape to scrape', async () => {
  const isCounter = (name: string) => /_total(?:\{|$)/.test(name);
  const before = await scrape();
  await Bun.sleep(PAST_EVERY_TTL_MILLIS);
  const after = await scrape();
  const fallen = [...before].filter(([name, value]) => isCounter(name) && (after.get(name) ?? value) < value);
  expect(fallen).toEqual([]);
});

test('the agent tells of itself, and that its collections went well', async () => {
  const shown = await scrape();
  const names = [...shown.keys()];
  expect(names.some((name) => name.startsWith('socktop_agent_build_info{version="'))).toBe(true);
  for (const section of ['cpu', 'memory', 'interfaces', 'disks', 'processes']) {
    expect(shown.get(`socktop_agent_collection_success{section="${section}"}`)).toBe(1);
    expect(shown.get(`socktop_agent_collection_duration_seconds{section="${section}"}`)!).toBeGreaterThan(0);
  }
  expect(names.filter((name) => name.includes('namegroup_network'))).toEqual([]);
});

test('network by process comes where it is switched on', async () => {
  const counting = await MetricsAgent.start('--network-metrics');
  try {
    const shown = seriesOf(parseExposition((await counting.page('text')).bytes, 'text'));
    const names = [...shown.keys()];
    const how = names.find((name) => name.startsWith('socktop_agent_network_info{'));
    expect(how).toBeDefined();
    const isCounted = !how!.includes('counted="none"');
    expect(names.includes('namedprocess_namegroup_network_receive_bytes_total{groupname="other"}')).toBe(
      isCounted,
    );
  } finally {
    await counting.close();
  }
});

function clockTicks(): number {
  return Number(Bun.spawnSync(['getconf', 'CLK_TCK']).stdout.toString());
}
