import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { chordText } from '../../src/programs/config/keymap.ts';
import { SOCKTOP_KEYMAP, SSTOP_KEYMAP } from '../../src/programs/shared/keymaps.ts';
import { KEYBINDINGS_PATH, keybindingsMarkdown } from './keybindings.ts';

const bindings = [...SSTOP_KEYMAP, ...SOCKTOP_KEYMAP].flatMap((group) => [...group.bindings]);

test('docs/keybindings.md is what the keymap says (else: npm run bun bin/dev/keybindings.ts)', () => {
  expect(readFileSync(KEYBINDINGS_PATH, 'utf8')).toBe(keybindingsMarkdown());
});

test('every binding is one row of three cells with all its chords', () => {
  const rows = keybindingsMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));
  for (const { action, chords, description } of bindings) {
    const keys = chords.map((chord) => `\`${chordText(chord, false)}\``).join(' ');
    expect(rows).toContainEqual(['', keys, `\`${action}\``, description, '']);
  }
  expect(rows).toHaveLength(bindings.length);
});
