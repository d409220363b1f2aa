import { expect, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findSection } from './program-text.ts';

test('a section of an executable is where its bytes are', () => {
  const span = findSection(process.execPath, '.interp')!;
  const bytes = readFileSync(process.execPath).subarray(span.start, span.end);
  expect(bytes.toString('latin1')).toMatch(/^\/lib\S*\/ld-\S+\0$/);
  const code = findSection(process.execPath, '.text')!;
  expect(code.end - code.start).toBeGreaterThan(1e6);
  expect(code.end).toBeLessThan(statSync(process.execPath).size);
});

test('of what is not there nothing is found', () => {
  expect(findSection(process.execPath, '.tex')).toBeUndefined();
  expect(findSection(process.execPath, 'text')).toBeUndefined();
  expect(findSection(fileURLToPath(import.meta.url), '.text')).toBeUndefined();
  expect(findSection('/proc/self/exe/none', '.text')).toBeUndefined();
  expect(findSection('/dev/null', '.text')).toBeUndefined();
});
