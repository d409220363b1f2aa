import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';

const isRoot = process.geteuid?.() === 0;
const TOKEN = 'host-test-token';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The status of a request with these hosts, one header for each. */
function statusOf(
  { port }: AgentProcess,
  path: string,
  hosts: readonly string[],
  address = '127.0.0.1',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const lines = [`GET ${path} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`)];
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const socket = connect(port, address, () => {
      socket.write(`${[...lines, ...upgrade, key].join('\r\n')}\r\n\r\n`);
    });
    socket.on('error', reject);
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (!answer.includes('\r\n')) return;
      resolve(Number(answer.split(' ', 2)[1]));
      socket.destroy();
    });
  });
}

/** An agent without a token on loopback answers nobody who came by a name that is not its own. */
async function expectGuarded(agent: AgentProcess, address: string): Promise<void> {
  try {
    for (const path of ['/ws', '/metrics']) {
      expect(await statusOf(agent, path, ['evil.example'], address)).toBe(403);
    }
    expect(await statusOf(agent, '/ws', ['127.0.0.1'], address)).toBe(101);
    expect(agent.lines.filter((line) => line.includes('no token'))).toEqual([]);
  } finally {
    await agent.close();
  }
}

describe('the Host is looked at on loopback, whatever --bind calls it', () => {
  for (const [name, address] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['localhost', '127.0.0.1'],
    ['LOCALHOST', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::ffff:7f00:1', '127.0.0.1'],
  ] as const) {
    test(name, async () => expectGuarded(await AgentProcess.start({ args: ['--bind', name] }), address));
  }

  test.skipIf(!isRoot)('names of /etc/hosts (needs root to have a file of its own there)', async () => {
    const hosts = join(folder, 'hosts');
    writeFileSync(
      hosts,
      '127.0.0.1 localhost\n127.0.0.1 agent.internal\n::1 agent6.internal\n127.0.0.9 127.evil\n',
    );
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const prefix = ['unshare', '--mount', 'sh', '-c', script, hosts];
    for (const [name, address] of [
      ['agent.internal', '127.0.0.1'],
      ['agent6.internal', '::1'],
      ['127.evil', '127.0.0.9'],
    ] as const) {
      await expectGuarded(await AgentProcess.start({ prefix, args: ['--bind', name] }), address);
    }
  });

  test.skipIf(!isRoot)(
    'a name that looks like loopback and is not gets the warning (needs root)',
    async () => {
      const hosts = join(folder, 'outside');
      writeFileSync(hosts, '0.0.0.0 127.outside\n');
      const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
      const prefix = ['unshare', '--mount', 'sh', '-c', script, hosts];
      const agent = await AgentProcess.start({ prefix, args: ['--bind', '127.outside'] });
      try {
        expect(await statusOf(agent, '/metrics', ['evil.example'])).toBe(200);
        expect(agent.lines.join('\n')).toContain('no token');
      } finally {
        await agent.close();
      }
    },
  );
});

test('two hosts are refused, whatever they are and whoever asks', async () => {
  for (const environment of [{}, { SOCKTOP_TOKEN: TOKEN }]) {
    const agent = await AgentProcess.start({ environment });
    try {
      for (const path of ['/healthz', `/ws?token=${TOKEN}`, `/metrics?token=${TOKEN}`, '/nothing']) {
        for (const hosts of [
          ['127.0.0.1', 'evil.example'],
          ['evil.example', '127.0.0.1'],
          ['localhost', 'localhost'],
          ['', 'localhost'],
        ]) {
          expect([path, hosts, await statusOf(agent, path, hosts)]).toEqual([path, hosts, 400]);
        }
      }
      expect(await statusOf(agent, '/healthz', ['127.0.0.1'])).toBe(200);
    } finally {
      await agent.close();
    }
  }
});
