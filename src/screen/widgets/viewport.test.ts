import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { textAt } from '../buffer/buffer-look.fixture.ts';
import { anyArea, drawnOver, GROUND, STRONG } from './sentinel.fixture.ts';
import {
  clampOffset,
  followRow,
  hitScrollbar,
  maxOffset,
  moveSelection,
  offsetForDrag,
  offsetShowing,
  pageSelection,
  renderScrollbar,
  scrollBy,
  scrollThumb,
  scrollTo,
  selectRow,
  TOP,
  type Viewport,
} from './viewport.ts';

const anyView = fc.record({
  offset: fc.integer({ min: -5, max: 300 }),
  selected: fc.integer({ min: -1, max: 300 }),
});
const anyCount = fc.integer({ min: 0, max: 200 });
const anyHeight = fc.integer({ min: 0, max: 40 });

function isShown(view: Viewport, height: number): boolean {
  return view.selected >= view.offset && view.selected < view.offset + height;
}

describe('any movement', () => {
  test('keeps the selection on screen and leaves no emptiness below', () => {
    const moves = fc.constantFrom<(view: Viewport, by: number, count: number, height: number) => Viewport>(
      selectRow,
      moveSelection,
      scrollBy,
      scrollTo,
      (view, by, count, height) => pageSelection(view, by < 0 ? -1 : 1, count, height),
      followRow,
    );
    fc.assert(
      fc.property(
        anyView,
        fc.integer({ min: -250, max: 250 }),
        anyCount,
        anyHeight,
        moves,
        (view, by, count, height, move) => {
          const next = move(view, by, count, height);
          expect(next.offset).toBe(clampOffset(next.offset, count, height));
          expect(next.selected).toBeLessThan(Math.max(1, count));
          if (next.selected >= 0 && height > 0 && count > 0) expect(isShown(next, height)).toBe(true);
        },
      ),
    );
  });

  test('yields the same object where nothing moves', () => {
    const view = { offset: 3, selected: 5 };
    expect(selectRow(view, 5, 100, 10)).toBe(view);
    expect(scrollTo(view, 3, 100, 10)).toBe(view);
    expect(followRow(view, 5, 100, 10)).toBe(view);
  });
});

describe('the view moves no further than it must', () => {
  test('by one row past an edge it scrolls one line', () => {
    expect(moveSelection({ offset: 0, selected: 9 }, 1, 100, 10)).toEqual({ offset: 1, selected: 10 });
    expect(moveSelection({ offset: 5, selected: 5 }, -1, 100, 10)).toEqual({ offset: 4, selected: 4 });
    expect(moveSelection({ offset: 5, selected: 9 }, 1, 100, 10)).toEqual({ offset: 5, selected: 10 });
  });

  test('a followed row that stays on screen moves nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 190 }), fc.integer({ min: 0, max: 9 }), (offset, line) => {
        expect(followRow({ offset, selected: 0 }, offset + line, 200, 10).offset).toBe(offset);
      }),
    );
  });

  test('offsetShowing is the nearest offset that shows the row', () => {
    fc.assert(
      fc.property(
        anyCount,
        fc.integer({ min: 1, max: 30 }),
        fc.nat(300),
        fc.nat(300),
        (count, height, at, row) => {
          const start = clampOffset(at, count, height);
          const found = offsetShowing(row, start, count, height);
          if (row >= count) return;
          let distance = 0;
          const shows = (offset: number): boolean => row >= offset && row < offset + height;
          while (!shows(start + distance) && !shows(start - distance)) distance++;
          expect(Math.abs(found - start)).toBe(distance);
        },
      ),
    );
  });
});

describe('paging', () => {
  test('keeps the line of the selection and one line of the old screen', () => {
    expect(pageSelection({ offset: 10, selected: 13 }, 1, 100, 10)).toEqual({ offset: 19, selected: 22 });
    expect(pageSelection({ offset: 19, selected: 22 }, -1, 100, 10)).toEqual({ offset: 10, selected: 13 });
  });

  test('reaches the first and the last row at the ends', () => {
    expect(pageSelection({ offset: 90, selected: 92 }, 1, 100, 10)).toEqual({ offset: 90, selected: 99 });
    expect(pageSelection({ offset: 0, selected: 4 }, -1, 100, 10)).toEqual({ offset: 0, selected: 0 });
  });
});

describe('the wheel', () => {
  test('leaves the selection on its row as long as that is in view', () => {
    expect(scrollBy({ offset: 0, selected: 5 }, 3, 100, 10)).toEqual({ offset: 3, selected: 5 });
    expect(scrollBy({ offset: 0, selected: 1 }, 3, 100, 10)).toEqual({ offset: 3, selected: 3 });
    expect(scrollBy({ offset: 20, selected: 29 }, -3, 100, 10)).toEqual({ offset: 17, selected: 26 });
  });

  test('selects nothing where nothing was selected', () => {
    expect(scrollBy(TOP, 3, 100, 10)).toEqual({ offset: 3, selected: -1 });
  });
});

