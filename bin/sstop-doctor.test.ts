import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, constants, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSTOP } from './testing/executables.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: readonly string[]): Promise<Outcome> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [exitCode, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode, stdout, stderr };
}

async function textOf(...command: readonly string[]): Promise<string> {
  const outcome = await run([...command, '--doctor']);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  return outcome.stdout;
}

const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

async function jsonOf(...command: readonly string[]) {
  const outcome = await run([...command, '--doctor', '--json']);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  return JSON.parse(outcome.stdout);
}

describe('as whoever runs the tests', () => {
  test('every tier is judged, with what a byte is', async () => {
    const text = onOneLine(await textOf(SSTOP));
    expect(text).toMatch(/[-+] ebpf +(Not a|A)vailable/);
    expect(text).toMatch(/\+ netlink +Available/);
    expect(text).toMatch(/[-+] packet +(Not a|A)vailable/);
    expect(text).toMatch(/\+ proc +Available: connections and ports only/);
    expect(text.match(/Available, selected:/g)).toHaveLength(1);
    expect(text).toMatch(/counted +(l3|payload):/);
    expect(text).toMatch(/\+ tcp_diag/);
  });

  test('it is plain text of 80 columns but for commands', async () => {
    const text = await textOf(SSTOP);
    expect(text).toMatch(/^[\n -~]+$/);
    const long = text.split('\n').filter((line) => line.length > 80 && !line.startsWith('        sudo '));
    expect(long).toEqual([]);
  });

  test('--json has the same for programs', async () => {
    const found = await jsonOf(SSTOP);
    expect(found.schema).toBe(1);
    const taken = found.tiers.find(({ available }: { available: boolean }) => available).tier;
    expect(found).toMatchObject({ tier: taken, counted: taken === 'ebpf' ? 'l3' : 'payload' });
    expect(found.programs.packets === 'ok').toBe(taken === 'ebpf');
    expect(found.tiers.map(({ tier }: { tier: string }) => tier)).toEqual([
      'ebpf',
      'netlink',
      'packet',
      'proc',
    ]);
    expect(found.modules).toEqual({ tcp_diag: 'ok', udp_diag: 'ok' });
    expect(found.closings.capacity).toBeGreaterThan(0);
    expect(found.processes.seen).toBeGreaterThan(0);
    expect(found.privileges.executable.path).toBe(SSTOP);
  });

  test('a closed pipe is no failure', async () => {
    const script = `"${SSTOP}" --doctor | true; echo "\${PIPESTATUS[0]}"`;
    expect(await run(['bash', '-c', script])).toEqual({ exitCode: 0, stdout: '0\n', stderr: '' });
  });
});

describe('as another user', () => {
  test.skipIf(!isRoot)('root lacks nothing (needs root)', async () => {
    const found = await jsonOf(SSTOP);
    expect(found.privileges).toMatchObject({ uid: 0 });
    expect(found.privileges.missing).not.toContain('cap_sys_ptrace');
    expect(found.advice.commands).toEqual([]);
  });

  test.skipIf(!isRoot)(
    'an ordinary user is told what is missing, its cost and the command (needs root)',
    async () => {
      const text = await textOf(...NOBODY, SSTOP);
      expect(text).toMatch(/ 65534 \(nobody\)/);
      expect(text).toMatch(/- cap_sys_ptrace +Missing\./);
      expect(onOneLine(text)).toContain("connections of other users' processes are counted, but grouped");
      expect(text).toContain(`\n        sudo ${SSTOP}\n`);
      const owners = 'cap_sys_ptrace,cap_dac_read_search+ep';
      expect(text).toContain(`\n        sudo setcap cap_bpf,cap_net_admin,cap_perfmon,${owners} ${SSTOP}\n`);
      expect(text).toContain(`\n        sudo setcap cap_net_raw,${owners} ${SSTOP}\n`);
      expect(onOneLine(text)).toMatch(/- ebpf +Not available: .*cap_bpf/);
      expect(onOneLine(text)).toContain('UDP is listed, but not counted');
      expect(onOneLine(text)).toContain('everyone who can execute the file can inspect every process');
      expect(text).toMatch(/- seen +\d+ processes, \d+ of them of other users/);
    },
  );
});

