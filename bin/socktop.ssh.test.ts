import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { untilInState } from '../platforms/linux/testdata/test-slices.fixture.ts';
import { HistoryWorld, writeHistory } from '../src/data/recording/history-world.fixture.ts';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { FRESH_LOCAL_FLAGS, PtyProgram } from './testing/pty.ts';
import { HOST_BEHIND, SSH_USERS, SshServer, sshObstacle } from './testing/ssh-server.ts';
import { withoutProgress } from './testing/streamed.ts';
import { linesOf } from './testing/traffic.ts';

const WAIT_MILLIS = 30_000;

interface MachineLine {
  readonly host: string;
  readonly memory: { readonly total_bytes: number };
  readonly cpu: { readonly cores_online: number; readonly model: string };
  readonly networks: readonly { readonly name: string }[];
  readonly disks: readonly { readonly mount_point: string; readonly total_bytes: number }[];
  readonly processes: readonly {
    readonly pid: number;
    readonly name: string;
    readonly user: string;
    readonly mem_bytes: number;
    readonly cpu_seconds: number;
    readonly cpu_percent: number;
    readonly state: string;
    readonly threads: number;
  }[];
}

describe.each([
  'ssh://-oProxyCommand=x',
  'ssh://-l@host',
  'ssh://a b',
  "ssh://a'b",
  'ssh://a"b',
  'ssh://$(touch$IFS)x',
  'ssh://`x`',
  'ssh://user:secret@host',
  'ssh://host:0',
  'ssh://host:70000',
  'ssh://host/path',
  'ssh://host?token=x',
  'ssh://',
])('%s', (url) => {
  test.each([SOCKTOP, SSTOP])('is refused by %s with one line and exit code 2', async (program) => {
    const child = Bun.spawn([program, '--once', url], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    const line = await new Response(child.stderr).text();
    expect(line.trim().split('\n')).toHaveLength(1);
    expect(line).toContain('accepted: ssh://[USER@]HOST[:PORT]');
    expect(line).not.toContain('secret');
    expect(await child.exited).toBe(2);
  });
});

if (sshObstacle !== undefined) console.log(`socktop.ssh.test.ts: not run: ${sshObstacle}`);

describe.skipIf(sshObstacle !== undefined)('by ssh (needs root, openssh, busybox-static, unshare)', () => {
  let server: SshServer;
  const programs: PtyProgram[] = [];

  beforeAll(async () => {
    server = await SshServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.close();
  });

  async function machineOf(user: string, url = server.url(user)): Promise<MachineLine> {
    const child = Bun.spawn([SOCKTOP, url, '--once', '--json'], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const [text, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(withoutProgress(complaint)).toBe('');
    expect(await child.exited).toBe(0);
    return JSON.parse(text) as MachineLine;
  }

  test('what the shell tells of a machine is what the agent tells', async () => {
    const byAgent = await machineOf(SSH_USERS.rootWithAgent);
    const byShell = await machineOf(SSH_USERS.root);
    expect(byShell.host).toBe(byAgent.host);
    expect(byShell.memory.total_bytes).toBe(byAgent.memory.total_bytes);
    expect(byShell.cpu).toEqual({
      ...byAgent.cpu,
      ...{ percent: expect.anything(), per_core: expect.anything() },
    });
    const names = (line: MachineLine): string[] => line.networks.map(({ name }) => name).sort();
    expect(names(byShell)).toEqual(names(byAgent));
    const sizes = (line: MachineLine): string[] =>
      line.disks.map(({ mount_point, total_bytes }) => `${mount_point} ${total_bytes}`).sort();
    expect(sizes(byShell)).toEqual(sizes(byAgent));
  });

  test.each([SSH_USERS.ordinaryWithAgent, SSH_USERS.ordinary])(
    '%s is reached by a jump host of the configuration',
    async (user) => {
      const { host, processes } = await machineOf(user, `ssh://${user}@${HOST_BEHIND}`);
      expect(host).toBe(hostname());
      expect(processes.length).toBeGreaterThan(0);
    },
  );

  test('an agent that is too old for ssh is named, and the shell used', async () => {
    const history = ['--history', '/var/lib/x', '--at', '2026-11-28T03:02'];
    const child = Bun.spawn([SOCKTOP, server.url(SSH_USERS.withOldAgent), '--once', ...history], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
    });
    expect(await new Response(child.stderr).text()).toMatch(
      /the socktop-agent there is too old for ssh, which needs version \d+\.\d+\.\d+$/m,
    );
    expect(await child.exited).toBe(1);
    expect((await machineOf(SSH_USERS.withOldAgent)).processes.length).toBeGreaterThan(0);
  });

  test('a process has the figures that the agent tells', async () => {
    const burning = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo stopped; kill -STOP $$';
    const child = Bun.spawn(['sh', '-c', burning], { stdin: 'ignore', stdout: 'pipe' });
    await child.stdout.getReader().read();
    await untilInState(child.pid, 'T');
    const [byAgent, byShell] = await Promise.all([
      machineOf(SSH_USERS.rootWithAgent),
      machineOf(SSH_USERS.root),
    ]);
    const rowOf = (line: MachineLine): MachineLine['processes'][number] =>
      line.processes.find(({ pid }) => pid === child.pid)!;
    child.kill('SIGKILL');
    const [told, read] = [rowOf(byAgent), rowOf(byShell)];
    expect(read).toMatchObject({ name: 'sh', user: told.user, state: 'T', threads: 1, cpu_percent: 0 });
    expect(told.state).toBe('T');
    expect(Math.abs(read.cpu_seconds - told.cpu_seconds)).toBeLessThan(0.03);
    expect(Math.abs(read.mem_bytes - told.mem_bytes)).toBeLessThan(1 << 20);
  });

  test.each([SSH_USERS.ordinaryWithAgent, SSH_USERS.ordinary, SSH_USERS.jailed])(
    '%s watches the machine on the screen, and the terminal is restored',
    async (user) => {
      const program = new PtyProgram([SOCKTOP, server.url(user)], {
        ...{ columns: 120, rows: 30, environment: server.environment },
      });
      programs.push(program);
      await program.waitFor(/Processes [1-9]/, WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
      expect(program.isAlternateScreen).toBe(false);
      expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
    },
  );

  test('sstop counts the bytes of a process without an agent', async () => {
    const bytes = 3_000_000;
    const peer = Promise.withResolvers<Bun.Socket>();
    const listener = Bun.listen({
      ...{ hostname: '127.0.0.1', port: 0 },
      socket: { open: (socket) => peer.resolve(socket), data: () => undefined },
    });
    const program = Bun.spawn(
      [SSTOP, server.url(SSH_USERS.root), '--json', '--loopback', '--duration', '30s'],
      { env: { ...process.env, ...server.environment }, stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
    );
    let reading: Bun.Subprocess | undefined;
    let received = 0;
    for await (const line of linesOf(program.stdout)) {
      const { processes } = JSON.parse(line) as {
        readonly processes: readonly { readonly pid: number; readonly cum_down: number }[];
      };
      if (reading === undefined) {
        const script = `exec 3<>/dev/tcp/127.0.0.1/${listener.port}; exec cat <&3`;
        reading = Bun.spawn(['bash', '-c', script], { stdin: 'ignore', stdout: 'ignore' });
        const socket = await peer.promise;
        const payload = new Uint8Array(bytes);
        let sent = 0;
        while (sent < bytes) {
          sent += Math.max(0, socket.write(payload.subarray(sent)));
          await Bun.sleep(1);
        }
      }
      received = processes.find(({ pid }) => pid === reading?.pid)?.cum_down ?? 0;
      if (received === bytes) break;
    }
    reading?.kill('SIGKILL');
    program.kill('SIGKILL');
    listener.stop(true);
    expect(received).toBe(bytes);
  });

  test('sstop says in one line that a host is not there', async () => {
    const child = Bun.spawn([SSTOP, '--once', 'ssh://127.0.0.1:1'], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
    });
    const line = (await new Response(child.stderr).text()).trim();
    expect(line).toMatch(/^sstop: ssh:\/\/127\.0\.0\.1:1: connect to host .*Connection refused$/);
    expect(await child.exited).toBe(1);
  });

  test('the history of a folder there is shown to who may read it, by the agent there', async () => {
    const start = Date.UTC(2026, 10, 28, 3);
    const trouble = [{ kind: 'upload', fromSeconds: 0, toSeconds: 600 }] as const;
    const path = join(mkdtempSync(join(tmpdir(), 'ssh-history-')), 'history');
    await writeHistory(path, new HistoryWorld(start, trouble), 30);
    const run = async (program: string, user: string, ...argv: readonly string[]) => {
      const child = Bun.spawn([program, server.url(user), '--history', path, ...argv], {
        env: { ...process.env, ...server.environment, TZ: 'UTC' },
        ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
      });
      const [out, err] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      return { out, err: withoutProgress(err), code: await child.exited };
    };
    try {
      const { rootWithAgent, ordinaryWithAgent, root } = SSH_USERS;
      const at = ['--at', '2026-11-28T03:02'];
      const [once, top, totals, foreign, shell] = await Promise.all([
        run(SOCKTOP, rootWithAgent, ...at, '--once'),
        run(SSTOP, rootWithAgent, ...at, '--top'),
        run(SSTOP, rootWithAgent, '--totals', '--json'),
        run(SSTOP, ordinaryWithAgent, ...at, '--json'),
        run(SOCKTOP, root, ...at, '--once'),
      ]);
      expect([once.err, once.code]).toEqual(['', 0]);
      expect(once.out).toContain('2026-11-28T03:02:00');
      expect(top.out).toMatch(/Most network\n.*\n.* uploader\n/);
      expect(JSON.parse(totals.out).totals[0].name).toBe('/usr/bin/program-9004');
      expect(foreign.err.trimEnd().split('\n')).toHaveLength(1);
      expect(foreign.err).toContain('permission denied; log in as its owner or as root');
      expect(foreign.code).toBe(1);
      expect(shell.err).toContain('a history needs socktop-agent there');
      expect(shell.code).toBe(1);
      const program = new PtyProgram([SOCKTOP, server.url(rootWithAgent), '--history', path], {
        ...{ columns: 120, rows: 30, environment: { ...server.environment, TZ: 'UTC' } },
      });
      programs.push(program);
      await program.waitFor(/Processes [1-9]/, WAIT_MILLIS);
      program.key('H');
      await program.waitFor(/─ 2026-11-28 03:05:00 {2}CPU/, WAIT_MILLIS);
      program.key('\rT');
      await program.waitFor(/Totals by day.*(.*\n)*.*program-9004/, WAIT_MILLIS);
    } finally {
      rmSync(dirname(path), { recursive: true });
    }
  });

  test('a profile holds such a URL', async () => {
    const saving = Bun.spawn([SOCKTOP, '--dry-run', '-P', 'far', server.url(SSH_USERS.root)], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' },
    });
    expect(await saving.exited).toBe(0);
    const child = Bun.spawn([SOCKTOP, '--once', '-P', 'far'], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
    });
    expect(await new Response(child.stdout).text()).toMatch(/\d+ processes/);
    expect(await child.exited).toBe(0);
  });
});
