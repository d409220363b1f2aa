import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess, keptPort } from './testing/agent-process.ts';
import { SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { streamLines, withoutProgress } from './testing/streamed.ts';

const WAIT_MILLIS = 30_000;
const LONG_MILLIS = 90_000;

let folder = '';
let agent: AgentProcess;
let url = '';
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sstop-agent-'));
  writeFileSync(join(folder, 'token'), 'the-token\n');
  agent = await AgentProcess.start({
    args: ['--enableSSL'],
    environment: { XDG_CONFIG_HOME: folder, SOCKTOP_TOKEN: 'the-token' },
  });
  url = `ws://127.0.0.1:${agent.port}/ws`;
});
afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function certificate(): string {
  return join(folder, 'socktop_agent/tls/cert.pem');
}

async function run(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([SSTOP, ...argv], {
    env: { ...process.env, XDG_CONFIG_HOME: folder },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr: withoutProgress(stderr) };
}

describe('sstop of an agent', () => {
  test(
    'exports as of this machine, records, and plays the recording',
    async () => {
      const recording = join(folder, 'remote.ndjson.gz');
      const options = ['-t', certificate(), '--token-file', join(folder, 'token'), '--loopback'];
      // Without TLS in the URL: a certificate was given, so it is meant.
      const streamed = await streamLines(6, [...options, '--json', '--record', recording, url], {
        XDG_CONFIG_HOME: folder,
      });
      expect(streamed).toMatchObject({ code: 143, stderr: '' });
      const snapshot = JSON.parse(streamed.stdout.trimEnd().split('\n').at(-1)!);
      expect(snapshot).toMatchObject({ schema: 1, errors: [] });
      expect(snapshot.processes.length).toBeGreaterThan(0);
      const played = await run('--playback', recording, '--csv');
      expect(played).toMatchObject({ code: 0, stderr: '' });
      expect(played.stdout.split('\n').length).toBeGreaterThan(2);
    },
    LONG_MILLIS,
  );

  test(
    'takes a profile of socktop, and says in one line what is wrong with an agent',
    async () => {
      mkdirSync(join(folder, 'socktop'), { recursive: true });
      const profile = {
        ...{ url: `${url.replace('ws:', 'wss:')}?token=the-token`, tls_ca: certificate() },
      };
      writeFileSync(join(folder, 'socktop/profiles.json'), JSON.stringify({ profiles: { prod: profile } }));
      expect(await run('-P', 'prod', '--once')).toMatchObject({ code: 0, stderr: '' });
      const wrong = await run('-t', certificate(), `${url}?token=other`, '--once');
      expect(wrong).toMatchObject({ code: 1, stdout: '' });
      expect(wrong.stderr).toMatch(/^sstop: wss:\S+: the agent needs another token \(HTTP 401\)\n$/);
      const unknown = await run(url.replace('ws:', 'wss:'), '--once');
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toMatch(/^sstop: wss:.*SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}.*\n$/);
      const unfit = await run('-t', certificate(), `${url}?token=secret%0d%0aX`, '--once');
      expect(unfit).toMatchObject({ code: 2, stdout: '' });
      expect(unfit.stderr).toMatch(/^sstop: the URL's token.* ASCII without spaces\n$/);
      expect(await run('-P', 'nobody', '--once')).toMatchObject({ code: 2, stdout: '' });
    },
    LONG_MILLIS,
  );

  test(
    'shows its screen, says that the agent is gone, and goes on when it is back',
    async () => {
      const first = await AgentProcess.start({ args: ['--port', String(keptPort())] });
      open.push(first);
      const program = new PtyProgram(
        [SSTOP, '--loopback', '--interval', '500ms', `ws://127.0.0.1:${first.port}/ws`],
        {
          ...{ columns: 120, environment: { XDG_CONFIG_HOME: folder } },
        },
      );
      open.push(program);
      // Nobody takes it for this machine: how it is reached, and how long that takes.
      await program.waitFor(/^ sstop {2}\S+ {2}ws {2}[\d.]+ ms .*socktop-agent/s, WAIT_MILLIS);
      first.kill('SIGKILL');
      await program.waitFor(/^ sstop {2}\S+ {2}ws {2}lost .*connection/s, WAIT_MILLIS);
      open.push(await AgentProcess.start({ args: ['--port', String(first.port)] }));
      await program.waitUntil(() => !/refused|broke/.test(program.text()), 'the end of it', WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );
});
