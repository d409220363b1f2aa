import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { PidSignaller } from './signaller.ts';

const SIGKILL = 9;
const SIGTERM = 15;

function startTicksOf(pid: number): number {
  const stat = emptyPidStat();
  const bytes = new Uint8Array(readFileSync(`/proc/${pid}/stat`));
  expect(parsePidStat(bytes, bytes.length, stat)).toBe(true);
  return stat.startTicks;
}

describe.each([
  ['by pidfd', true],
  ['by pid', false],
])('PidSignaller %s', (_way, hasPidfd) => {
  const signaller = new PidSignaller({ hasPidfd });

  test('sends to the process meant', async () => {
    const child = Bun.spawn(['sleep', '1000']);
    expect(signaller.send(child.pid, startTicksOf(child.pid), SIGTERM)).toBe('sent');
    await child.exited;
    expect(child.signalCode).toBe('SIGTERM');
  });

  test('does not send to another process with the same pid', async () => {
    const child = Bun.spawn(['sleep', '1000']);
    expect(signaller.send(child.pid, startTicksOf(child.pid) + 1, SIGKILL)).toBe('identity-changed');
    expect(child.signalCode).toBeNull();
    child.kill();
    await child.exited;
  });

  test('says when it is gone', async () => {
    const child = Bun.spawn(['sleep', '1000']);
    const startTicks = startTicksOf(child.pid);
    child.kill('SIGKILL');
    await child.exited;
    expect(signaller.send(child.pid, startTicks, SIGTERM)).toBe('gone');
  });

  test.each([0, -1, -process.pid, 1.5, Number.NaN, 2 ** 31, 2 ** 32 + 1])('never sends to pid %p', (pid) => {
    expect(signaller.send(pid, 0, SIGKILL)).toBe('gone');
  });

  test.each([0, -1, 65, 1.5])('never sends signal %p', (signal) => {
    expect(signaller.send(process.pid, startTicksOf(process.pid), signal)).toBe('gone');
  });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)('says when it is not permitted (needs root to become another user)', async () => {
  const victim = Bun.spawn(['sleep', '1000']);
  const source = `
    import { PidSignaller } from ${JSON.stringify(`${import.meta.dir}/signaller.ts`)};
    const signaller = new PidSignaller();
    process.setgid(65534); process.setuid(65534);
    console.log(signaller.send(${victim.pid}, ${startTicksOf(victim.pid)}, ${SIGTERM}));`;
  const child = Bun.spawn([process.execPath, '-e', source], { stdout: 'pipe' });
  expect((await new Response(child.stdout).text()).trim()).toBe('not-permitted');
  expect(victim.signalCode).toBeNull();
  victim.kill();
  await victim.exited;
});
