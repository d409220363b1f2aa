import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { lineOf } from '../buffer/buffer-look.fixture.ts';
import { style } from '../style/style.ts';
import { putAligned, putFigure, putMiddle } from './aligned-text.ts';
import { anyArea, anyName, drawnWithin, TEXT } from './sentinel.fixture.ts';

test('a text that is too long loses its middle', () => {
  const drawn = (text: string, width: number): string => {
    const buffer = new Buffer(width, 1);
    putMiddle(buffer, 0, 0, width, text, style(1));
    return lineOf(buffer, 0);
  };
  expect(drawn('/srv/data', 9)).toBe('/srv/data');
  expect(drawn('/srv/data', 8)).toBe('/sr…data');
  expect(drawn('/日本語/データ', 9)).toBe('/日 …ータ');
  expect(drawn('/srv', 2)).toBe('/…');
});

describe('aligned text', () => {
  function aligned(text: string, width: number, align: 'left' | 'right', ascii = false): string {
    const buffer = new Buffer(10, 1);
    buffer.isAscii = ascii;
    buffer.fill(buffer.area, TEXT, 0x2e);
    putAligned(buffer, 1, 0, width, align, text, TEXT);
    return lineOf(buffer, 0);
  }

  function figure(text: string, width: number): string {
    const buffer = new Buffer(10, 1);
    buffer.fill(buffer.area, TEXT, 0x2e);
    const bytes = new TextEncoder().encode(text);
    putFigure(buffer, 1, 0, width, bytes, bytes.length, TEXT);
    return lineOf(buffer, 0);
  }

  test('stands at its side of the column', () => {
    expect(aligned('abc', 6, 'left')).toBe('.abc......');
    expect(aligned('abc', 6, 'right')).toBe('....abc...');
    expect(aligned('日本', 6, 'right')).toBe('...日本...');
  });

  test('is cut with an ellipsis', () => {
    expect(aligned('abcdefgh', 6, 'left')).toBe('.abcde…...');
    expect(aligned('abcdefgh', 6, 'left', true)).toBe('.abcde>...');
    expect(aligned('abcdefgh', 1, 'right')).toBe('.…........');
    expect(aligned('abcdefgh', 0, 'right')).toBe('..........');
  });

  test('of a number is never cut', () => {
    expect(figure('12.5M', 6)).toBe('..12.5M...');
    expect(figure('12345678', 6)).toBe('.######...');
  });

  test('keeps to its cells', () => {
    fc.assert(
      fc.property(
        anyArea,
        anyName,
        fc.constantFrom('left' as const, 'right' as const),
        (area, text, align) => {
          const line = { ...area, height: Math.min(1, area.height) };
          const bytes = new TextEncoder().encode(text);
          drawnWithin(line, (buffer) => {
            if (line.height === 0) return;
            putAligned(buffer, area.x, area.y, area.width, align, text, TEXT);
            buffer.isAscii = true;
            putFigure(buffer, area.x, area.y, area.width, bytes, bytes.length, TEXT);
          });
        },
      ),
    );
  });
});
