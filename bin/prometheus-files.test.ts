/** What docs/prometheus says is true of a running agent. */

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutBpf } from '../platforms/linux/bpf/ebpf.fixture.ts';
import { parseExposition } from '../src/remote/agent/metrics/exposition-parser.fixture.ts';
import { VERSION } from './executable.ts';
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
  readonly image?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
}

/** The agent as the DaemonSet and the compose file start it. */
function containers(): readonly [Container, Container] {
  const daemonSet = readYaml('daemonset.yaml') as {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  };
  const compose = readYaml('compose.yaml') as { readonly services: Readonly<Record<string, Container>> };
  return [daemonSet.spec.template.spec.containers[0]!, compose.services['socktop-agent']!];
}

test('the agent starts with the arguments of the DaemonSet and of the compose file', async () => {
  const token = 'of-the-files';
  const folder = mkdtempSync(join(tmpdir(), 'socktop-files-'));
  const tls = { rejectUnauthorized: false };
  for (const { args, command } of containers()) {
    // Any free port in place of the one that is written there.
    const [, ...behind] = (args ?? command ?? []).join(' ').split('--port 8443');
    expect(behind).toHaveLength(1);
    const others = (args ?? command ?? []).filter((arg) => !/^(--port|8443)$/.test(arg));
    const environment = { SOCKTOP_TOKEN: token, HOME: folder, XDG_CONFIG_HOME: folder };
    const agent = await AgentProcess.start({ args: others, environment });
    const at = `https://127.0.0.1:${agent.port}`;
    expect((await fetch(`${at}/healthz`, { tls })).status).toBe(200);
    expect((await fetch(`${at}/metrics`, { tls })).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${at}/metrics`, { tls, headers })).status).toBe(200);
    await agent.close();
  }
  rmSync(folder, { recursive: true });
});

test('they name the image that packaging/docker says to build, of this version', () => {
  const dockerfile = readFileSync(new URL('../packaging/docker/Dockerfile', import.meta.url), 'utf8');
  const image = /docker build -t (\S+) /.exec(dockerfile)?.[1];
  expect(image).toBe(`socktop-agent:${VERSION}`);
  expect(dockerfile).toContain('ENTRYPOINT ["/usr/bin/socktop-agent"]');
  for (const container of containers()) expect(container.image).toBe(image);
});
