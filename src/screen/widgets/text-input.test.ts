import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { forEachCluster } from '../../kit/text/graphemes.ts';
import type { KeyEvent } from '../input/event.ts';
import { anyName } from './sentinel.fixture.ts';
import { insertText, type TextInput, textInput, updateTextInput } from './text-input.ts';

const FAMILY = '👩‍👩‍👧‍👦';

function typed(input: TextInput, ...chords: string[]): TextInput {
  return chords.reduce((state, chord) => updateTextInput(state, { chord }) ?? state, input);
}

function shown(input: TextInput): string {
  return `${input.text.slice(0, input.cursor)}|${input.text.slice(input.cursor)}`;
}

describe('keys', () => {
  test('type at the cursor', () => {
    const key: KeyEvent = {
      kind: 'key',
      name: 'x',
      ctrl: false,
      alt: false,
      shift: false,
      chord: 'x',
      text: 'x',
    };
    const input = typed(textInput('abc'), 'left');
    expect(shown(updateTextInput(input, key)!)).toBe('abx|c');
  });

  test('move by clusters, by words and to the ends', () => {
    const input = textInput(`up>1M e\u0301${FAMILY}`);
    expect(shown(typed(input, 'left'))).toBe(`up>1M e\u0301|${FAMILY}`);
    expect(shown(typed(input, 'left', 'left'))).toBe(`up>1M |e\u0301${FAMILY}`);
    expect(shown(typed(input, 'ctrl+left'))).toBe(`up>1M |e\u0301${FAMILY}`);
    expect(shown(typed(input, 'ctrl+left', 'ctrl+left'))).toBe(`|up>1M e\u0301${FAMILY}`);
    expect(shown(typed(input, 'home', 'ctrl+right'))).toBe(`up>1M| e\u0301${FAMILY}`);
    expect(shown(typed(input, 'home', 'end'))).toBe(`up>1M e\u0301${FAMILY}|`);
  });

  test('delete whole clusters and words', () => {
    const input = textInput(`a b${FAMILY}`);
    expect(shown(typed(input, 'backspace'))).toBe('a b|');
    expect(shown(typed(input, 'ctrl+w'))).toBe('a |');
    expect(shown(typed(input, 'ctrl+w', 'ctrl+w'))).toBe('|');
    expect(shown(typed(input, 'home', 'delete'))).toBe(`| b${FAMILY}`);
    expect(shown(typed(input, 'left', 'ctrl+u'))).toBe(`|${FAMILY}`);
    expect(shown(typed(input, 'left', 'ctrl+k'))).toBe('a b|');
    expect(shown(typed(input, 'home', 'alt+d'))).toBe(`| b${FAMILY}`);
  });

  test('that change nothing yield the same object, foreign ones nothing', () => {
    const input = typed(textInput('abc'), 'home');
    expect(updateTextInput(input, { chord: 'backspace' })).toBe(input);
    expect(updateTextInput(input, { chord: 'left' })).toBe(input);
    expect(updateTextInput(input, { chord: 'enter' })).toBeUndefined();
    expect(updateTextInput(input, { chord: 'escape' })).toBeUndefined();
    expect(updateTextInput(input, { chord: 'up' })).toBeUndefined();
  });
});

describe('inserted text', () => {
  test('becomes one line without controls', () => {
    expect(textInput('a\nb\tc\u001b[31md\u202e\u0000').text).toBe('a b c[31md');
  });

  test('is cut at a cluster when the input is full', () => {
    expect(textInput(`ab${FAMILY}cd`, 5).text).toBe('ab');
    expect(insertText(textInput('abcde', 5), 'x', 5).text).toBe('abcde');
  });

  test('takes the cursor past a cluster that it completes', () => {
    const input = typed(textInput('e'), 'home');
    expect(shown(insertText(typed(textInput('e'), 'end'), '\u0301'))).toBe('e\u0301|');
    expect(shown(insertText(input, 'a'))).toBe('a|e');
  });
});

test('any keys leave a bounded text of one line and the cursor between clusters', () => {
  const anyKey = fc.oneof(
    anyName.map((text) => ({ chord: '', text })),
    fc
      .constantFrom(
        'left',
        'right',
        'home',
        'end',
        'backspace',
        'delete',
        'ctrl+w',
        'ctrl+left',
        'ctrl+right',
        'alt+d',
        'ctrl+k',
      )
      .map((chord) => ({ chord })),
  );
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 30 }), (keys) => {
      let input = textInput('');
      for (const key of keys) {
        input = updateTextInput(input, key, 64)!;
        expect(input.text.length).toBeLessThanOrEqual(64);
        expect(input.text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        const boundaries = new Set([0]);
        let at = 0;
        forEachCluster(input.text, (cluster) => {
          at += cluster.length;
          boundaries.add(at);
        });
        expect(boundaries.has(input.cursor)).toBe(true);
      }
    }),
  );
});
