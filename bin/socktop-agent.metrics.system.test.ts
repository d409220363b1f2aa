import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { OpError } from '../src/kit/errors/op-error.ts';
import { parseExposition } from '../src/remote/agent/metrics/exposition-parser.fixture.ts';
import { MetricsAgent } from './testing/metrics-agent.ts';
import { findPrometheus, lintMetrics, PrometheusServer, type PrometheusTools } from './testing/prometheus.ts';
import { expressions, PROMETHEUS_FOLDER } from './testing/prometheus-files.ts';

const LIMIT_MILLIS = 60_000;
const COUNTERS = [
  ...['node_cpu_seconds_total', 'node_network_receive_bytes_total', 'node_disk_written_bytes_total'],
  'namedprocess_namegroup_cpu_seconds_total',
];

/** Debian's Prometheus, or why there is none here. */
function prepare(): PrometheusTools | string {
  try {
    return findPrometheus();
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'UNAVAILABLE') return thrown.message;
    throw thrown;
  }
}

const tools = prepare();
const reason = typeof tools === 'string' ? `; this machine ${tools}` : '';

describe.skipIf(typeof tools === 'string')(`a Prometheus server (needs Debian's prometheus${reason})`, () => {
  let agent: MetricsAgent | undefined;
  let server: PrometheusServer | undefined;
  const isUp = async (): Promise<boolean> => ((await server!.query('up{job="agent"}'))[0]?.value ?? 0) === 1;

  beforeAll(async () => {
    if (typeof tools === 'string') return;
    agent = await MetricsAgent.start('--network-metrics');
    server = await PrometheusServer.start(tools, agent);
    await server.until(isUp, 'does not scrape the agent');
  }, LIMIT_MILLIS);

  afterAll(async () => {
    await server?.close();
    await agent?.close();
  });

  const one = async (expression: string): Promise<number | undefined> =>
    (await server!.query(expression))[0]?.value;

  test('scrapes with the token, and refuses no sample', async () => {
    expect(await server!.lastError()).toBe('');
    const { bytes } = await agent!.page('openmetrics');
    const count = [...parseExposition(bytes, 'openmetrics').values()].flatMap(
      ({ samples }) => samples,
    ).length;
    const scraped = (await one('scrape_samples_scraped'))!;
    // Processes come and go between two scrapes.
    expect(Math.abs(scraped - count)).toBeLessThan(count / 4);
    expect(await one('scrape_samples_post_metric_relabeling')).toBe(scraped);
  });

  test('has the types and units that each family is to have', async () => {
    const known = await server!.metadata();
    const typeOf = (name: string): string | undefined => known.get(name)?.type;
    expect(typeOf('node_cpu_seconds')).toBe('counter');
    expect(known.get('node_cpu_seconds')?.unit).toBe('seconds');
    expect(typeOf('node_memory_MemTotal_bytes')).toBe('gauge');
    expect(typeOf('node_network_receive_bytes')).toBe('counter');
    expect(typeOf('namedprocess_namegroup_cpu_seconds')).toBe('counter');
    expect(typeOf('namedprocess_namegroup_num_procs')).toBe('gauge');
    expect(typeOf('socktop_agent_build')).toBe('info');
    const { bytes } = await agent!.page('openmetrics');
    for (const [name, { type, help, unit = '' }] of parseExposition(bytes, 'openmetrics')) {
      if (known.has(name)) expect([name, known.get(name)]).toEqual([name, { type, help, unit }]);
    }
  });

  test('has the values', async () => {
    const total = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    expect(await one('node_memory_MemTotal_bytes')).toBe(total);
    const cores = readFileSync('/proc/stat', 'utf8').match(/^cpu\d/gm)?.length;
    expect(await one('count(node_cpu_seconds_total{mode="idle"})')).toBe(cores);
    expect(await one('node_network_mtu_bytes{device="lo"}')).toBe(65_536);
    const age = 'node_time_seconds - timestamp(node_time_seconds)';
    expect(Math.abs((await one(age))!)).toBeLessThan(5);
    expect(await one('sum(namedprocess_namegroup_num_procs)')).toBeGreaterThan(1);
    expect(await one('min(socktop_agent_collection_success)')).toBe(1);
  });

  test(
    'makes rates of counters that are true and never reset',
    async () => {
      const busy = Bun.spawn(['sh', '-c', 'while :; do :; done'], { stdout: 'ignore' });
      try {
        const rate = 'sum(rate(namedprocess_namegroup_cpu_seconds_total{groupname="sh"}[10s]))';
        await server!.until(async () => ((await one(rate)) ?? 0) > 0.05, 'sees no busy shell');
        // All cores together do no more than there are cores, in whatever mode.
        const all = 'sum(rate(node_cpu_seconds_total[10s])) / count(node_cpu_seconds_total{mode="idle"})';
        await server!.until(async () => Math.abs(((await one(all)) ?? 0) - 1) < 0.2, 'has no true rate');
        for (const name of COUNTERS)
          expect([name, await one(`sum(resets(${name}[1m])) or vector(0)`)]).toEqual([name, 0]);
      } finally {
        busy.kill('SIGKILL');
        await busy.exited;
      }
    },
    LIMIT_MILLIS,
  );

  test('accepts the rules of docs/prometheus', () => {
    if (typeof tools === 'string') return;
    const run = Bun.spawnSync([tools.promtool, 'check', 'rules', `${PROMETHEUS_FOLDER}rules.yml`]);
    expect(`${run.exitCode} ${run.stdout}${run.stderr}`).toMatch(/^0 [\s\S]*SUCCESS: \d+ rules found/);
  });

  test(
    'has a result for each expression of docs/prometheus',
    async () => {
      const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
      const connect = (port: number): Promise<unknown> =>
        Bun.connect({
          hostname: '127.0.0.1',
          port,
          socket: { open: (s) => void s.end('x'), data() {} },
        }).catch(() => undefined);
      const timer = setInterval(() => void Promise.all([connect(listener.port), connect(1)]), 100);
      try {
        for (const { of, expression, isCondition } of expressions()) {
          // Without their limits, conditions have a result while they do not hold. The window is that of the test.
          const bare = isCondition ? expression.replaceAll(/ (?:[<>]|==) [\d.]+/g, '') : expression;
          const query = bare
            .replaceAll('instance_groupname:network_retransmitted:ratio_rate5m', 'up')
            .replaceAll('job="socktop"', 'job="agent"')
            .replaceAll('$instance', '.*')
            .replaceAll(/\[(?:5m|\$__rate_interval)\]/g, '[10s]')
            .replaceAll(' > 0)', ' >= 0)')
            .replace(/^up and /, '');
          await server!.until(
            async () => (await server!.query(query)).length > 0,
            `has no result for ${of}: ${query}`,
          );
        }
      } finally {
        clearInterval(timer);
        listener.stop(true);
      }
    },
    LIMIT_MILLIS * 3,
  );

  test('finds nothing wrong with the text format but the spelling of /proc/meminfo', async () => {
    if (typeof tools === 'string') return;
    const { lines } = lintMetrics(tools, (await agent!.page('text')).bytes);
    // node_exporter has these names from the kernel, and exempts them from the same check.
    const spelling = /^node_memory_\w+ metric names should be written in 'snake_case' not 'camelCase'$/;
    expect(lines.filter((line) => !spelling.test(line))).toEqual([]);
    expect(lintMetrics(tools, new TextEncoder().encode('broken{\n')).exitCode).not.toBe(0);
  });
});
