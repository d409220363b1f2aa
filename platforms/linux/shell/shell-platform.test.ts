import { afterEach, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { ShellMemory, ShellSession } from '../../../src/remote/client/shell-session.ts';
import { UserNames } from '../../user-names.ts';
import { ShellPlatform } from './shell-platform.ts';

const SHELLS = [['sh'], ['busybox', 'sh']].filter(([name]) => Bun.which(name!) !== null);
const READER = { open: () => new ShellPlatform(), script: (mark: string) => ShellPlatform.script(mark) };

let end = (): void => undefined;
afterEach(() => end());

/** A session with a shell of this machine, whose output comes in pieces of so many bytes. */
async function sessionOf(
  shell: readonly string[],
  memory: ShellMemory,
  pieceBytes = 1 << 20,
): Promise<ShellSession> {
  const child = Bun.spawn([...shell], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  const session = new ShellSession(
    {
      send: (text) => {
        child.stdin.write(text);
        child.stdin.flush();
        return true;
      },
      answered: () => undefined,
      broken: (error) => session.lost(error),
      monotonicMicros: () => performance.now() * 1000,
    },
    memory,
  );
  void (async () => {
    for await (const chunk of child.stdout) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        session.received(new Uint8Array(chunk.subarray(at, at + pieceBytes)));
      }
    }
  })();
  end = () => {
    child.kill('SIGKILL');
    memory.source.close();
  };
  await session.start();
  return session;
}

describe.each(SHELLS)('a machine by %s', (...shell) => {
  test('has its facts, its processes and their users and command lines', async () => {
    const memory = new ShellMemory(READER);
    const session = await sessionOf(shell, memory);
    const { header, section } = await session.processes({ visiblePids: [process.pid] });
    expect(header.hostName).toBe(hostname());
    expect(header.bootId).toBe((await Bun.file('/proc/sys/kernel/random/boot_id').text()).trim());
    const { processes, texts } = section;
    const slot = processes.find(process.pid);
    expect(processes.ppid[slot]).toBe(process.ppid);
    expect(processes.uid[slot]).toBe(process.geteuid?.() ?? -1);
    expect(texts?.users[slot]).toBe(new UserNames().name(process.geteuid?.() ?? -1));
    expect(texts?.commandLines[slot]).toContain('bun');
    expect(processes.cpuNanos[slot]).toBeGreaterThan(0);
    expect(memory.cpuSeconds).toBeGreaterThanOrEqual(0);
  });

  test('has one process in depth, and says that another is not there', async () => {
    const session = await sessionOf(shell, new ShellMemory(READER));
    const { section } = await session.processDetail(process.pid);
    expect(section.process).toMatchObject({
      ...{ pid: process.pid, ppid: process.ppid, workingDirectory: process.cwd() },
      executablePath: process.execPath,
      effectiveUid: process.geteuid?.(),
    });
    expect(section.threads.map(({ tid }) => tid)).toContain(process.pid);
    await expect(session.processDetail(2 ** 30)).rejects.toMatchObject({ code: 'ESRCH' });
  });

  test('has memory, disks and interfaces, however its output is cut', async () => {
    const session = await sessionOf(shell, new ShellMemory(READER), 7);
    const { section } = await session.machine();
    const total = /^MemTotal: +(\d+) kB/.exec(await Bun.file('/proc/meminfo').text())?.[1];
    expect(section.memory.value?.totalBytes).toBe(Number(total) * 1024);
    expect(section.cpu.value?.onlineCount).toBe(navigator.hardwareConcurrency);
    expect(section.networks.value?.names).toContain('lo');
    expect((await session.disks()).section.devices.length > 0 || !existsSync('/sys/class/block')).toBe(true);
  });

  test('a connection that is lost ends what was asked', async () => {
    const session = await sessionOf(shell, new ShellMemory(READER));
    const asked = session.processes({ visiblePids: [] });
    session.lost(new OpError({ op: 'sample', code: 'LOST' }));
    await expect(asked).rejects.toMatchObject({ code: 'LOST' });
  });
});

test('users of several asks are answered one after another', async () => {
  const session = await sessionOf(['sh'], new ShellMemory(READER));
  const [machine, processes, network] = await Promise.all([
    session.machine(),
    session.processes({ visiblePids: [] }),
    session.network(),
  ]);
  expect(machine.section.cpu.value).toBeDefined();
  expect(processes.section.processes.slots.count).toBeGreaterThan(1);
  expect(['netlink', 'proc']).toContain(network.section.tier);
});

test('an answer that never ends breaks the connection', async () => {
  const session = await sessionOf(['sh'], new ShellMemory(READER));
  const asked = session.disks();
  for (let i = 0; i < 40; i++) session.received(new Uint8Array(1 << 20));
  await expect(asked).rejects.toMatchObject({ code: 'TOO_LARGE' });
});
