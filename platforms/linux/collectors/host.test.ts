import { expect, test } from 'bun:test';
import { hostname } from 'node:os';
import { CAPTURED_PROC } from '../proc/captured-proc.fixture.ts';
import { ProcDirectory } from '../proc/proc-directory.ts';
import { readHostFacts } from './host.ts';

test('facts of this machine', () => {
  const proc = new ProcDirectory('/proc');
  const facts = readHostFacts(proc);
  expect(facts.hostName).toBe(hostname());
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs(facts.bootWallMillis - (Date.now() - performance.now()))).toBeGreaterThan(0);
  expect(facts.bootWallMillis).toBeLessThan(Date.now());
  expect(facts.clockTicksPerSecond).toBeGreaterThanOrEqual(100);
  expect(facts.pageSizeBytes).toBeGreaterThanOrEqual(4096);
  proc.close();
});

test('another root has another boot', () => {
  const proc = new ProcDirectory(CAPTURED_PROC);
  expect(readHostFacts(proc).bootId).toBe('4e7a5b7e-9d2c-4a1b-8f3e-0c6d5a4b3c2d');
  proc.close();
});
