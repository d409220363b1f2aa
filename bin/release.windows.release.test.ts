import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { VERSION } from './executable.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { PtyProgram } from './testing/pty.ts';
import { WinePrograms } from './testing/wine.ts';

const LONG_MILLIS = 120_000;
const PATIENCE_MILLIS = 60_000;
const PROGRAMS = ['sstop', 'socktop'] as const;

/** What was written: Wine's console passes sequences on, but folds lines where it takes them to end. */
const unfolded = ({ transcript }: PtyProgram): string => transcript.replaceAll(/\r*\n/g, '');

const folder = mkdtempSync(join(tmpdir(), 'windows-'));
let programs: WinePrograms | undefined;
let reason = '';
try {
  programs = new WinePrograms(folder);
} catch (thrown) {
  const { code, message } = toOpError('wine', thrown);
  if (code !== 'UNAVAILABLE') throw thrown;
  reason = `; here it ${message}`;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(programs === undefined)(`the released clients for Windows (needs Wine 10${reason})`, () => {
  let agent: AgentProcess;
  const open: PtyProgram[] = [];

  beforeAll(async () => {
    agent = await AgentProcess.start({ args: ['--enableSSL'], environment: { XDG_CONFIG_HOME: folder } });
    copyFileSync(join(folder, 'socktop_agent/tls/cert.pem'), `${programs!.folder}/cert.pem`);
    copyFileSync(`${programs!.folder}/socktop.exe`, `${programs!.folder}/SOCKTOP-LOUD.EXE`);
    const { exitCode, stderr } = Bun.spawnSync(programs!.firstCommand);
    expect([exitCode, exitCode === 0 ? '' : String(stderr)]).toEqual([0, '']);
  }, LONG_MILLIS);
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  afterAll(() => agent.close());

  const byTls = () => ['--tls-ca', 'cert.pem', `wss://127.0.0.1:${agent.port}/ws`];

  async function run(...command: readonly [string, ...string[]]) {
    const child = Bun.spawn(programs!.command(...command), {
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  }

  function screen(...command: readonly [string, ...string[]]): PtyProgram {
    const program = new PtyProgram(programs!.command(...command), { columns: 140, rows: 40 });
    open.push(program);
    return program;
  }

  test.each([
    ['sstop.exe', 'sstop'],
    ['socktop.exe', 'socktop'],
    ['SOCKTOP-LOUD.EXE', 'socktop'],
  ])(
    '%s is %s',
    async (file, name) => {
      const { code, stdout } = await run(file, '--version');
      expect([code, stdout]).toEqual([0, expect.stringContaining(`${name} ${VERSION} (`)]);
    },
    LONG_MILLIS,
  );

  test(
    'what is about the machine itself is refused',
    async () => {
      for (const [program, arguments_] of [
        ['sstop', []],
        ['socktop', ['--local']],
      ] as const) {
        const urls = `${program} ssh://HOST, or wss://HOST:8443/ws for an agent`;
        const stderr = `${program}: windows cannot be monitored directly; add a URL: ${urls}\n`;
        expect(await run(`${program}.exe`, ...arguments_)).toEqual({ code: 2, stdout: '', stderr });
      }
      expect((await run('sstop.exe', '--doctor')).code).toBe(2);
    },
    LONG_MILLIS,
  );

  test(
    'figures come over TLS, by a profile below %APPDATA%; what is recorded is played',
    async () => {
      const asked = ['--once', '--json', '--record', 'machine.gz', '-P', 'box', ...byTls()];
      const figures = await run('socktop.exe', ...asked);
      expect(figures).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(figures.stdout).cpu.per_core.length).toBeGreaterThan(0);
      const settings = `${folder}/upper/root/.wine/drive_c/users/root/AppData/Roaming/socktop`;
      expect(JSON.parse(readFileSync(`${settings}/profiles.json`, 'utf8')).profiles.box.tls_ca).toBe(
        'cert.pem',
      );
      const network = await run('sstop.exe', '--once', '--json', '-P', 'box');
      expect(network).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(network.stdout).schema).toBe(1);
      const played = await run('socktop.exe', '--once', '--json', '--playback', 'machine.gz');
      expect(played).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(played.stdout).host).toBe(JSON.parse(figures.stdout).host);
    },
    LONG_MILLIS,
  );

  describe.each(PROGRAMS)('the screen of %s', (name) => {
    test.each([
      ['q', (program: PtyProgram) => program.key('q'), 0],
      // Wine's console ends by the byte 3 itself, so the signal comes as a console event.
      ['Ctrl-C', (program: PtyProgram) => program.interrupt(), 130],
    ] as const)(
      'is drawn, and left by %s',
      async (_, leave, code) => {
        const program = screen(`${name}.exe`, ...byTls());
        await program.waitUntil(() => /Space/.test(unfolded(program)), 'the footer', PATIENCE_MILLIS);
        await program.waitUntil(
          () => /\d+ (processes|tasks)/.test(unfolded(program)),
          'figures',
          PATIENCE_MILLIS,
        );
        expect(program.isAlternateScreen).toBe(true);
        leave(program);
        expect(await program.exited()).toBe(code);
        expect(program.isAlternateScreen).toBe(false);
        expect(program.isCursorVisible).toBe(true);
        expect(program.mouseTracking).toBe('none');
      },
      LONG_MILLIS,
    );
  });
});
