import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';
import { ORIGINAL_AGENT, ORIGINAL_CLIENT, OriginalAgent } from './testing/original-peers.ts';
import { PtyProgram } from './testing/pty.ts';

const WAIT_MILLIS = 30_000;
const LONG_MILLIS = 90_000;

let home = '';
const open: { close(): unknown }[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'socktop-original-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const CERTIFICATE = 'socktop_agent/tls/cert.pem';

function screen(program: string, ...argv: readonly string[]): PtyProgram {
  const started = new PtyProgram([program, ...argv], {
    ...{ columns: 140, rows: 45, environment: { XDG_CONFIG_HOME: home } },
  });
  open.push(started);
  return started;
}

describe('the original agent', () => {
  test.if(ORIGINAL_AGENT !== undefined)(
    'is shown with what it has, ws and wss (needs the original agent)',
    async () => {
      const environment = { SOCKTOP_TOKEN: 'changeme', XDG_CONFIG_HOME: home };
      const plain = await OriginalAgent.start(ORIGINAL_AGENT!, [], environment);
      open.push(plain);
      const secure = await OriginalAgent.start(ORIGINAL_AGENT!, ['--enableSSL'], environment);
      open.push(secure);
      for (const argv of [
        [`ws://127.0.0.1:${plain.port}/ws?token=changeme`],
        ['-t', join(home, CERTIFICATE), `ws://127.0.0.1:${secure.port}/ws?token=changeme`],
      ]) {
        const child = Bun.spawn([SOCKTOP, '--json', '--duration', '1200ms', ...argv], {
          ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
        });
        const [stdout, stderr] = await Promise.all([
          new Response(child.stdout).text(),
          new Response(child.stderr).text(),
        ]);
        expect({ code: await child.exited, stderr }).toEqual({ code: 0, stderr: '' });
        const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
        expect(last).toMatchObject({ host: hostname(), load: [null, null, null], uptime_s: null });
        expect(last.memory.total_bytes).toBe(totalmem());
        expect(last.cpu.percent).toBeGreaterThanOrEqual(0);
        expect(last.processes.length).toBeGreaterThan(1);
        expect(last.processes.some(({ pid }: { pid: number }) => pid === process.pid)).toBe(true);
        expect(last.networks.map(({ name }: { name: string }) => name)).toContain('lo');
      }
      const shown = screen(SOCKTOP, `ws://127.0.0.1:${plain.port}/ws?token=changeme`);
      await shown.waitFor(/CPU.*Memory.*PID/s, WAIT_MILLIS);
      expect(shown.text()).not.toContain('changeme');
      expect(shown.text()).toContain('original agent');
      shown.key('q');
      expect(await shown.exited()).toBe(0);
      const wrong = screen(SOCKTOP, `ws://127.0.0.1:${plain.port}/ws?token=other`);
      // It may as well be a broken connection: the screen says so and tries again.
      await wrong.waitFor(/it may need another token, next try in/, WAIT_MILLIS);
      wrong.key('q');
      expect(await wrong.exited()).toBe(0);
    },
    LONG_MILLIS,
  );
});

describe('the original client', () => {
  test.if(ORIGINAL_CLIENT !== undefined)(
    'shows our agent, ws and wss (needs the original client)',
    async () => {
      const environment = { SOCKTOP_TOKEN: 'changeme', XDG_CONFIG_HOME: home };
      const plain = await AgentProcess.start({ environment });
      open.push(plain);
      const secure = await AgentProcess.start({ args: ['--enableSSL'], environment });
      open.push(secure);
      for (const argv of [
        [`ws://127.0.0.1:${plain.port}/ws?token=changeme`],
        ['--tls-ca', join(home, CERTIFICATE), `wss://127.0.0.1:${secure.port}/ws?token=changeme`],
      ]) {
        const shown = screen(ORIGINAL_CLIENT!, ...argv);
        const text = await shown.waitFor(/Memory.*Top Processes \(\d+ total\).*socktop/s, WAIT_MILLIS);
        expect(text).toContain(hostname());
        // Long enough for metrics and processes to come in turn, several times.
        await Bun.sleep(3000);
        expect(shown.isAlternateScreen).toBe(true);
        shown.key('q');
        expect(await shown.exited()).toBe(0);
      }
    },
    LONG_MILLIS,
  );
});
