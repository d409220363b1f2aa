import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { lineOf, linesOf, textAt } from '../buffer/buffer-look.fixture.ts';
import type { Rect } from '../layout/rect.ts';
import { type Block, popupArea, renderBlock, renderBlockDivider, renderPopup } from './block.ts';
import { anyArea, anyName, drawnOver, drawnWithin, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';

function blockWith(title: string, rightTitle = ''): Block {
  return { title, rightTitle, theme: { border: GROUND, title: STRONG, dim: TEXT } };
}

function block(width: number, height: number, drawn: Block, ascii = false): string[] {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  renderBlock(buffer.area, buffer, drawn);
  return linesOf(buffer);
}

describe('a block', () => {
  test('has rounded corners and its titles in the border', () => {
    expect(block(30, 3, blockWith('Upload', '1.2 MB/s'))).toEqual([
      '╭ Upload ────────── 1.2 MB/s ╮',
      '│                            │',
      '╰────────────────────────────╯',
    ]);
    expect(block(8, 2, blockWith(''))).toEqual(['╭──────╮', '╰──────╯']);
  });

  test('drops the right title, then cuts the title, as it narrows', () => {
    expect(block(19, 1, blockWith('Upload', '1.2 MB/s'))).toEqual(['╭ Upload ─────────╮']);
    expect(block(21, 1, blockWith('Upload', '1.2 MB/s'))).toEqual(['╭ Upload ─ 1.2 MB/s ╮']);
    expect(block(8, 1, blockWith('Upload'))).toEqual(['╭ Upl… ╮']);
    expect(block(4, 1, blockWith('Upload'))).toEqual(['╭──╮']);
  });

  test('has a form of ASCII alone', () => {
    expect(block(12, 3, blockWith('Upload'), true)).toEqual(['+ Upload --+', '|          |', '+----------+']);
  });

  test('is divided by lines with titles of their own', () => {
    const buffer = new Buffer(14, 5);
    renderBlock(buffer.area, buffer, blockWith('Disks'));
    renderBlockDivider(buffer.area, buffer, 2, blockWith('Upload'));
    expect(lineOf(buffer, 2)).toBe('├ Upload ────┤');
  });

  test('of any size keeps to its area, returns what is inside and leaves that alone', () => {
    fc.assert(
      fc.property(anyArea, anyName, anyName, fc.nat(12), fc.boolean(), (area, title, right, row, ascii) => {
        const drawn = blockWith(title, right);
        let inside: Rect | undefined;
        const buffer = drawnWithin(area, (into) => {
          into.isAscii = ascii;
          inside = renderBlock(area, into, drawn);
        });
        expect(inside!.width).toBe(Math.max(0, area.width - 2));
        expect(inside!.height).toBe(Math.max(0, area.height - 2));
        for (let y = inside!.y; y < Math.min(buffer.height, inside!.y + inside!.height); y++) {
          for (let x = inside!.x; x < Math.min(buffer.width, inside!.x + inside!.width); x++) {
            expect(textAt(buffer, x, y)).toBe('@');
          }
        }
        drawnWithin(area, (into) => renderBlockDivider(area, into, row, drawn));
      }),
    );
  });
});

function popupWith(title: string) {
  return {
    title,
    rightTitle: '',
    theme: { base: GROUND, border: GROUND, focusedBorder: GROUND, title: STRONG, dim: TEXT },
  };
}

describe('a popup', () => {
  test('stands in the middle and covers what is behind it', () => {
    const buffer = new Buffer(11, 5);
    buffer.fill(buffer.area, TEXT, 0x2e);
    const inside = renderPopup(buffer.area, buffer, { ...popupWith('Kill'), width: 7, height: 1 });
    expect(inside).toEqual({ x: 2, y: 2, width: 7, height: 1 });
    expect(linesOf(buffer)).toEqual([
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
        drawnOver(area, (buffer) => renderPopup(screen, buffer, { ...popupWith(title), width, height }));
      }),
    );
  });
});
