import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { Buffer } from '../buffer/buffer.ts';
import { INHERIT_COLOR, rgb } from '../style/color.ts';
import { Attribute, style } from '../style/style.ts';
import { anyArea, anyName, drawnWithin, TEXT } from './sentinel.fixture.ts';
import { type TextInput, textInput, updateTextInput } from './text-input.ts';
import { renderTextInput } from './text-input-line.ts';

const CURSOR = style(INHERIT_COLOR, INHERIT_COLOR, Attribute.REVERSE);
const STYLES = { text: TEXT, cursor: CURSOR };

function typed(input: TextInput, ...chords: string[]): TextInput {
  return chords.reduce((state, chord) => updateTextInput(state, { chord }) ?? state, input);
}

describe('the line', () => {
  function drawn(input: TextInput, width: number): { line: string; cursor: number } {
    const buffer = new Buffer(width, 1);
    const cursor = renderTextInput(buffer.area, buffer, input, STYLES);
    expect(buffer.attributesAt(cursor, 0)).toBe(Attribute.REVERSE);
    return { line: buffer.line(0), cursor };
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
    expect(buffer.foregroundAt(0, 0)).toBe(TEXT.foreground);
    expect(buffer.foregroundAt(2, 0)).toBe(wrong.foreground);
    expect(buffer.foregroundAt(5, 0)).toBe(wrong.foreground);
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
            expect(buffer.textAt(x, area.y)).toBe(plain.textAt(x, 0));
          }
        }
      }),
    );
  });
});
