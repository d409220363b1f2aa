import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { bottomOf, rightOf } from '../../screen/layout/rect.ts';
import { layoutScreen } from './sstop-rows.ts';

test('at any size every area is on the screen and no two share a cell', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(120), (width, height) => {
      const { isTooSmall: _small, ...areas } = layoutScreen(width, height);
      const taken = new Set<number>();
      for (const area of Object.values(areas)) {
        if (area.width === 0 || area.height === 0) continue;
        expect(area.x).toBeGreaterThanOrEqual(0);
        expect(area.y).toBeGreaterThanOrEqual(0);
        expect(rightOf(area)).toBeLessThanOrEqual(width);
        expect(bottomOf(area)).toBeLessThanOrEqual(height);
        for (let y = area.y; y < bottomOf(area); y++) {
          for (const x of [area.x, rightOf(area) - 1]) {
            const cell = y * 1000 + x;
            if (area.width > 1 || x === area.x) expect(taken.has(cell)).toBe(false);
            if (area.width > 1) taken.add(cell);
          }
        }
      }
    }),
  );
});

test('40x10 is enough, less is not', () => {
  expect(layoutScreen(40, 10).isTooSmall).toBe(false);
  expect(layoutScreen(39, 10).isTooSmall).toBe(true);
  expect(layoutScreen(40, 9).isTooSmall).toBe(true);
});
