import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadTexts } from '../platforms/linux/testdata/test-slices.fixture.ts';
import { AGENT, AgentProcess, keptPort } from './testing/agent-process.ts';
import { OriginalClient } from './testing/original-client.ts';

const TOKEN = 'a-token-that-nobody-guesses';
const TOKEN_SIGNS = /^[!-~]{1,1024}$/;
const isRoot = process.geteuid?.() === 0;
const hasOpenssl = Bun.which('openssl') !== null;

let folder = '';
let agent: AgentProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-'));
  agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
});

afterAll(async () => {
  await agent?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts an agent that is not to start; what it says and its exit code. */
async function refusal(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  prefix: readonly string[] = [],
): Promise<{ readonly code: number; readonly said: string }> {
  const child = Bun.spawn([...prefix, AGENT, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, said] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, said: out + said };
}

function logged(lines: readonly string[], event: string): string[] {
  return lines.filter((line) => line.includes(` event=${event} `));
}

async function untilLogged(of: AgentProcess, event: string): Promise<string> {
  for (;;) {
    const line = logged(of.lines, event).at(-1);
    if (line !== undefined) return line;
    await Bun.sleep(5);
  }
}

/** The status line of an upgrade that is asked for by hand. */
function upgradeStatus(
  port: number,
  path: string,
  headers: readonly string[] = [],
  host = 'x',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const lines = [
        ...[`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket'],
        ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers],
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
    socket.on('error', reject);
    socket.once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
  });
}

describe('who may ask', () => {
  test('whoever shows the token, by query or by header, and nobody else', async () => {
    const status = async (path: string, headers: readonly string[] = []) =>
      (await upgradeStatus(agent.port, path, headers)).split('\r\n', 1)[0];
    expect(await status(`/ws?token=${TOKEN}`)).toContain(' 101 ');
    expect(await status('/ws', [`Authorization: Bearer ${TOKEN}`])).toContain(' 101 ');
    expect(await status('/ws')).toContain(' 401 ');
    expect(await status('/ws?token=wrong')).toContain(' 401 ');
    expect(await status('/ws', ['Authorization: Bearer wrong'])).toContain(' 401 ');
    expect((await agent.fetch('/healthz')).status).toBe(200);
    expect((await agent.fetch('/else')).status).toBe(404);
  });

  test('wrong tokens at full speed are slowed down, and who is connected notices nothing', async () => {
    const guarded = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: TOKEN } });
    const client = await OriginalClient.open(guarded.port, { token: TOKEN });
    try {
      const statuses = new Map<number, number>();
      for (let i = 0; i < 200; i++) {
        const { status } = await guarded.fetch(`/metrics?token=wrong-${i}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      expect(statuses.get(401)!).toBeLessThan(30);
      expect([...statuses.keys()].sort()).toEqual([401, 429]);
      expect(await client.json('get_disks')).toBeArray();
      expect(logged(guarded.lines, 'wrong-token').length).toBeLessThan(50);
      expect(logged(guarded.lines, 'too-many-wrong-tokens').length).toBeLessThan(50);
    } finally {
      client.close();
      await guarded.close();
    }
  });

  test('the token is in no log and no process title', async () => {
    await agent.fetch(`/metrics?token=${TOKEN}`);
    await agent.fetch(`/ws?token=${TOKEN}x`);
    expect(agent.lines.join('\n')).not.toContain(TOKEN);
    expect(readFileSync(`/proc/${agent.pid}/cmdline`, 'utf8')).not.toContain(TOKEN);
  });

  test('a file can hold the token, and one that cannot be used is a usage error', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, `${TOKEN}\n`, { mode: 0o600 });
    const guarded = await AgentProcess.start({ args: ['--token-file', path] });
    expect((await guarded.fetch('/metrics')).status).toBe(401);
    expect((await guarded.fetch(`/metrics?token=${TOKEN}`)).status).toBe(200);
    await guarded.close();
    writeFileSync(path, '\n');
    for (const file of [path, join(folder, 'nothing'), folder]) {
      const { code, said } = await refusal(['--token-file', file]);
      expect([code, said]).toEqual([2, expect.stringMatching(/^socktop-agent: [^\n]*--token-file[^\n]*\n$/)]);
    }
  });

  test('a token that no client could show is a usage error, and not printed', async () => {
    const path = join(folder, 'no-token');
    const bad = [
      '',
      ' ',
      '  hidden',
      'hidden  ',
      'hidden hidden',
      'hiddenä',
      'hidden\u0007',
      'hidden'.repeat(171),
    ];
    for (const token of bad) {
      writeFileSync(path, token);
      const outcomes = [await refusal([], { SOCKTOP_TOKEN: token })];
      // The file may end its line, and begin it with blanks.
      if (token.trim() === '' || !TOKEN_SIGNS.test(token.trim())) {
        outcomes.push(await refusal(['--token-file', path]));
      }
      for (const outcome of outcomes) {
        expect(outcome).toEqual({ code: 2, said: expect.stringMatching(/^socktop-agent: [^\n]+\n$/) });
        expect(outcome.said).not.toContain('hidden');
      }
    }
    const token = '%'.repeat(1024);
    const longest = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: token } });
    expect((await longest.fetch(`/metrics?token=${encodeURIComponent(token)}`)).status).toBe(200);
    const unfinished = await upgradeStatus(longest.port, '/ws', [`X: ${'x'.repeat(5000)}`]);
    expect(unfinished).toContain(' 431 ');
    await longest.close();
  });

  test('no web page: none that says its origin, none under a name of its own', async () => {
    const open = await AgentProcess.start();
    const status = async (of: AgentProcess, path: string, host: string, headers: readonly string[] = []) =>
      Number((await upgradeStatus(of.port, path, headers, host)).split(' ', 2)[1]);
    const origin = ['Origin: https://evil.example'];
    try {
      expect(await status(open, '/ws', `127.0.0.1:${open.port}`, origin)).toBe(403);
      expect(await status(agent, `/ws?token=${TOKEN}`, '127.0.0.1', origin)).toBe(403);
      for (const path of ['/ws', '/metrics']) {
        expect(await status(open, path, 'evil.example')).toBe(403);
        expect(await status(open, path, '[bad')).toBe(400);
      }
      for (const host of ['127.0.0.1', '[::1]:3000', 'localhost:3000']) {
        expect(await status(open, '/ws', host)).toBe(101);
      }
      expect(await status(agent, `/ws?token=${TOKEN}`, 'some.name')).toBe(101);
      expect(await untilLogged(open, 'web-page')).toContain('host=evil.example');
      expect(logged(open.lines, 'request-failed')).toEqual([]);
    } finally {
      await open.close();
    }
  });
});

