import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { madeDocuments } from './manual.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('manual pages, completions and tables of fields under docs/ are those that the program makes', () => {
  for (const { path, contents } of madeDocuments()) {
    // What to do about a difference: npm run bun bin/dev/manual.ts
    expect({ path, contents: readFileSync(`${ROOT}${path}`, 'utf8') }).toEqual({ path, contents });
  }
});

test('nothing else is in their folders', () => {
  const made = madeDocuments().map(({ path }) => path);
  for (const folder of ['docs/man', 'docs/completions']) {
    for (const name of readdirSync(`${ROOT}${folder}`)) expect(made).toContain(`${folder}/${name}`);
  }
});
