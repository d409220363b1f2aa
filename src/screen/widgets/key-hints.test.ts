import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { lineOf } from '../buffer/buffer-look.fixture.ts';
import { hintsThatFit, renderKeyHints } from './key-hints.ts';
import { anyArea, anyName, drawnOver, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';

describe('key hints', () => {
  const HINTS = [
    { key: '?', label: 'help' },
    { key: 'Enter', label: 'detail' },
    { key: 'K', label: 'kill' },
  ];
  const THEME = { key: STRONG, dim: TEXT, base: GROUND };

  function hints(width: number): string {
    const buffer = new Buffer(width, 1);
    renderKeyHints(buffer.area, buffer, HINTS, THEME);
    return lineOf(buffer, 0);
  }

  test('stand side by side', () => {
    expect(hints(40)).toBe(' ? help  Enter detail  K kill');
    expect(hints(29)).toBe(' ? help  Enter detail  K kill');
  });

  test('are dropped whole from the right', () => {
    expect(hints(28)).toBe(' ? help  Enter detail');
    expect(hints(20)).toBe(' ? help');
    expect(hints(6)).toBe('');
  });

  test('of any kind keep to any area', () => {
    const anyHints = fc.array(fc.record({ key: anyName, label: anyName }), { maxLength: 8 });
    fc.assert(
      fc.property(anyArea, anyHints, (area, some) => {
        drawnOver(area, (buffer) => renderKeyHints(area, buffer, some, THEME));
        expect(hintsThatFit(some, area.width)).toBeLessThanOrEqual(some.length);
      }),
    );
  });
});