test('the first step with nothing selected takes the row at the near edge of the screen', () => {
  expect(moveSelection({ offset: 20, selected: -1 }, 1, 100, 10)).toEqual({ offset: 20, selected: 20 });
  expect(moveSelection({ offset: 20, selected: -1 }, -1, 100, 10)).toEqual({ offset: 20, selected: 29 });
});

test('a selected row that is gone is not replaced by its neighbour', () => {
  expect(followRow({ offset: 5, selected: 7 }, -1, 100, 10)).toEqual({ offset: 5, selected: -1 });
});

const anyPosition = fc
  .record({ count: fc.nat(5000), visible: fc.nat(100), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ count, visible, share }) => ({
    count,
    visible,
    offset: Math.round(maxOffset(count, visible) * share),
  }));
const anyTrack = fc.integer({ min: 0, max: 80 });

describe('the thumb', () => {
  test('lies within the track and tells whether there is more above and below', () => {
    fc.assert(
      fc.property(anyTrack, anyPosition, (track, position) => {
        const { start, length } = scrollThumb(track, position);
        const last = maxOffset(position.count, position.visible);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start + length).toBeLessThanOrEqual(track);
        if (track === 0 || last === 0) expect(length).toBe(0);
        else expect(length).toBeGreaterThan(0);
        if (position.offset === 0) expect(start).toBe(0);
        if (length > 0 && position.offset === last) expect(start + length).toBe(track);
        if (track - length > 2 && position.offset > 0 && position.offset < last) {
          expect(start).toBeGreaterThan(0);
          expect(start + length).toBeLessThan(track);
        }
      }),
    );
  });

  test('is as long as the share of the rows that is shown', () => {
    expect(scrollThumb(20, { count: 40, visible: 20, offset: 0 })).toEqual({ start: 0, length: 10 });
    expect(scrollThumb(20, { count: 4000, visible: 20, offset: 0 })).toEqual({ start: 0, length: 1 });
  });
});

describe('dragging', () => {
  const area = { x: 10, y: 3, width: 1, height: 20 };

  test('keeps the grabbed cell of the thumb under the pointer', () => {
    fc.assert(
      fc.property(anyPosition, fc.integer({ min: -5, max: 40 }), fc.nat(19), (position, y, at) => {
        const thumb = scrollThumb(area.height, position);
        if (thumb.length === 0) return;
        const room = area.height - thumb.length;
        // With fewer offsets than cells the thumb cannot stand in every cell.
        if (maxOffset(position.count, position.visible) < room) return;
        const grab = at % thumb.length;
        const offset = offsetForDrag(area, position, grab, y);
        const wanted = Math.max(0, Math.min(room, y - area.y - grab));
        expect(scrollThumb(area.height, { ...position, offset }).start).toBe(wanted);
      }),
    );
  });

  test('reaches both ends, and a press alone scrolls nothing', () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        const { start, length } = scrollThumb(area.height, position);
        if (length === 0) return;
        const last = maxOffset(position.count, position.visible);
        expect(offsetForDrag(area, position, 0, -100)).toBe(start === 0 ? position.offset : 0);
        expect(offsetForDrag(area, position, 0, 100)).toBe(
          start === area.height - length ? position.offset : last,
        );
        expect(offsetForDrag(area, position, 0, area.y + start)).toBe(position.offset);
      }),
    );
  });
});

test('hits are what is drawn', () => {
  fc.assert(
    fc.property(anyPosition, fc.boolean(), (position, ascii) => {
      const area = { x: 4, y: 2, width: 1, height: 12 };
      const buffer = new Buffer(10, 20);
      buffer.isAscii = ascii;
      renderScrollbar(area, buffer, position, { scrollbarThumb: STRONG, scrollbarTrack: GROUND });
      let previous = 'above';
      for (let y = 0; y < 20; y++) {
        const hit = hitScrollbar(area, position, 4, y);
        expect(hit?.part === 'thumb').toBe(['▐', '#'].includes(textAt(buffer, 4, y)));
        if (hit === undefined) continue;
        // From top to bottom: above, thumb, below, never back.
        expect(['above', 'thumb', 'below'].indexOf(hit.part)).toBeGreaterThanOrEqual(
          ['above', 'thumb', 'below'].indexOf(previous),
        );
        previous = hit.part;
      }
      expect(hitScrollbar(area, position, 3, 5)).toBeUndefined();
      expect(hitScrollbar(area, position, 5, 5)).toBeUndefined();
    }),
  );
});

test('any area is painted whole and nothing else', () => {
  fc.assert(
    fc.property(anyArea, anyPosition, fc.boolean(), (area, position, ascii) => {
      drawnOver(area, (buffer) => {
        buffer.isAscii = ascii;
        renderScrollbar(area, buffer, position, { scrollbarThumb: STRONG, scrollbarTrack: GROUND });
      });
    }),
  );
});
