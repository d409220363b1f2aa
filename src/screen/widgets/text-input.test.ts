import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { cellWidth, forEachCluster } from '../../kit/text/cell-width.ts';
import { Buffer } from '../buffer/buffer.ts';
import { attributesAt, foregroundAt, lineOf, textAt } from '../buffer/buffer-look.fixture.ts';
import type { KeyEvent } from '../input/event.ts';
import { Attribute, INHERIT_COLOR, rgb, style } from '../style/style.ts';
import { anyArea, anyName, drawnWithin, TEXT } from './sentinel.fixture.ts';
import { insertText, renderTextInput, type TextInput, textInput, updateTextInput } from './text-input.ts';

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
    const long = 'a'.repeat(253);
    expect(textInput(`${long}${FAMILY}cd`).text).toBe(long);
    expect(insertText(textInput(`${long}bcd`), 'x').text).toBe(`${long}bcd`);
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
      let input = textInput('a'.repeat(200));
      for (const key of keys) {
        input = updateTextInput(input, key)!;
        expect(input.text.length).toBeLessThanOrEqual(256);
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

const CURSOR = style(INHERIT_COLOR, INHERIT_COLOR, Attribute.REVERSE);
const STYLES = { text: TEXT, cursor: CURSOR };

describe('the line', () => {
  function drawn(input: TextInput, width: number): { line: string; cursor: number } {
    const buffer = new Buffer(width, 1);
    const cursor = renderTextInput(buffer.area, buffer, input, STYLES);
    expect(attributesAt(buffer, cursor, 0)).toBe(Attribute.REVERSE);
    return { line: lineOf(buffer, 0), cursor };
  }

  test('shows the whole text where it fits with its cursor', () => {
    expect(drawn(textInput('port:443'), 9)).toEqual({ line: 'port:443', cursor: 8 });
  });

  test('scrolls where it does not, with text on both sides of the cursor', () => {
    expect(drawn(textInput('0123456789'), 6)).toEqual({ line: '56789', cursor: 5 });
    expect(drawn(typed(textInput('0123456789'), 'left', 'left', 'left', 'left'), 6)).toEqual({
      line: '345678',
      cursor: 3,
    });
    expect(drawn(typed(textInput('0123456789'), 'home'), 6)).toEqual({ line: '012345', cursor: 0 });
  });

  test('blanks half of a wide glyph at its edge', () => {
    expect(drawn(textInput('ネットワーク'), 6)).toEqual({ line: ' ーク', cursor: 5 });
  });

  test('marks what is wrong', () => {
    const wrong = style(rgb(0xf7768e));
    const buffer = new Buffer(20, 1);
    renderTextInput(buffer.area, buffer, textInput('a up>x'), STYLES, { from: 2, to: 6, style: wrong });
    expect(foregroundAt(buffer, 0, 0)).toBe(TEXT.foreground);
    expect(foregroundAt(buffer, 2, 0)).toBe(wrong.foreground);
    expect(foregroundAt(buffer, 5, 0)).toBe(wrong.foreground);
  });

  test('any text in any area: the cursor is on the line, a text that fits is drawn whole, nothing else is touched', () => {
    fc.assert(
      fc.property(anyArea, anyName, fc.nat(20), (area, text, steps) => {
        const input = typed(textInput(text), ...new Array<string>(steps).fill('left'));
        const buffer = drawnWithin(area, (into) => {
          const cursor = renderTextInput(area, into, input, STYLES);
          if (area.width === 0 || area.height === 0) expect(cursor).toBe(-1);
          else {
            expect(cursor).toBeGreaterThanOrEqual(area.x);
            expect(cursor).toBeLessThan(area.x + area.width);
          }
        });
        const fits = cellWidth(input.text) < area.width && area.x + area.width <= buffer.width;
        if (fits && area.height > 0 && area.y < buffer.height) {
          const plain = new Buffer(buffer.width, 1);
          plain.put(area.x, 0, input.text, TEXT);
          for (let x = area.x; x < area.x + area.width; x++) {
            expect(textAt(buffer, x, area.y)).toBe(textAt(plain, x, 0));
          }
        }
      }),
    );
  });
});
