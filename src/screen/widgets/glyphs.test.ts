import { expect, test } from 'bun:test';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { brailleGlyph, glyphsFor, horizontalGlyph, verticalGlyph } from './glyphs.ts';

function row(glyph: (step: number) => number, last: number): string {
  return Array.from({ length: last + 3 }, (_, index) => String.fromCodePoint(glyph(index - 1))).join('');
}

test('blocks fill from the bottom and from the left, and stay within 0 to 8', () => {
  expect(row((step) => verticalGlyph(step, false), 8)).toBe('  ▁▂▃▄▅▆▇██');
  expect(row((step) => horizontalGlyph(step, false), 8)).toBe('  ▏▎▍▌▋▊▉██');
  expect(row((step) => verticalGlyph(step, true), 8)).toBe('  _.:-=+*##');
  expect(row((step) => horizontalGlyph(step, true), 8)).toBe('  :::====##');
});

test('braille fills each column from the bottom', () => {
  expect(row((step) => brailleGlyph(step, 0), 4)).toBe('  ⡀⡄⡆⡇⡇');
  expect(row((step) => brailleGlyph(0, step), 4)).toBe('  ⢀⢠⢰⢸⢸');
  expect(brailleGlyph(4, 4)).toBe('⣿'.codePointAt(0)!);
});

test('every glyph is one column wide, and the ASCII set is ASCII', () => {
  for (const code of Object.values(glyphsFor(false))) expect(cellWidth(String.fromCodePoint(code))).toBe(1);
  for (const code of Object.values(glyphsFor(true))) expect(code >= 0x20 && code < 0x7f).toBe(true);
});
