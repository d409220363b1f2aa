import { expect, test } from 'bun:test';
import { chordText, keymapOf } from '../config/keymap.ts';
import { SSTOP_KEYMAP } from './keymaps.ts';

const { actionOf } = keymapOf(SSTOP_KEYMAP);

const bindings = SSTOP_KEYMAP.flatMap((group) => group.bindings);

test('no chord has two meanings and every binding is reached by each of its chords', () => {
  const chords = bindings.flatMap((binding) => binding.chords);
  expect(new Set(chords).size).toBe(chords.length);
  for (const binding of bindings) {
    for (const chord of binding.chords) expect(actionOf(chord)).toBe(binding.action);
  }
});

test('unknown chords mean nothing', () => {
  for (const chord of ['', 'ctrl+alt+x', 'Z', '__proto__']) expect(actionOf(chord)).toBeUndefined();
});

test('chords are written for people, with ASCII alone where asked', () => {
  expect(chordText('ctrl+d', false)).toBe('Ctrl+D');
  expect(chordText('down', false)).toBe('↓');
  for (const binding of bindings) {
    for (const chord of binding.chords) expect(chordText(chord, true)).toMatch(/^[\x20-\x7e]+$/);
  }
});
