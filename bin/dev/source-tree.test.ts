import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withSourceTree } from './source-tree.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Without the numbers, which every change moves. */
function withoutCounts(text: string): string {
  return text.replace(/\| \d+ \| [\d,]+ \|/g, '|');
}

test('docs/ARCHITECTURE.md has the folders of the source (else: npm run bun bin/dev/source-tree.ts)', () => {
  const text = readFileSync(`${ROOT}docs/ARCHITECTURE.md`, 'utf8');
  expect(text).toContain('<!-- source tree -->');
  expect(withoutCounts(text)).toBe(withoutCounts(withSourceTree(text)));
});
