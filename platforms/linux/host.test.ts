import { expect, spyOn, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Host } from './host.ts';
import { CAPTURED_PROC } from './proc/captured-proc.fixture.ts';

const THIRTY_DAYS_MILLIS = 30 * 86_400_000;

/** `btime` of /proc/stat, whole seconds. */
function bootOfKernel(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]) * 1000;
}

test('facts of this machine', () => {
  const host = new Host('/proc');
  const { facts } = host;
  expect(facts.hostName).toBe(hostname());
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs(facts.bootWallMillis - bootOfKernel())).toBeLessThan(2000);
  expect(facts.clockTicksPerSecond).toBeGreaterThanOrEqual(100);
  expect(facts.pageSizeBytes).toBeGreaterThanOrEqual(4096);
  expect(host.facts).toBe(facts);
});

test('another root has another boot', () => {
  expect(new Host(CAPTURED_PROC).facts.bootId).toBe('4e7a5b7e-9d2c-4a1b-8f3e-0c6d5a4b3c2d');
});

test('the time of the boot follows a clock that is set, forth and back', () => {
  const real = Date.now.bind(Date);
  const clock = spyOn(Date, 'now').mockImplementation(() => real() - THIRTY_DAYS_MILLIS);
  try {
    const host = new Host('/proc');
    expect(Math.abs(host.facts.bootWallMillis + THIRTY_DAYS_MILLIS - bootOfKernel())).toBeLessThan(2000);
    clock.mockImplementation(real);
    expect(Math.abs(host.facts.bootWallMillis - bootOfKernel())).toBeLessThan(2000);
    clock.mockImplementation(() => real() - 3000);
    expect(Math.abs(host.facts.bootWallMillis + 3000 - bootOfKernel())).toBeLessThan(2000);
  } finally {
    clock.mockRestore();
  }
});

const canRename = process.geteuid?.() === 0 && Bun.which('unshare') !== null;

test.skipIf(!canRename)('the name follows `hostname` (needs root and unshare)', async () => {
  const fixture = fileURLToPath(new URL('host-name.fixture.ts', import.meta.url));
  const child = Bun.spawn(['unshare', '--uts', process.execPath, fixture], { stderr: 'inherit' });
  expect(await new Response(child.stdout).json()).toEqual(['before', 'after']);
});
