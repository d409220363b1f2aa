import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codePath, PROTO_NAMES, tablesProto, wantedCode } from './wire-code.ts';

const committedCode = (name: (typeof PROTO_NAMES)[number]): string => readFileSync(codePath(name), 'utf8');

test.each(PROTO_NAMES)(
  'the code of %s.proto is what its compiler makes (else: npm run bun bin/dev/wire-code.ts)',
  (name) => {
    expect(committedCode(name)).toBe(wantedCode(name));
  },
);

test('the tables of socktop-v2.proto are those that are declared (else: npm run bun bin/dev/wire-code.ts)', () => {
  const { text, wanted } = tablesProto();
  expect(text).toBe(wanted);
});

test('no code is made from strings, neither by what is generated nor by the part of pbf that the program has', () => {
  const library = readFileSync(fileURLToPath(import.meta.resolve('pbf')), 'utf8');
  for (const source of [...PROTO_NAMES.map(committedCode), library]) {
    expect(source).not.toMatch(/\beval\s*\(|\bFunction\s*\(/);
  }
});
