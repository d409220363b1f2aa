import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { InputParser } from '../../screen/input/input-parser.ts';
import { readChord } from './keymap.ts';

function chordOf(text: string): string | undefined {
  const reading = readChord(text);
  return 'chord' in reading ? reading.chord : undefined;
}

/** The chords of what a terminal sends. */
function sent(bytes: string): string[] {
  const chords: string[] = [];
  const parser = new InputParser((event) => {
    if (event.kind === 'key') chords.push(event.chord);
  });
  parser.feed(new TextEncoder().encode(bytes), 0);
  return chords;
}

describe('chords', () => {
  test.each([
    ['K', 'K'],
    ['?', '?'],
    ['+', '+'],
    ['-', '-'],
    ['1', '1'],
    ['é', 'é'],
    ['你', '你'],
    ['🦊', '🦊'],
    ['space', 'space'],
    [' ', 'space'],
    ['SPACE', 'space'],
    ['PageUp', 'pageup'],
    ['PgDn', 'pagedown'],
    ['Esc', 'escape'],
    ['↑', 'up'],
    ['f12', 'f12'],
    ['F35', 'f35'],
    ['ctrl+d', 'ctrl+d'],
    ['Ctrl+D', 'ctrl+d'],
    ['shift+tab', 'shift+tab'],
    ['shift+k', 'K'],
    ['shift+K', 'K'],
    ['alt+K', 'alt+K'],
    ['alt+shift+k', 'alt+K'],
    ['shift+ctrl+up', 'ctrl+shift+up'],
    ['ctrl++', 'ctrl++'],
    ['alt++', 'alt++'],
    ['ctrl+space', 'ctrl+space'],
    ['ctrl+@', 'ctrl+space'],
    ['ctrl+\\', 'ctrl+\\'],
    ['ctrl+shift+a', 'ctrl+shift+a'],
    ['super+q', 'super+q'],
  ])('%s is %s', (text, expected) => {
    expect(chordOf(text)).toBe(expected);
  });

  test.each([
    ...['', '  ', 'kk', 'pageupp', 'f0', 'f36', 'hyper+a', '+a', '++', 'ctrl+', 'ctrl', 'ctrl+ctrl+a', 'a+b'],
    ...['ctrl-d', 'C-d', '^d', '\x1b', '\n', '\u202e', '\ud800', 'e\u0301', 'shift+1', 'shift+?', 'alt+'],
    ...['ctrl+i', 'ctrl+M', 'ctrl+j', 'ctrl+h', 'ctrl+[', 'ctrl+?', 'ctrl+alt+i', '__proto__', 'constructor'],
  ])('%j is none', (text) => {
    expect(readChord(text)).toEqual({ refusal: expect.any(String) });
  });

  test('what a terminal would send as another key is named', () => {
    expect(readChord('ctrl+i')).toEqual({ refusal: "Terminals send it as 'tab'" });
    expect(readChord('ctrl+alt+m')).toEqual({ refusal: "Terminals send it as 'alt+enter'" });
  });

  test('are what the parser of terminal input makes of them', () => {
    for (const [text, bytes] of [
      ['K', 'K'],
      ['Space', ' '],
      ['Ctrl+D', '\x04'],
      ['ctrl+@', '\0'],
      ['Shift+Tab', '\x1b[Z'],
      ['alt+x', '\x1bx'],
      ['Ctrl+PgUp', '\x1b[5;5~'],
      ['F5', '\x1b[15~'],
      ['ctrl+_', '\x1f'],
    ] as const) {
      expect(sent(bytes)).toEqual([chordOf(text)!]);
    }
  });

  test('every control byte that is a chord can be configured', () => {
    for (let byte = 0; byte < 0x20; byte++) {
      const [chord] = sent(String.fromCharCode(byte));
      if (chord?.startsWith('ctrl+')) expect(chordOf(chord)).toBe(chord);
    }
  });

  test('a chord read is read as itself, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 8 }),
          fc
            .tuple(
              fc.subarray(['ctrl+', 'alt+', 'shift+', 'super+']),
              fc.string({ unit: 'grapheme', maxLength: 2 }),
            )
            .map(([modifiers, key]) => modifiers.join('') + key),
        ),
        (text) => {
          const chord = chordOf(text);
          if (chord !== undefined) expect(chordOf(chord)).toBe(chord);
        },
      ),
    );
  });
});
