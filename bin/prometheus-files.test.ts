/** What docs/prometheus says is true of a running agent. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { withoutBpf } from '../platforms/linux/bpf/ebpf.fixture.ts';
import { parseExposition } from '../src/remote/agent/metrics/exposition-parser.fixture.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { MetricsAgent } from './testing/metrics-agent.ts';
import { expressions, metricsIn, readYaml } from './testing/prometheus-files.ts';

const LIMIT_MILLIS = 20_000;
const NOTHING = { data: () => undefined };

describe.skipIf(withoutBpf !== undefined)('rules and dashboard (need the tier ebpf for all series)', () => {
  let agent: MetricsAgent;

  beforeAll(async () => {
    agent = await MetricsAgent.start('--network-metrics');
  });

  afterAll(async () => {
    await agent?.close();
  });

  /** Families that have a series now. */
  async function families(): Promise<ReadonlySet<string>> {
    const page = parseExposition((await agent.page('text')).bytes, 'text');
    return new Set([...page].flatMap(([name, { samples }]) => (samples.length > 0 ? [name] : [])));
  }

  /** A connect that works, and one that does not: all that the health of connections counts is known after it. */
  async function connects(): Promise<void> {
    const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: NOTHING });
    const socket = await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: NOTHING });
    socket.write('x');
    await families();
    socket.terminate();
    server.stop(true);
    await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: NOTHING }).catch(() => undefined);
  }

  test(
    'every metric that an expression reads is on the page of an agent',
    async () => {
      const wanted = expressions().flatMap(({ expression }) => metricsIn(expression));
      expect(new Set(wanted).size).toBeGreaterThan(20);
      const end = performance.now() + LIMIT_MILLIS;
      await families();
      let missing: readonly string[];
      do {
        await connects();
        const known = await families();
        missing = [...new Set(wanted)].filter((name) => !known.has(name));
      } while (missing.length > 0 && performance.now() < end);
      // A machine without memory pressure accounting has none.
      const { PSI } = { PSI: await Bun.file('/proc/pressure/memory').exists() };
      expect(missing.filter((name) => PSI || !name.startsWith('node_pressure'))).toEqual([]);
    },
    LIMIT_MILLIS * 2,
  );
});

test('metric names are found in an expression, and nothing else', () => {
  const expression =
    'sum by (instance) (rate(node_cpu_seconds_total{mode="node_x"}[5m])) > up and socktop_a_b';
  expect(metricsIn(expression)).toEqual(['node_cpu_seconds_total', 'socktop_a_b']);
});

interface Container {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
}

test('the agent starts with the arguments of the DaemonSet and of the compose file', async () => {
  const daemonSet = readYaml('daemonset.yaml') as {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  };
  const compose = readYaml('compose.yaml') as { readonly services: Readonly<Record<string, Container>> };
  const commands = [
    daemonSet.spec.template.spec.containers[0]?.args,
    compose.services['socktop-agent']?.command,
  ];
  for (const command of commands) {
    // Any free port in place of the one that is written there.
    const args = (command ?? []).filter((arg) => !/^(--port|\d+|--enableSSL)$/.test(arg));
    expect(command).toContain('--enableSSL');
    const agent = await AgentProcess.start({ args, environment: { SOCKTOP_TOKEN: 'of-the-files' } });
    expect((await agent.fetch('/healthz')).status).toBe(200);
    await agent.close();
  }
});