describe('the protocol', () => {
  test('socktop.v2 is agreed where it is offered, among others too', async () => {
    const protocolOf = async (offer: string) =>
      /sec-websocket-protocol: *([^\r]*)/i.exec(
        await upgradeStatus(agent.port, `/ws?token=${TOKEN}`, [`Sec-WebSocket-Protocol: ${offer}`]),
      )?.[1];
    expect(await protocolOf('socktop.v2')).toBe('socktop.v2');
    expect(await protocolOf('other, socktop.v2')).toBe('socktop.v2');
    expect(/sec-websocket-protocol/i.test(await upgradeStatus(agent.port, `/ws?token=${TOKEN}`))).toBe(false);
  });

  test('what is no request is refused with a reason, in the log too', async () => {
    const client = () => OriginalClient.open(agent.port, { token: TOKEN });
    const long = await client();
    long.send('x'.repeat(4097));
    expect((await long.closing).code).toBe(1009);
    const binary = await client();
    binary.send(new Uint8Array([1, 2, 3]));
    expect((await binary.closing).code).toBe(1003);
    const hasty = await client();
    for (let i = 0; i < 200; i++) hasty.send('get_process_metrics:1');
    expect((await hasty.closing).code).toBe(1008);
    expect(await untilLogged(agent, 'client-refused')).toMatch(/reason="/);
    const longest = await client();
    expect(await longest.json('x'.repeat(4096))).toMatchObject({ code: 'BAD_REQUEST' });
    longest.close();
  });
});

describe('the end', () => {
  test('clients are told, and the exit code is 0', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const ending = await AgentProcess.start();
      const clients = await Promise.all([1, 2, 3].map(() => OriginalClient.open(ending.port)));
      await clients[0]!.ask('get_disks');
      ending.kill(signal);
      const closings = await Promise.all(clients.map(({ closing }) => closing));
      expect(closings.map(({ code }) => code)).toEqual([1001, 1001, 1001]);
      expect(await ending.close()).toBe(0);
    }
  });

  test('the port is free at once', async () => {
    const first = await AgentProcess.start({ args: ['--port', String(keptPort())] });
    await first.close();
    const second = await AgentProcess.start({ args: [] });
    await second.close();
    const again = Bun.serve({ hostname: '127.0.0.1', port: first.port, fetch: () => new Response('') });
    await again.stop(true);
  });
});

