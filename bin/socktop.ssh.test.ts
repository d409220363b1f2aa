import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { SOCKTOP, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { SSH_USERS, SshServer, sshObstacle } from './testing/ssh-server.ts';

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

  async function machineOf(user: string): Promise<MachineLine> {
    const child = Bun.spawn([SOCKTOP, server.url(user), '--once', '--json'], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const [text, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(complaint.replace(/^Connecting to .*\n/, '')).toBe('');
    expect(await child.exited).toBe(0);
    return JSON.parse(text) as MachineLine;
  }

  test('what the shell tells of a machine and of a process is what the agent tells', async () => {
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
    const first = byAgent.processes.find(({ pid }) => pid === 1)!;
    const same = byShell.processes.find(({ pid }) => pid === 1)!;
    expect({ ...same, mem_bytes: 0, cpu_seconds: 0 }).toMatchObject({
      pid: 1,
      name: first.name,
      user: first.user,
    });
    expect(Math.abs(same.mem_bytes - first.mem_bytes)).toBeLessThan(first.mem_bytes / 10 + (1 << 20));
    expect(same.cpu_seconds).toBeGreaterThanOrEqual(Math.floor(first.cpu_seconds));
    expect(same.cpu_seconds).toBeLessThan(first.cpu_seconds + 5);
  });

  test.each([SSH_USERS.ordinaryWithAgent, SSH_USERS.ordinary, SSH_USERS.jailed])(
    '%s watches the machine on the screen, and the terminal is restored',
    async (user) => {
      const program = new PtyProgram([SOCKTOP, server.url(user)], {
        ...{ columns: 120, rows: 30, environment: server.environment },
      });
      programs.push(program);
      const flags = program.localFlags;
      await program.waitFor(/Processes [1-9]/, WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
      expect(program.isAlternateScreen).toBe(false);
      expect(program.localFlags).toBe(flags);
    },
  );

  test('sstop tells the processes of connections without an agent', async () => {
    const child = Bun.spawn([SSTOP, server.url(SSH_USERS.root), '--once', '--json', '--loopback'], {
      env: { ...process.env, ...server.environment },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
    });
    const line = JSON.parse(await new Response(child.stdout).text()) as {
      readonly processes: readonly { readonly name: string; readonly conn_count: number }[];
    };
    expect(line.processes.find(({ name, conn_count }) => name === 'ssh' && conn_count > 0)).toBeDefined();
  });
});
