import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bindSocket,
  closeDescriptor,
  NativeBuffer,
  openSocket,
  receiveInto,
} from '../platforms/linux/libc.ts';
import { notifyServiceManager } from '../platforms/linux/service-manager.ts';
import { AGENT, AgentProcess } from './testing/agent-process.ts';

const UNIT = fileURLToPath(new URL('../docs/socktop-agent.service', import.meta.url));
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(Bun.which('systemd-analyze') === null)(
  'systemd has nothing to say about the unit (needs systemd-analyze)',
  () => {
    const path = join(folder, 'socktop-agent.service');
    writeFileSync(path, readFileSync(UNIT, 'utf8').replaceAll('/usr/local/bin/socktop-agent', AGENT));
    const run = Bun.spawnSync(['systemd-analyze', 'verify', '--man=no', path]);
    expect([run.exitCode, run.stderr.toString()]).toEqual([0, '']);
  },
);

/** The service manager's end of NOTIFY_SOCKET. */
class Manager {
  readonly #descriptor: number;
  readonly #message = new NativeBuffer(256);

  constructor(path: string) {
    const bytes = new TextEncoder().encode(path);
    const address = new NativeBuffer(2 + bytes.length);
    address.u16[0] = AF_UNIX;
    address.bytes.set(bytes, 2);
    if (path.startsWith('@')) address.bytes[2] = 0;
    this.#descriptor = openSocket(AF_UNIX, SOCK_DGRAM, 0);
    expect(bindSocket(this.#descriptor, address, 2 + bytes.length)).toBe(0);
  }

  async hears(): Promise<string> {
    for (;;) {
      const length = receiveInto(this.#descriptor, this.#message, MSG_DONTWAIT);
      if (length > 0) return new TextDecoder().decode(this.#message.bytes.subarray(0, length));
      await Bun.sleep(5);
    }
  }

  close(): void {
    closeDescriptor(this.#descriptor);
  }
}

test('the service manager hears when the agent listens and when it ends', async () => {
  for (const address of [join(folder, 'notify'), `@socktop-test-${process.pid}`]) {
    const manager = new Manager(address);
    const agent = await AgentProcess.start({ environment: { NOTIFY_SOCKET: address } });
    expect(await manager.hears()).toBe('READY=1');
    expect(await agent.close()).toBe(0);
    expect(await manager.hears()).toBe('STOPPING=1');
    manager.close();
  }
});

test('a service manager that reads nothing holds up neither the start nor the end', async () => {
  const address = join(folder, 'full');
  const manager = new Manager(address);
  let sent = 0;
  expect(() => {
    for (; sent < 10_000; sent++) notifyServiceManager(address, 'STATUS=full');
  }).toThrow('EAGAIN');
  expect(sent).toBeGreaterThan(0);
  const agent = await AgentProcess.start({ environment: { NOTIFY_SOCKET: address } });
  expect((await agent.fetch('/healthz')).status).toBe(200);
  expect(await agent.close()).toBe(0);
  expect(agent.lines.join('\n')).toContain('code=EAGAIN');
  manager.close();
});

test('a name that is neither a path nor abstract is refused, and not looked for in the working directory', () => {
  expect(() => notifyServiceManager('relative', 'READY=1')).toThrow('EINVAL');
});

test('a service manager that is not there is a line in the log, and no more', async () => {
  const agent = await AgentProcess.start({ environment: { NOTIFY_SOCKET: join(folder, 'nobody') } });
  expect((await agent.fetch('/healthz')).status).toBe(200);
  await agent.close();
  expect(agent.lines.join('\n')).toContain('event=service-manager');
});
