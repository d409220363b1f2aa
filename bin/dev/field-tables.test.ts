import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { snapshotCsvHeader } from '../../src/data/export/network-csv.ts';
import { systemCsvHeader } from '../../src/data/export/system-export.ts';
import { PROCESS_SORT_KEYS, USUAL_PROCESS_COLUMN_IDS } from '../../src/views/network/network-process-list.ts';
import { USUAL_MACHINE_COLUMN_IDS } from '../../src/views/system/machine-process-list.ts';
import { withTables } from './field-tables.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

// What to do about a difference: npm run bun bin/dev/manual.ts
describe('documents name the fields that there are', () => {
  test.each([
    ['docs/exports.md', 8],
    ['docs/config.md', 2],
  ] as const)('%s', (path, marks) => {
    const text = read(path);
    expect(text.match(/^<!-- (table: .+|end) -->$/gm)).toHaveLength(marks * 2);
    expect(withTables(path)).toBe(text);
  });

  test('the header of each stream is in docs/exports.md', () => {
    for (const header of [snapshotCsvHeader(), systemCsvHeader()]) {
      expect(read('docs/exports.md')).toContain(`Columns of the CSV: ${code(header.trim().split(','))}.\n`);
    }
  });

  test('the configuration has the words for order and columns', () => {
    expect(read('docs/config.md')).toContain(
      `| \`sort\` | ${code(PROCESS_SORT_KEYS)} | \`${PROCESS_SORT_KEYS[0]}\` |`,
    );
    const example = read('docs/config.example.yaml');
    expect(example).toContain(`\nsort: ${PROCESS_SORT_KEYS[0]}\n`);
    expect(example).toContain(`\ncolumns: [${USUAL_PROCESS_COLUMN_IDS.join(', ')}]\n`);
    expect(example).toContain(`\nsocktop-columns: [${USUAL_MACHINE_COLUMN_IDS.join(', ')}]\n`);
  });
});
