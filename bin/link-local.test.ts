import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';
import { withoutProgress } from './testing/streamed.ts';

/** An agent at an address that means something on one link alone, in a network namespace of its own. */

const canTry =
  process.geteuid?.() === 0 && ['unshare', 'nsenter', 'ip'].every((tool) => Bun.which(tool) !== null);
const SET_UP = `
ip link set lo up && ip link add near type veth peer name far && ip link set far up && ip link set near up
ip addr add fe80::77/64 dev near nodad
exec "$0" "$@"`;

const folder = mkdtempSync(join(tmpdir(), 'link-local-'));
const agents: AgentProcess[] = [];

async function startAgent(...args: readonly string[]): Promise<AgentProcess> {
  const agent = await AgentProcess.start({
    args: ['--port', '4777', '--bind', '::', ...args],
    prefix: ['unshare', '--net', 'sh', '-c', SET_UP],
    environment: { XDG_CONFIG_HOME: folder, SOCKTOP_AGENT_EXTRA_SANS: '[fe80::77]' },
  });
  agents.push(agent);
  return agent;
}

async function once(server: AgentProcess, ...args: readonly string[]): Promise<[number, string, string]> {
  const inside = ['nsenter', `--net=/proc/${server.pid}/ns/net`, '--', SOCKTOP];
  const child = Bun.spawn([...inside, '--json', '--once', ...args], { stderr: 'pipe' });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return [await child.exited, out, withoutProgress(err)];
}

describe.skipIf(!canTry)('a URL with a zone (needs root, unshare, nsenter, ip)', () => {
  let plain: AgentProcess;

  beforeAll(async () => {
    plain = await startAgent();
  });

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  test('leads to the agent there', async () => {
    const [code, out, err] = await once(plain, 'ws://[fe80::77%25near]:4777/ws');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out.split('\n')[0]!).memory.total_bytes).toBeGreaterThan(0);
  });

  test('over TLS with the name checked too', async () => {
    const secured = await startAgent('--tls');
    const pinned = ['--tls-ca', join(folder, 'socktop_agent/tls/cert.pem'), '--verify-hostname'];
    const [code, out, err] = await once(secured, 'wss://[fe80::77%near]:4777/ws', ...pinned);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out.split('\n')[0]!).memory.total_bytes).toBeGreaterThan(0);
  });

  test('where nobody listens is one line', async () => {
    const [code, out, err] = await once(plain, 'ws://[fe80::77%25near]:4778/ws');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^socktop: [^\n]*fe80::77%25near[^\n]*\n$/);
  });
});
