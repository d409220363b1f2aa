import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { buildForSystem, type OtherSystemPrograms } from './testing/other-system.ts';
import { PtyProgram } from './testing/pty.ts';
import { withoutProgress } from './testing/streamed.ts';

const LONG_MILLIS = 60_000;
const FIGURES = /CPU.*Memory.*PID/s;

/**
 * The systems on which the programs are clients, on the second not only that (bin/macos.test.ts). The wire, the files and
 * the screen are all as there but the runtime.
 */
const SYSTEMS = [
  {
    ...{ platformName: 'win32', name: 'windows', suffix: '.EXE' },
    // A console says nothing of itself, and has a folder of its own for settings.
    folderVariable: 'APPDATA',
    terminal: { TERM: undefined, LANG: undefined },
    ...{ hasJobControl: false, isWatchable: false },
  },
  {
    ...{ platformName: 'darwin', name: 'macos', suffix: '' },
    ...{ folderVariable: 'XDG_CONFIG_HOME', terminal: {} },
    ...{ hasJobControl: true, isWatchable: true },
  },
] as const;

let agent: AgentProcess;
let folder = '';
let certificate = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'other-system-'));
  const environment = { XDG_CONFIG_HOME: folder, SOCKTOP_TOKEN: 'sesame' };
  agent = await AgentProcess.start({ args: ['--enableSSL'], environment });
  certificate = join(folder, 'socktop_agent/tls/cert.pem');
}, LONG_MILLIS);
afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(SYSTEMS)(
  'on $name',
  ({ platformName, name, suffix, folderVariable, terminal, hasJobControl, isWatchable }) => {
    let programs: OtherSystemPrograms;
    let home = '';
    const open: PtyProgram[] = [];

    beforeAll(() => {
      home = join(folder, name);
      mkdirSync(home);
      programs = buildForSystem(platformName, home, suffix);
    }, LONG_MILLIS);
    afterEach(async () => {
      for (const each of open.splice(0)) await each.close();
    });

    const environment = () => ({
      ...{ PATH: process.env['PATH'], HOME: home, SOCKTOP_TOKEN: 'sesame' },
      [folderVariable]: join(home, 'settings'),
    });
    const url = () => `wss://127.0.0.1:${agent.port}/ws`;

    async function run(...command: readonly string[]) {
      const child = Bun.spawn([...command], {
        ...{ cwd: home, env: environment() },
        ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
      });
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, stdout, stderr: withoutProgress(stderr) };
    }

    function screen(...command: readonly string[]): PtyProgram {
      const program = new PtyProgram(command, {
        ...{ columns: 140, rows: 30, directory: home },
        environment: { ...environment(), ...terminal },
      });
      open.push(program);
      return program;
    }

    function expectRestored(program: PtyProgram): void {
      expect(program.isAlternateScreen).toBe(false);
      expect(program.isCursorVisible).toBe(true);
      expect(program.mouseTracking).toBe('none');
    }

    const urlFor = (program: string) =>
      `add a URL: ${program} ssh://HOST, or wss://HOST:8443/ws for an agent`;
    const here = `${name} cannot be monitored directly`;

    test('no agent runs here', async () => {
      const line = `socktop-agent: the agent cannot run on ${name}: it needs Linux\n`;
      expect(await run(programs.agent)).toEqual({ code: 2, stdout: '', stderr: line });
    });

    test('without a machine socktop says what it needs', async () => {
      const ways = isWatchable ? 'a URL, --profile, --demo or --local' : 'a URL or --profile';
      const line = `socktop: no machine given: add ${ways} (see socktop --help)\n`;
      expect(await run(programs.socktop, '--json')).toEqual({ code: 2, stdout: '', stderr: line });
    });

    test.skipIf(isWatchable)(
      'what is asked of this machine is refused in one line (needs a system that is not watched)',
      async () => {
        const refused = [
          ['sstop', [], here],
          ['sstop', ['--once', '--json'], here],
          ['sstop', ['--doctor'], `--doctor: ${here}`],
          ['socktop', ['--local'], here],
          ['socktop', ['--demo', '--once', '--json'], here],
          ['socktop', ['-P', 'demo', '--json'], here],
        ] as const;
        for (const [program, argv, why] of refused) {
          const line = `${program}: ${why}; ${urlFor(program)}\n`;
          expect(await run(programs[program], ...argv)).toEqual({ code: 2, stdout: '', stderr: line });
        }
      },
    );

    test(
      'figures of an agent come over TLS, by a profile that is kept; what is recorded is played',
      async () => {
        const argv = ['--once', '--json', '--record', 'machine.gz', '--tls-ca', certificate];
        const asked = await run(programs.socktop, ...argv, '-P', 'box', url());
        expect(asked).toMatchObject({ code: 0, stderr: '' });
        const { host, cpu } = JSON.parse(asked.stdout);
        expect(cpu.per_core.length).toBeGreaterThan(0);
        const saved = JSON.parse(readFileSync(join(home, 'settings/socktop/profiles.json'), 'utf8'));
        expect(saved.profiles.box).toEqual({ url: url(), tls_ca: certificate });
        const network = await run(programs.sstop, '--once', '--json', '--record', 'network.gz', '-P', 'box');
        expect(network).toMatchObject({ code: 0, stderr: '' });
        const played = await Promise.all([
          run(programs.socktop, '--once', '--json', '--playback', 'machine.gz'),
          run(programs.sstop, '--once', '--json', '--playback', 'network.gz'),
        ]);
        expect(played.map(({ code, stderr }) => [code, stderr])).toEqual([
          [0, ''],
          [0, ''],
        ]);
        expect(JSON.parse(played[0].stdout).host).toBe(host);
        expect(JSON.parse(played[1].stdout).schema).toBe(1);
      },
      LONG_MILLIS,
    );

    test(
      'the screen is drawn, follows the window, and is left by Ctrl-C',
      async () => {
        const program = screen(programs.socktop, '--tls-ca', certificate, url());
        await program.waitFor(FIGURES);
        expect(program.mouseTracking).toBe('drag');
        // A terminal that says nothing of itself is no reason to do without colours.
        await program.waitUntil(() => program.cell(0, 1).foreground > 255, 'colours of 24 bits');
        program.resize(100, 70);
        await program.waitUntil(
          () => /\bquit\b/.test(program.lines()[69] ?? ''),
          'the footer in its new place',
        );
        program.key('?');
        await program.waitFor(/Redraw the screen/);
        expect(program.text().includes('resume with fg')).toBe(hasJobControl);
        program.key('\x1b');
        await program.waitUntil(() => !program.text().includes('socktop keys'), 'the help closed');
        program.key('\x03');
        expect(await program.exited()).toBe(0);
        expectRestored(program);
      },
      LONG_MILLIS,
    );

    test.skipIf(hasJobControl)(
      'Ctrl-Z does nothing (only where no shell stops programs)',
      async () => {
        const program = screen(programs.sstop, '--tls-ca', certificate, url());
        await program.waitFor(/help.*quit/);
        program.key('\x1a');
        program.key('?');
        await program.waitFor(/sstop keys/);
        expect(program.transcript.split('\x1b[?1049h').length).toBe(2);
        program.key('\x1b');
        await program.waitUntil(() => !program.text().includes('sstop keys'), 'the help closed');
        program.key('q');
        expect(await program.exited()).toBe(0);
        expectRestored(program);
      },
      LONG_MILLIS,
    );

    test.skipIf(isWatchable)(
      'nobody is offered what is not there (needs a system that is not watched)',
      async () => {
        const program = screen(programs.socktop);
        await program.waitFor(/Select profile:\s+1\. box\s+Enter number/);
        program.key('\r');
        expect(await program.exited()).toBe(0);
        const welcome = new PtyProgram([programs.socktop], {
          ...{ columns: 140, rows: 40 },
          environment: { [folderVariable]: join(home, 'empty') },
        });
        open.push(welcome);
        await welcome.waitFor(/socktop: no saved profile, and \w+ cannot be monitored directly/);
        expect(await welcome.exited()).toBe(2);
      },
    );
  },
);