describe('on a machine that hides things', () => {
  /** In new namespaces with a /proc of their own, mounted with these options. */
  const confined = (procOptions: string, user: readonly string[]): string[] => {
    const script = `mount -t proc -o ${procOptions} proc /proc && exec ${[...user, SSTOP].join(' ')} "$@"`;
    return ['unshare', '--mount', '--pid', '--net', '--fork', 'sh', '-c', script, 'sh'];
  };
  const canConfine = isRoot && Bun.spawnSync([...confined('rw', []), '--version']).exitCode === 0;

  test.skipIf(!canConfine)('namespaces of its own are seen (needs root and unshare)', async () => {
    const found = await jsonOf(...confined('rw', []));
    expect(found.scope).toMatchObject({ pid_namespace: 'own' });
    expect(found.scope.network_namespace).not.toBe('machine');
    expect(found.processes).toMatchObject({ hidepid: 'off', seen: 1 });
    expect(await textOf(...confined('rw', []))).toContain('--pid=host');
  });

  test.skipIf(!canConfine)(
    'a /proc of another PID namespace: ebpf refuses (needs root and unshare)',
    async () => {
      const found = await jsonOf('unshare', '--pid', '--fork', SSTOP);
      const ebpf = found.tiers.find(({ tier }: { readonly tier: string }) => tier === 'ebpf');
      expect(ebpf).toMatchObject({
        available: false,
        detail: expect.stringContaining('/proc belongs to another PID namespace'),
      });
    },
  );

  test.skipIf(!canConfine)('hidepid is named with who is exempt (needs root and unshare)', async () => {
    const command = confined('hidepid=invisible,gid=24', NOBODY);
    const found = await jsonOf(...command);
    expect(found.processes).toMatchObject({ hidepid: 'invisible', hidepid_gid: 24, seen: 1, of_others: 0 });
    const text = await textOf(...command);
    expect(text).toContain('hidepid=invisible');
    expect(text).toContain('sudo usermod -aG "$(getent group 24 | cut -d: -f1)" "$USER"');
  });
});

describe('an executable with capabilities, in a folder with a hostile name', () => {
  let folder = '';
  let copy = '';
  const canGive = isRoot && Bun.which('setcap') !== null;

  beforeAll(() => {
    if (!canGive) return;
    folder = mkdtempSync(join(tmpdir(), 'sstop-doctor-'));
    chmodSync(folder, 0o755);
    const hostile = join(folder, "it's $(id)\x1b[31m");
    mkdirSync(hostile, { mode: 0o755 });
    copy = join(hostile, 'sstop');
    copyFileSync(SSTOP, copy, constants.COPYFILE_FICLONE);
    chmodSync(copy, 0o755);
  });

  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  test.skipIf(!canGive)('its name is quoted and steers no terminal (needs root and setcap)', async () => {
    const text = await textOf(...NOBODY, copy);
    expect(text).toContain("+ep '");
    expect(text).toContain("it'\\''s $(id)·[31m/sstop'");
    expect(text).not.toContain('\x1b');
  });

  test.skipIf(!canGive)(
    'what it holds counts, and that everybody may start it is said (needs root and setcap)',
    async () => {
      const granted = 'cap_sys_ptrace,cap_dac_read_search,cap_bpf,cap_net_admin,cap_perfmon+ep';
      Bun.spawnSync(['setcap', granted, copy]);
      const found = await jsonOf(...NOBODY, copy);
      expect(found.privileges.held).toEqual(
        expect.arrayContaining(['cap_dac_read_search', 'cap_sys_ptrace', 'cap_bpf']),
      );
      expect(found.privileges.executable).toMatchObject({
        capabilities: ['cap_dac_read_search', 'cap_net_admin', 'cap_sys_ptrace', 'cap_perfmon', 'cap_bpf'],
        everybody_may_start: true,
      });
      const without = await jsonOf(...NOBODY, SSTOP);
      expect(found.processes.assignable).toBeGreaterThan(without.processes.assignable);
      expect(found.advice.commands).toEqual([]);
      expect(found.advice.warnings.join()).toContain('sudo chmod o-rwx');
      chmodSync(copy, 0o750);
      // By a shell, for setpriv itself keeps its capabilities until it has started something.
      const closed = await run([...NOBODY, 'sh', '-c', 'exec "$0" --doctor', copy]);
      expect(closed).toMatchObject({ exitCode: 126, stdout: '' });
    },
  );
});
