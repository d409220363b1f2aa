import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { hitScrollbar, offsetForDrag, renderScrollbar, scrollThumb } from './scrollbar.ts';
import { anyArea, drawnOver, GROUND, STRONG } from './sentinel.fixture.ts';
import { maxOffset } from './viewport.ts';

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
      renderScrollbar(area, buffer, position, { thumb: STRONG, track: GROUND }, ascii);
      let previous = 'above';
      for (let y = 0; y < 20; y++) {
        const hit = hitScrollbar(area, position, 4, y);
        expect(hit?.part === 'thumb').toBe(['▐', '#'].includes(buffer.textAt(4, y)));
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
      drawnOver(area, (buffer) =>
        renderScrollbar(area, buffer, position, { thumb: STRONG, track: GROUND }, ascii),
      );
    }),
  );
});
