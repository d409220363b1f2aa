import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MACOS_14, writeFakeMac } from '../platforms/darwin/fake-mac.fixture.ts';
import { buildForSystem, type OtherSystemPrograms } from './testing/other-system.ts';
import { PtyProgram } from './testing/pty.ts';

const LONG_MILLIS = 60_000;
const CTRL_C = '\x03';

/**
 * The programs as they are for macOS, but for the runtime, over programs that print captures: the C library of macOS
 * cannot be opened here, so that each source is the one that stands in for it.
 */
let folder = '';
let commands = '';
let programs: OtherSystemPrograms;
const open: PtyProgram[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'macos-'));
  commands = join(folder, 'commands');
  mkdirSync(commands);
  writeFakeMac(commands, MACOS_14);
  programs = buildForSystem('darwin', folder, '', commands);
}, LONG_MILLIS);
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...command: readonly string[]) {
  const child = Bun.spawn([...command], {
    ...{ cwd: folder, env: { PATH: process.env['PATH'], HOME: folder } },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

function screen(...command: readonly string[]): PtyProgram {
  const program = new PtyProgram(command, {
    ...{ columns: 150, rows: 40, directory: folder },
    environment: { HOME: folder },
  });
  open.push(program);
  return program;
}

describe('sstop', () => {
  test(
    'the table, one process, its hosts, listeners, and out again',
    async () => {
      const program = screen(programs.sstop);
      // Two samples of nettop: what has grown between them has a rate.
      await program.waitFor(
        /7 processes {2}nettop[\s\S]*772 ana +Microsoft Edge .* \d+\.\dK .* \d+\.\dK +3 +1/,
      );
      await program.waitFor(/272 _mdnsresponder mDNSResponder/);
      program.key('g\r');
      await program.waitFor(/Microsoft Edge --restore[\s\S]*192\.168\.1\.20:56241 +198\.51\.100\.55:5223/);
      expect(program.text()).toContain('[2001:db8:49::113]:80');
      program.key('\x1b');
      await program.waitFor(/PID .*UPLOAD\/s/);
      program.key('h');
      await program.waitFor(/198\.51\.100\.55.*Microsoft Edge/);
      program.key('\x1b');
      await program.waitFor(/PID .*UPLOAD\/s/);
      program.key('l');
      await program.waitFor(/8080 .*Microsoft Edge/);
      expect(program.text()).toMatch(/5353 .*mDNSResponder/);
      program.key(CTRL_C);
      expect(await program.exited()).toBe(0);
      expect([program.isAlternateScreen, program.isCursorVisible]).toEqual([false, true]);
    },
    LONG_MILLIS,
  );

  test(
    'a signal goes to the process that is shown, if it is the one',
    async () => {
      const child = Bun.spawn(['sleep', '1000']);
      const [weekday, day, month, year, time] = new Date().toUTCString().replace(',', '').split(' ');
      const started = `${weekday} ${month} ${day} ${time} ${year}`;
      const line = `${child.pid} 1 501 S 0 100 200 0:01.00 ${started}     /bin/victim\n`;
      writeFileSync(`${commands}/ps.txt`, `${MACOS_14.ps}${line}`);
      const row = '10:00:00.1,tcp4 10.0.0.1:1111<->10.0.0.2:2222,en0,Established,1,2,0,0,0,,,,,,,,,,,,';
      const owner = `10:00:00.1,victim.${child.pid},,,1,2,0,0,0,,,,,,,,,,,,`;
      writeFileSync(`${commands}/nettop.txt`, `${MACOS_14.nettop}${owner}\n${row}\n`);
      const program = screen(programs.sstop, '--filter', 'victim');
      await program.waitFor(new RegExp(`${child.pid} ana +victim`));
      program.key('gK');
      await program.waitFor(/Kill \d+ victim[\s\S]*SIGTERM +15/);
      program.key('\r');
      await program.waitFor(/sent/i);
      await child.exited;
      expect(child.signalCode).toBe('SIGTERM');
      writeFakeMac(commands, MACOS_14);
    },
    LONG_MILLIS,
  );

  test(
    'streams, a recording and its playback',
    async () => {
      const taken = await run(programs.sstop, '--once', '--json', '--record', 'network.gz');
      expect(taken).toMatchObject({ code: 0, stderr: '' });
      const { backend, counted, parts, processes, remote_hosts, listen_ports, errors } = JSON.parse(
        taken.stdout,
      );
      expect([backend, counted, errors]).toEqual(['nettop', 'payload', []]);
      expect(parts).toEqual({
        ...{ tcp: 'nettop', udp: 'nettop', owners: 'last user', processes: 'ps' },
        ...{ exited: false, scope: 'machine', names: 'none' },
      });
      const edge = processes.find(({ pid }: { pid: number }) => pid === 772);
      expect(edge).toMatchObject({ user: 'ana', name: 'Microsoft Edge', conn_count: 3, listen_count: 1 });
      expect(edge.up_rate).toBeGreaterThan(0);
      // No program tells retransmissions; only established connections have a round trip.
      const [slow] = edge.connections.filter(({ rtt_us }: { rtt_us: number | null }) => rtt_us !== null);
      expect(slow).toMatchObject({
        dst_ip: '198.51.100.55',
        rtt_us: 108_530,
        retransmits: null,
        age_s: null,
      });
      expect(remote_hosts.map(({ ip }: { ip: string }) => ip)).toContain('2001:db8:49::113');
      expect(listen_ports).toContainEqual(expect.objectContaining({ proto: 'tcp', port: 8080, pid: 772 }));
      const played = await run(programs.sstop, '--once', '--json', '--playback', 'network.gz');
      expect([played.code, JSON.parse(played.stdout).backend]).toEqual([0, 'nettop']);
    },
    LONG_MILLIS,
  );

  test(
    'tiers are those of macOS, and one that cannot run says why',
    async () => {
      const of = async (tier: string) => {
        const { code, stderr } = await run(programs.sstop, '--once', '--backend', tier);
        return `${code} ${stderr.trim()}`;
      };
      expect(await of('ebpf')).toContain('Allowed choices are auto, pcblist, nettop, netstat.');
      expect(await of('pcblist')).toBe(
        '1 sstop: the tier pcblist is not available: cannot open /usr/lib/libSystem.B.dylib (see --doctor)',
      );
      expect(await of('netstat')).toBe('0 ');
    },
    LONG_MILLIS,
  );

  test('the doctor, and that nobody has tried it on a Mac', async () => {
    const text = await run(programs.sstop, '--doctor');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/- pcblist +Not available: cannot open \/usr\/lib\/libSystem\.B\.dylib\./);
    expect(text.stdout).toMatch(/\+ nettop +Available, selected:/);
    const json = await run(programs.sstop, '--doctor', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      tier: 'nettop',
      counted: 'payload',
      programs: { ps: true },
    });
    for (const program of Object.values(programs)) {
      expect((await run(program, '--version')).stdout).toMatch(/ \(.+, not tried on a Mac\)\n$/);
    }
  });
});

describe('socktop', () => {
  test(
    'the dashboard, one process, the network',
    async () => {
      const program = screen(programs.socktop, '--local');
      await program.waitFor(/used .*11\.4\/16\.0 GB[\s\S]*swap .*2\.5\/3\.0 GB[\s\S]*342\.7\/460\.4 GB/);
      await program.waitFor(/\/Volu.*not asked/);
      // Threads and rates of storage are not told here.
      await program.waitFor(/772 ana +Microsoft Edge +S +- +1h2m +- +- +176\.5 MB/);
      program.key('gjj\r');
      await program.waitFor(/MacOS\/Microsoft Edge --restore/);
      await program.waitFor(/Threads -[\s\S]*macOS has no journal/);
      program.key('\x1b');
      await program.waitFor(/Interfaces/);
      program.key('n');
      await program.waitFor(/nettop[\s\S]*772 ana +Microsoft Edge/);
      program.key(CTRL_C);
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test(
    'the demo is this Mac through an agent inside the program',
    async () => {
      const { code, stdout, stderr } = await run(programs.socktop, '--demo', '--once', '--json');
      expect([code, stderr]).toEqual([0, 'Stopped demo agent on port 3231\n']);
      expect(JSON.parse(stdout).memory).toMatchObject({ total_bytes: 2 ** 34 });
    },
    LONG_MILLIS,
  );

  test(
    'streams, a recording and its playback',
    async () => {
      const taken = await run(programs.socktop, '--local', '--once', '--json', '--record', 'machine.gz');
      expect(taken).toMatchObject({ code: 0, stderr: '' });
      const { cpu, memory, disks, processes } = JSON.parse(taken.stdout);
      expect(cpu.per_core.length).toBeGreaterThan(0);
      expect(memory).toMatchObject({ total_bytes: 2 ** 34, swap_used_bytes: 2513.5 * 2 ** 20 });
      expect(JSON.stringify(disks)).toContain('/Volumes/Backup (2)');
      expect(JSON.stringify(processes)).toContain('Microsoft Edge');
      const played = await run(programs.socktop, '--once', '--json', '--playback', 'machine.gz');
      expect([played.code, JSON.parse(played.stdout).memory]).toEqual([0, memory]);
    },
    LONG_MILLIS,
  );
});
