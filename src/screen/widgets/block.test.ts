import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import type { Rect } from '../layout/rect.ts';
import { type Block, renderBlock, renderBlockDivider } from './block.ts';
import { anyArea, anyName, drawnWithin, GROUND, STRONG, TEXT } from './sentinel.fixture.ts';

function blockWith(title: string, rightTitle = '', ascii = false): Block {
  return { title, rightTitle, borderStyle: GROUND, titleStyle: STRONG, rightTitleStyle: TEXT, ascii };
}

function block(width: number, height: number, drawn: Block): string[] {
  const buffer = new Buffer(width, height);
  renderBlock(buffer.area, buffer, drawn);
  return buffer.lines();
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
    expect(block(12, 3, blockWith('Upload', '', true))).toEqual([
      '+ Upload --+',
      '|          |',
      '+----------+',
    ]);
  });

  test('is divided by lines with titles of their own', () => {
    const buffer = new Buffer(14, 5);
    renderBlock(buffer.area, buffer, blockWith('Disks'));
    renderBlockDivider(buffer.area, buffer, 2, blockWith('Upload'));
    expect(buffer.line(2)).toBe('├ Upload ────┤');
  });

  test('of any size keeps to its area, returns what is inside and leaves that alone', () => {
    fc.assert(
      fc.property(anyArea, anyName, anyName, fc.nat(12), fc.boolean(), (area, title, right, row, ascii) => {
        const drawn = blockWith(title, right, ascii);
        let inside: Rect | undefined;
        const buffer = drawnWithin(area, (into) => {
          inside = renderBlock(area, into, drawn);
        });
        expect(inside!.width).toBe(Math.max(0, area.width - 2));
        expect(inside!.height).toBe(Math.max(0, area.height - 2));
        for (let y = inside!.y; y < Math.min(buffer.height, inside!.y + inside!.height); y++) {
          for (let x = inside!.x; x < Math.min(buffer.width, inside!.x + inside!.width); x++) {
            expect(buffer.textAt(x, y)).toBe('@');
          }
        }
        drawnWithin(area, (into) => renderBlockDivider(area, into, row, drawn));
      }),
    );
  });
});
