import { expect, test } from 'bun:test';
import { roleOf } from './executable.ts';

test('the role is found by the longest known prefix of the base name', () => {
  expect(roleOf('sstop')).toBe('sstop');
  expect(roleOf('/usr/local/bin/sstop-linux-amd64')).toBe('sstop');
  expect(roleOf('socktop')).toBe('socktop');
  expect(roleOf('./socktop-agent')).toBe('socktop-agent');
  expect(roleOf('socktop_agent')).toBe('socktop-agent');
  expect(roleOf('socktop-agent.exe')).toBe('socktop-agent');
  expect(roleOf('Z:\\tools\\socktop.exe')).toBe('socktop');
  expect(roleOf('C:\\TOOLS\\SOCKTOP.EXE')).toBe('socktop');
  expect(roleOf('SStop.exe')).toBe('sstop');
  expect(roleOf('C:/socktop/sstop.exe')).toBe('sstop');
  expect(roleOf('renamed')).toBe('sstop');
  expect(roleOf('')).toBe('sstop');
});
