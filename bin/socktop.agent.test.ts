import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PeerSocket, WebSocketPeer } from '../src/remote/client/web-socket-peer.fixture.ts';
import { v2Frame, v2Json } from '../src/remote/wire/v2-frame.ts';
import { AgentProcess, keptPort } from './testing/agent-process.ts';
import { SOCKTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

const WAIT_MILLIS = 30_000;
const LONG_MILLIS = 90_000;

let home = '';
const open: { close(): unknown }[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'socktop-remote-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function agent(folder: string, port = 0, ...args: readonly string[]): Promise<AgentProcess> {
  const environment = { XDG_CONFIG_HOME: join(home, folder) };
  const started = await AgentProcess.start({ args: ['--port', String(port), ...args], environment });
  open.push(started);
  return started;
}

function start(...argv: readonly string[]): PtyProgram {
  const program = new PtyProgram([SOCKTOP, ...argv], {
    ...{ columns: 160, rows: 40, environment: { XDG_CONFIG_HOME: home } },
  });
  open.push(program);
  return program;
}

function certificateOf(folder: string): string {
  return join(home, folder, 'socktop_agent/tls/cert.pem');
}

const FIGURES = /CPU.*Memory.*PID/s;

describe('the first contact over TLS', () => {
  test(
    'shows the fingerprint, keeps the certificate on a yes alone, and accepts no other from then on',
    async () => {
      const first = await agent('one', keptPort(), '--enableSSL');
      const url = `wss://127.0.0.1:${first.port}/ws`;
      const kept = join(home, `socktop/certificates/127.0.0.1_${first.port}.pem`);
      const fingerprint = /fingerprint ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})/.exec(first.lines.join('\n'))![1]!;

      const refusing = start(url);
      await refusing.waitFor(/Trust this certificate\? \[y\/N\]: /, WAIT_MILLIS);
      expect(refusing.text()).toContain(fingerprint);
      expect(refusing.text()).toContain('localhost');
      refusing.key('\r');
      expect(await refusing.exited()).toBe(1);
      expect(existsSync(kept)).toBe(false);

      const agreeing = start(url);
      await agreeing.waitFor(/\[y\/N\]: /, WAIT_MILLIS);
      agreeing.key('y\r');
      await agreeing.waitFor(FIGURES, WAIT_MILLIS);
      agreeing.key('q');
      expect(await agreeing.exited()).toBe(0);
      expect(readFileSync(kept, 'utf8').trim()).toBe(readFileSync(certificateOf('one'), 'utf8').trim());

      const again = start(url);
      await again.waitFor(FIGURES, WAIT_MILLIS);
      again.key('q');
      expect(await again.exited()).toBe(0);

      await first.close();
      await agent('two', first.port, '--enableSSL');
      const other = start(url);
      expect(await other.exited()).toBe(1);
      const said = other.text().replaceAll('\n', '');
      expect(said).toContain('does not match the pinned one');
      expect(said).toContain(fingerprint);
      expect(said).not.toContain('[y/N]');
    },
    LONG_MILLIS,
  );

  test(
    'is refused where nobody can be asked, whatever the environment says',
    async () => {
      const { port } = await agent('three', 0, '--enableSSL');
      const child = Bun.spawn([SOCKTOP, '--json', '--once', `wss://127.0.0.1:${port}/ws`], {
        env: {
          ...process.env,
          ...{ XDG_CONFIG_HOME: home, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
          NODE_EXTRA_CA_CERTS: certificateOf('three'),
        },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      expect(await child.exited).toBe(1);
      // The runtime warns of the first variable on lines of its own.
      const said = (await new Response(child.stderr).text()).trimEnd().split('\n').at(-1);
      expect(said).toMatch(/^socktop: wss:.*SHA-256 (?:[0-9A-F]{2}:){31}.*--tls-ca FILE/);
    },
    LONG_MILLIS,
  );
});

describe('the screen of an agent', () => {
  test(
    'says that the agent is another version, once it has told which',
    async () => {
      let sequence = 0;
      const header = { host_name: 'old', boot_id: 'b', epoch: 1, clock_ticks_per_second: 100 };
      const older = (text: string, socket: PeerSocket): void => {
        const { id } = JSON.parse(text);
        const monotonic_micros = ++sequence * 500_000;
        const parts = { cpu: {}, memory: {}, networks: {}, sensors: {}, gpus: {} };
        const body = { header: { ...header, monotonic_micros }, section: { sequence, errors: [] }, ...parts };
        socket.binary(v2Frame(id, v2Json(JSON.stringify({ ...body, version: '0.0.1' }))));
      };
      const peer = await WebSocketPeer.listen({ isV2: true, received: older });
      open.push(peer);
      const program = start(`ws://127.0.0.1:${peer.port}/ws`);
      await program.waitFor(/the agent is version 0\.0\.1, older than this program/, WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test(
    'that lies stays a screen: nothing of its texts reaches the terminal as it came',
    async () => {
      const evil = '\u001b]0;owned\u0007\u001b[2J\u202e';
      let sequence = 0;
      const lie = (text: string, socket: PeerSocket): void => {
        const { id } = JSON.parse(text);
        const monotonic_micros = ++sequence * 500_000;
        const header = { host_name: evil, boot_id: evil, epoch: 1, monotonic_micros, wall_millis: -1 };
        const cpu = { value: { model_name: evil, times: { user: [1e308, -1], idle: [1, 2] } } };
        const networks = { value: [{ index: 1, name: evil, rx_bytes: 1e19, is_up: true, is_uplink: true }] };
        const parts = { cpu, networks, memory: { value: {} }, sensors: {}, gpus: {} };
        const section = { sequence, monotonic_micros, errors: [{ op: evil, code: evil, message: evil }] };
        const others = { file_systems: [{ name: evil }], version: evil, notice: evil };
        const body = JSON.stringify({ header, section, ...parts, ...others });
        socket.binary(v2Frame(id, v2Json(body)));
      };
      const peer = await WebSocketPeer.listen({ isV2: true, received: lie });
      open.push(peer);
      const program = start(`ws://127.0.0.1:${peer.port}/ws`);
      await program.waitFor(/CPU.*owned/s, WAIT_MILLIS);
      await program.waitUntil(() => sequence > 8, 'some samples', WAIT_MILLIS);
      expect(program.transcript).not.toContain('\u001b]0;owned');
      expect(program.transcript).not.toContain(Buffer.from('\u202e').toString('latin1'));
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test(
    'stays when the agent is gone, tells so, and goes on by itself when it is back',
    async () => {
      const first = await agent('plain', keptPort());
      const program = start(`ws://127.0.0.1:${first.port}/ws`);
      await program.waitFor(FIGURES, WAIT_MILLIS);
      first.kill('SIGKILL');
      await program.waitFor(/lost|no connection|refused/i, WAIT_MILLIS);
      expect(program.text()).toMatch(FIGURES);
      await agent('plain', first.port);
      program.key('r');
      await program.waitUntil(
        () => !/lost|refused|broke/i.test(program.text()),
        'the end of the loss',
        WAIT_MILLIS,
      );
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test(
    'has a row for each of several, and one that is down does not hold up the others',
    async () => {
      const up = await agent('plain');
      const named = join(home, 'socktop/profiles.json');
      const url = `ws://127.0.0.1:${up.port}/ws`;
      writeFileSync(
        named,
        JSON.stringify({ profiles: { web1: { url }, web2: { url: 'ws://127.0.0.1:1/ws' } } }),
      );
      const program = start('-P', 'web1', '-P', 'web2');
      await program.waitFor(/web1.*%.*\n.*web2/s, WAIT_MILLIS);
      await program.waitFor(/web2.*(refused|lost|down)/i, WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
    },
    LONG_MILLIS,
  );
});
