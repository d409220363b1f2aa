import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { SOCKTOP } from './testing/executables.ts';
import { FRESH_LOCAL_FLAGS, PtyProgram } from './testing/pty.ts';
import {
  fakeSsh,
  HOST_BEHIND,
  SSH_PASSWORD,
  SSH_USERS,
  SshServer,
  sshObstacle,
} from './testing/ssh-server.ts';

const WAIT_MILLIS = 45_000;
const PROCESSES = /Processes [1-9]/;

if (sshObstacle !== undefined) console.log(`socktop.ssh.system.test.ts: not run: ${sshObstacle}`);

describe.skipIf(sshObstacle !== undefined)('by ssh (needs root, openssh, busybox-static, unshare)', () => {
  let server: SshServer;
  const programs: PtyProgram[] = [];

  beforeAll(async () => {
    server = await SshServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    server.login({});
    for (const program of programs.splice(0)) await program.close();
  });

  function start(url: string, environment = server.environment): PtyProgram {
    const program = new PtyProgram([SOCKTOP, url], { columns: 120, rows: 30, environment });
    programs.push(program);
    return program;
  }

  async function quit(program: PtyProgram): Promise<void> {
    program.key('q');
    expect(await program.exited()).toBe(0);
    expect(program.isAlternateScreen).toBe(false);
    expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
  }

  /** Without a terminal: what it says, and its exit code. */
  async function refused(url: string, environment = server.environment): Promise<readonly [string, number]> {
    const child = Bun.spawn([SOCKTOP, '--once', url], {
      env: { ...process.env, ...environment },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const lines = (await new Response(child.stderr).text()).replace(/^Connecting to .*\n/, '');
    return [lines.trimEnd(), await child.exited];
  }

  test('a password is asked for by ssh itself, before the screen', async () => {
    server.login({ by: 'password' });
    const program = start(server.url(SSH_USERS.ordinary));
    await program.waitFor(/password:/, WAIT_MILLIS);
    expect(program.isAlternateScreen).toBe(false);
    program.key('wrong\r');
    await program.waitFor(/Permission denied, please try again/, WAIT_MILLIS);
    program.key(`${SSH_PASSWORD}\r`);
    await program.waitFor(PROCESSES, WAIT_MILLIS);
    await quit(program);
  });

  test('a jump host of the configuration asks first, then the host behind it', async () => {
    server.login({ by: 'password' });
    const program = start(`ssh://${SSH_USERS.ordinary}@${HOST_BEHIND}`);
    await program.waitFor(new RegExp(`${SSH_USERS.ordinaryWithAgent}@127.*password:`), WAIT_MILLIS);
    program.key(`${SSH_PASSWORD}\r`);
    await program.waitFor(new RegExp(`${SSH_USERS.ordinary}@${HOST_BEHIND}.*password:`), WAIT_MILLIS);
    expect(program.isAlternateScreen).toBe(false);
    program.key(`${SSH_PASSWORD}\r`);
    await program.waitFor(PROCESSES, WAIT_MILLIS);
    await quit(program);
  });

  test('what a jump host says of the host behind it is told in one line', async () => {
    const [closed, code] = await refused(`ssh://${HOST_BEHIND}:1`);
    expect(closed).toBe(
      `socktop: ssh://${HOST_BEHIND}:1: channel 0: open failed: connect failed: Connection refused`,
    );
    expect(code).toBe(1);
    server.login({ by: 'other' });
    const [denied] = await refused(`ssh://${HOST_BEHIND}`);
    expect(denied).toMatch(/^socktop: ssh:\/\/behind: owa@127\.0\.0\.1: Permission denied \(publickey/);
    expect(denied.split('\n')).toHaveLength(1);
  });

  test('an unknown host key is asked for by ssh itself; without a terminal one line says so', async () => {
    server.login({ known: undefined });
    const [line, code] = await refused(server.url(SSH_USERS.ordinaryWithAgent));
    expect(line.split('\n')).toHaveLength(1);
    expect(line).toMatch(/Host key verification failed\..*connect once with ssh itself/);
    expect(code).toBe(1);
    const started = start(server.url(SSH_USERS.ordinaryWithAgent));
    await started.waitFor(/continue connecting/, WAIT_MILLIS);
    expect(started.isAlternateScreen).toBe(false);
    started.key('yes\r');
    await started.waitFor(PROCESSES, WAIT_MILLIS);
    await quit(started);
  });

  test.each([
    ['another host key', { known: 'other' }, /Host key verification failed/],
    ['a wrong key', { by: 'other' }, /Permission denied \(publickey/],
  ] as const)('%s ends in a clear line, the terminal restored', async (_, login, pattern) => {
    server.login(login);
    const program = start(server.url(SSH_USERS.ordinary));
    expect(await program.exited()).toBe(1);
    expect(program.text()).toMatch(pattern);
    expect(program.transcript).not.toContain('\x1b[?1049h');
    expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
  });

  describe('a host that does not answer', () => {
    let silent: Server;
    let port = 0;

    beforeAll(async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      silent = createServer(() => undefined).listen(0, '127.0.0.1', () => resolve());
      await promise;
      const address = silent.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    });
    afterAll(() => silent.close());

    test('is given up in a bounded time with one line of ssh', async () => {
      const [line, code] = await refused(`ssh://127.0.0.1:${port}`);
      expect(line).toMatch(/^socktop: ssh:\/\/127\.0\.0\.1:\d+: .*timed out/);
      expect(line.split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    });

    test(
      'with a terminal too within 20 s, whatever it does not do, and a prompt stays open as long',
      async () => {
        const greeter = createServer((socket) => void socket.write('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
        await once(greeter, 'listening');
        const { port: greeterPort } = greeter.address() as AddressInfo;
        server.login({ by: 'password' });
        const asked = start(server.url(SSH_USERS.ordinary));
        await asked.waitFor(/password:/, WAIT_MILLIS);
        // A station that is not there takes every packet and sends none.
        const hole = [
          'ip link add hole type veth peer name other; ip addr add 192.0.2.1/24 dev hole',
          'ip link set hole up; ip link set other up; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev hole',
        ].join('; ');
        const stuck = fakeSsh(
          server.folder,
          'stuck',
          '[ "$1" = -G ] && exit 1; echo "debug1: Remote protocol version 2.0" >&2; exec sleep 1000',
        );
        const cases = [
          [stuck, [], 'ssh://anywhere', /: the host does not finish the key exchange within 15 s$/],
          [server.environment, [], `ssh://127.0.0.1:${port}`, /timed out during banner exchange/],
          [server.environment, [], `ssh://127.0.0.1:${greeterPort}`, /timed out$/],
          [
            server.environment,
            ['unshare', '--net', 'sh', '-ec', `${hole}; exec "$@"`, 'sh'],
            'ssh://192.0.2.9',
            /connect to host 192\.0\.2\.9 port 22: Connection timed out/,
          ],
        ] as const;
        const begun = performance.now();
        await Promise.all(
          cases.map(async ([environment, prefix, url, pattern]) => {
            const program = new PtyProgram([...prefix, SOCKTOP, url], {
              ...{ columns: 120, rows: 30, environment },
            });
            programs.push(program);
            expect(await program.exited()).toBe(1);
            expect(performance.now() - begun).toBeLessThan(20_000);
            expect(program.text().trim()).toMatch(pattern);
            // ssh may have two: that its time was up, and in what.
            expect(program.text().trim().split('\n').length).toBeLessThanOrEqual(2);
            expect(program.transcript).not.toContain('\x1b[?1049h');
          }),
        );
        greeter.close();
        await Bun.sleep(Math.max(0, 17_000 - (performance.now() - begun)));
        asked.key(`${SSH_PASSWORD}\r`);
        await asked.waitFor(PROCESSES, WAIT_MILLIS);
        await quit(asked);
      },
      WAIT_MILLIS * 2,
    );

    test('as one that refuses, with a terminal and without', async () => {
      const pattern = /^socktop: ssh:\/\/127\.0\.0\.1:1: connect to host .*Connection refused$/m;
      const [line, code] = await refused('ssh://127.0.0.1:1');
      expect(line).toMatch(pattern);
      expect(code).toBe(1);
      const program = start('ssh://127.0.0.1:1');
      expect(await program.exited()).toBe(1);
      expect(program.text().trim()).toMatch(pattern);
      expect(program.text().trim().split('\n')).toHaveLength(1);
      expect(program.transcript).not.toContain('\x1b[?1049h');
      expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
    });
  });

  test('an ssh that hangs is given up without a terminal, and ended by Ctrl-C with one', async () => {
    const hung = fakeSsh(server.folder, 'hung', 'exec sleep 1000');
    const [line, code] = await refused('ssh://anywhere', hung);
    expect(line).toMatch(/^socktop: ssh:\/\/anywhere: ssh has not connected within 15 s$/);
    expect(code).toBe(1);
    const program = start('ssh://anywhere', hung);
    await Bun.sleep(500);
    program.key('\x03');
    expect(await program.exited()).toBe(130);
    expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
  });

  test('without ssh one line says so', async () => {
    const [line, code] = await refused('ssh://anywhere', { PATH: '/nonexistent:relative:' });
    expect(line).toMatch(/no program ssh in PATH/);
    expect(code).toBe(1);
  });

  test.each([SSH_USERS.ordinaryWithAgent, SSH_USERS.ordinary])(
    '%s: a connection that is cut is found again without a question',
    async (user) => {
      const program = start(server.url(user));
      await program.waitFor(PROCESSES, WAIT_MILLIS);
      server.cutConnections();
      await program.waitFor(/lost|closed|reset/i, WAIT_MILLIS);
      expect(program.isAlternateScreen).toBe(true);
      await program.waitUntil(
        () => /\d ms/.test(program.line(0)) && !/lost/i.test(program.line(0)),
        'a connection again',
        WAIT_MILLIS,
      );
      await quit(program);
    },
  );

  test('a machine that stands still is noticed by ssh, and found again', async () => {
    const program = start(server.url(SSH_USERS.ordinaryWithAgent));
    await program.waitFor(PROCESSES, WAIT_MILLIS);
    server.freezeConnections();
    await program.waitFor(/not responding/, WAIT_MILLIS);
    await program.waitUntil(() => /\d ms/.test(program.line(0)), 'a connection again', WAIT_MILLIS);
    await quit(program);
  });

  test('the shell uses less than 2 % of a core, as --measure says', async () => {
    const child = Bun.spawn(
      [SOCKTOP, server.url(SSH_USERS.jailed), '--measure', '--duration', '60s', '--json'],
      {
        env: { ...process.env, ...server.environment },
        ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
      },
    );
    const line = JSON.parse(await new Response(child.stdout).text()) as {
      readonly protocol: string;
      readonly agent_cpu_percent: number;
    };
    expect(line.protocol).toBe('shell');
    expect(line.agent_cpu_percent).toBeGreaterThan(0);
    expect(line.agent_cpu_percent).toBeLessThan(2);
  }, 120_000);
});
