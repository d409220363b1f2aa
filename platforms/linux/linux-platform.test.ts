import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { currentPlatform } from '../index.ts';
import { UNHURRIED } from './collectors/testing.ts';
import { LinuxPlatform } from './linux-platform.ts';

test('this machine is a linux platform', () => {
  const platform = currentPlatform();
  expect(platform).toBeInstanceOf(LinuxPlatform);
  expect(platform.userName(0)).toBe('root');
  const before = platform.monotonicMicros();
  expect(platform.monotonicMicros()).toBeGreaterThanOrEqual(before);
});

test('every tier is reported with a reason, best first', () => {
  const reports = new LinuxPlatform().tierReports();
  expect(reports.map((report) => report.tier)).toEqual(['ebpf', 'netlink', 'packet', 'proc']);
  for (const report of reports) expect(report.detail).not.toBe('');
  expect(reports.at(-1)?.isAvailable).toBe(true);
});

test('a network collector samples, and leaves no descriptor open', async () => {
  const platform = new LinuxPlatform();
  platform.openNetwork({ tier: 'auto' }).close();
  const before = readdirSync('/proc/self/fd').length;
  const network = platform.openNetwork({ tier: 'auto' });
  const sample = await network.collect(UNHURRIED);
  expect(sample.processes.find(process.pid)).toBeGreaterThanOrEqual(0);
  expect(sample.interfaces.slots.count).toBeGreaterThan(0);
  network.close();
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

test('a tier that is not there is refused and leaves no descriptor open', () => {
  const platform = new LinuxPlatform();
  const before = readdirSync('/proc/self/fd').length;
  expect(() => platform.openNetwork({ tier: 'ebpf' })).toThrow(/ebpf/);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
