import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import type { Block } from './block.ts';
import { popupArea, renderPopup } from './popup.ts';
import { anyArea, anyName, drawnOver, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';

function blockWith(title: string): Block {
  return {
    title,
    rightTitle: '',
    borderStyle: GROUND,
    titleStyle: STRONG,
    rightTitleStyle: TEXT,
    ascii: false,
  };
}

describe('a popup', () => {
  test('stands in the middle and covers what is behind it', () => {
    const buffer = new Buffer(11, 5);
    buffer.fill(buffer.area, TEXT, 0x2e);
    const inside = renderPopup(buffer.area, buffer, {
      ...blockWith('Kill'),
      width: 7,
      height: 1,
      ground: GROUND,
    });
    expect(inside).toEqual({ x: 2, y: 2, width: 7, height: 1 });
    expect(buffer.lines()).toEqual([
      '...........',
      '.╭ Kill ─╮.',
      '.│       │.',
      '.╰───────╯.',
      '...........',
    ]);
  });

  test('of any size stays on any screen', () => {
    fc.assert(
      fc.property(anyArea, fc.nat(80), fc.nat(40), anyName, (screen, width, height, title) => {
        const area = popupArea(screen, width, height);
        expect(area.x).toBeGreaterThanOrEqual(screen.x);
        expect(area.x + area.width).toBeLessThanOrEqual(screen.x + screen.width);
        expect(area.y).toBeGreaterThanOrEqual(screen.y);
        expect(area.y + area.height).toBeLessThanOrEqual(screen.y + screen.height);
        drawnOver(area, (buffer) =>
          renderPopup(screen, buffer, { ...blockWith(title), width, height, ground: GROUND }),
        );
      }),
    );
  });
});