describe('what keeps it from starting is one line', () => {
  test('a port in use, an address of another machine', async () => {
    expect(await refusal(['--bind', '127.0.0.1', '-p', String(agent.port)])).toEqual({
      code: 1,
      said: expect.stringMatching(/^socktop-agent: port \d+ of 127\.0\.0\.1 is in use[^\n]*\n$/),
    });
    expect(await refusal(['--bind', '192.0.2.1', '-p', '0'])).toEqual({
      code: 1,
      said: expect.stringMatching(/^socktop-agent: 192\.0\.2\.1 is not an address of this machine\n$/),
    });
  });

  test.each(['no-where', 'fe80::1%no-zone'])('%s, which is no address here', async (word) => {
    expect(await refusal(['--bind', word, '-p', '0'])).toEqual({
      code: 1,
      said: `socktop-agent: '${word}' is not an address of this machine or a name for one\n`,
    });
  });

  test.skipIf(!isRoot)('a low port, for an ordinary user (needs root to become one)', async () => {
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const { code, said } = await refusal(['-p', '1'], {}, prefix);
    const isAllowed = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 1;
    if (isAllowed) return;
    expect([code, said]).toEqual([1, expect.stringMatching(/^socktop-agent: port 1 [^\n]*\n$/)]);
  });
});

describe('TLS', () => {
  test.skipIf(!hasOpenssl)(
    'a certificate is made once, and openssl agrees with it (needs openssl)',
    async () => {
      const environment = {
        XDG_CONFIG_HOME: join(folder, 'config'),
        SOCKTOP_AGENT_EXTRA_SANS: '192.168.1.101,myhost.internal,[fd00::2],b\u00fccher.example',
      };
      const certificate = join(folder, 'config/socktop_agent/tls/cert.pem');
      const key = join(folder, 'config/socktop_agent/tls/key.pem');
      const first = await AgentProcess.start({ args: ['--enableSSL'], environment });
      const said = first.lines.join('\n');
      expect(said).toContain(`generated self-signed TLS certificate at ${certificate}`);
      expect(said).toContain(key);
      expect([statSync(key).mode & 0o777, statSync(join(key, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
      const openssl = (...args: string[]) => Bun.spawnSync(['openssl', ...args]).stdout.toString();
      const verify = (...names: string[]) => openssl('verify', '-CAfile', certificate, ...names, certificate);
      for (const name of ['localhost', 'myhost.internal', 'xn--bcher-kva.example']) {
        expect(verify('-verify_hostname', name)).toContain(': OK');
      }
      for (const ip of ['127.0.0.1', '::1', '192.168.1.101', 'fd00::2']) {
        expect(verify('-verify_ip', ip)).toContain(': OK');
      }
      expect(verify('-verify_hostname', 'elsewhere.example')).not.toContain(': OK');
      const fingerprint = openssl('x509', '-in', certificate, '-noout', '-fingerprint', '-sha256');
      expect(said).toContain(fingerprint.split('=')[1]!.trim());
      const client = await OriginalClient.open(first.port, { ca: readFileSync(certificate, 'utf8') });
      expect(await client.json('get_disks')).toBeArray();
      client.close();
      expect(negotiated(first.port, '-tls1_2')).toContain('TLSv1.2');
      expect(negotiated(first.port, '-tls1_1')).not.toContain('Cipher is TLS');
      await first.close();
      const before = readFileSync(certificate, 'utf8');
      const second = await AgentProcess.start({ args: ['--tls'], environment });
      expect(second.lines.join('\n')).not.toContain('generated');
      await second.close();
      expect(readFileSync(certificate, 'utf8')).toBe(before);
    },
  );

  test('a pair that cannot be used is one line, and stays as it is', async () => {
    const home = join(folder, 'broken');
    const environment = { XDG_CONFIG_HOME: home };
    await (await AgentProcess.start({ args: ['--tls'], environment })).close();
    const [certificate, key] = ['cert.pem', 'key.pem'].map((name) => join(home, 'socktop_agent/tls', name));
    const whole = readFileSync(key!);
    const outcome = () => refusal(['--tls', '--bind', '127.0.0.1', '-p', '0'], environment);
    const oneLine = (pattern: RegExp) => ({ code: 1, said: expect.stringMatching(pattern) });
    writeFileSync(key!, whole.subarray(0, whole.length / 2));
    expect(await outcome()).toEqual(
      oneLine(/^socktop-agent: [^\n]*key\.pem is not a valid PEM file[^\n]*\n$/),
    );
    expect(readFileSync(key!).length).toBe(Math.floor(whole.length / 2));
    rmSync(key!);
    expect(await outcome()).toEqual(oneLine(/^socktop-agent: [^\n]*without its other half[^\n]*\n$/));
    if (!isRoot) {
      writeFileSync(key!, whole);
      chmodSync(key!, 0o000);
      expect(await outcome()).toEqual(oneLine(/^socktop-agent: cannot read [^\n]*EACCES[^\n]*\n$/));
    }
    expect(statSync(certificate!).size).toBeGreaterThan(0);
  });
});

/** What openssl says of a handshake in this version of TLS. */
function negotiated(port: number, version: string): string {
  const command = ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, version];
  return Bun.spawnSync(command, { stdin: Buffer.from(''), stderr: 'pipe' }).stdout.toString();
}

describe('the process', () => {
  test('has an environment without anything that could steer the runtime', async () => {
    const environment = {
      BUN_JSC_useDFGJIT: '0',
      NODE_OPTIONS: '--inspect',
      LC_ALL: 'C.UTF-8',
    };
    const cleaned = await AgentProcess.start({ environment });
    const names = readFileSync(`/proc/${cleaned.pid}/environ`, 'utf8')
      .split('\0')
      .map((pair) => pair.split('=', 1)[0]);
    expect(names).toContain('LC_ALL');
    expect(names.filter((name) => /^(BUN_JSC_useDFG|NODE_)/.test(name!))).toEqual([]);
    expect(names.filter((name) => /^(BUN|MIMALLOC)_/.test(name!)).sort()).toEqual([
      'BUN_ENABLE_CRASH_REPORTING',
      'BUN_GC_TIMER_DISABLE',
      'BUN_JSC_numberOfGCMarkers',
      'BUN_JSC_percentCPUPerMBForEdenTimer',
      'BUN_JSC_percentCPUPerMBForFullTimer',
      'BUN_JSC_thresholdForJITAfterWarmUp',
      'BUN_JSC_thresholdForJITSoon',
      'BUN_JSC_thresholdForOptimizeAfterWarmUp',
      'BUN_JSC_useConcurrentGC',
      'BUN_JSC_useConcurrentJIT',
      'BUN_JSC_useFTLJIT',
      'BUN_JSC_useWarmUpMarkedBlocks',
      'MIMALLOC_PURGE_DELAY',
      'MIMALLOC_SCAVENGER',
    ]);
    await cleaned.close();
  });

  test.skipIf(!isRoot)('has no capability that collecting does not need (needs root)', async () => {
    const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    // CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, CAP_NET_ADMIN and CAP_NET_RAW, CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF.
    const allowed = [1, 2, 12, 13, 19, 38, 39].reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
    for (const text of threadTexts(agent.pid, 'status').values()) {
      for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        const held = BigInt(`0x${new RegExp(`^${set}:\t([0-9a-f]+)$`, 'm').exec(text)?.[1]}`);
        expect([set, held & ~allowed]).toEqual([set, 0n]);
      }
    }
  });
});
