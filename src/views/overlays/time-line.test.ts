import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { HistoryMoment } from '../../data/sample/snapshot.ts';
import { useLocalTime } from '../../kit/text/format.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import type { KeyEvent } from '../../screen/input/event.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { openTimeLine, pressKeyInTimeLine, renderTimeLine, type TimeLine } from './time-line.ts';

const START = Date.UTC(2026, 10, 28, 3);
const WIDTH = 130;

beforeAll(() => useLocalTime(() => 0));
afterAll(() => useLocalTime((wallMillis) => new Date(wallMillis).getTimezoneOffset() * -60));

/** An hour of samples, busy for a single one, with a gap of ten minutes. */
function moments(): HistoryMoment[] {
  return Array.from({ length: 360 }, (_, at) => ({
    positionMillis: at * 10_000,
    wallMillis: START + at * 10_000 + (at >= 180 ? 600_000 : 0),
    cpuPercent: at === 90 ? 100 : 5,
    memoryPercent: 50,
    pressurePercent: Number.NaN,
    networkBytesPerSecond: at === 300 ? 1e6 : 0,
  }));
}

const key = (chord: string, text?: string): KeyEvent => ({
  ...{ kind: 'key', name: chord, chord },
  ...(text === undefined ? {} : { text }),
});

function pressed(timeLine: TimeLine, ...chords: readonly string[]): TimeLine {
  return chords.reduce((at, chord) => pressKeyInTimeLine(at, key(chord), WIDTH).timeLine ?? at, timeLine);
}

function typed(timeLine: TimeLine, text: string): TimeLine {
  return [...text].reduce(
    (at, char) => pressKeyInTimeLine(at, key(char, char), WIDTH).timeLine ?? at,
    timeLine,
  );
}

function lines(timeLine: TimeLine, ascii = false, width = WIDTH, height = 20): string[] {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  buffer.clear(TOKYO_NIGHT.base);
  renderTimeLine(buffer.area, buffer, { timeLine, theme: TOKYO_NIGHT });
  return linesOf(buffer);
}

describe('the time line', () => {
  test('shows a spike of a single sample, and a gap', () => {
    const shown = lines(openTimeLine(moments(), Number.NaN)!);
    const cpu = shown.find((line) => line.startsWith(' CPU'))!.slice(10);
    expect(cpu.match(/█/g)).toHaveLength(1);
    expect(cpu.trimEnd()).toMatch(/^▁+█▁+ {8,}▁+$/);
    expect(shown.find((line) => line.startsWith(' Pressure'))!.trimEnd()).toBe(' Pressure');
  });

  test('has no gaps where the interval of the samples changes', () => {
    const [first] = moments();
    const changing = Array.from({ length: 120 }, (_, at) => ({
      ...first!,
      wallMillis: START + (at < 60 ? at * 1000 : (at - 54) * 10_000),
    }));
    const shown = lines(openTimeLine(changing, Number.NaN)!);
    expect(
      shown
        .find((line) => line.startsWith(' CPU'))!
        .slice(10)
        .trimEnd(),
    ).toMatch(/^▁{110,}$/);
  });

  test('has no characters but ASCII where they cannot be shown', () => {
    for (const line of lines(openTimeLine(moments(), START)!, true)) expect(line).toMatch(/^[\x20-\x7e]*$/);
  });

  test.each([0, 1, 5, 9, 10, 40])('survives a screen of %d columns, and as many lines', (size) => {
    expect(() => lines(openTimeLine(moments(), START)!, false, size, size)).not.toThrow();
  });

  test('moves by columns, samples and to its ends, never beyond', () => {
    const open = openTimeLine(moments(), START + 100_000)!;
    expect(pressed(open, ']').cursorMillis).toBe(START + 110_000);
    expect(pressed(open, '[', '[').cursorMillis).toBe(START + 80_000);
    expect(pressed(open, 'home', '[', 'left').cursorMillis).toBe(START);
    expect(pressed(open, 'end', ']', 'right').cursorMillis).toBe(START + 3590_000 + 600_000);
    const column = (3590_000 + 600_000) / 119;
    expect(pressed(open, 'right').cursorMillis).toBeCloseTo(START + 100_000 + column);
    expect(pressed(open, 'pagedown').cursorMillis).toBeCloseTo(START + 100_000 + 10 * column);
  });

  test('zooms around the cursor, and out again to all of it', () => {
    const open = openTimeLine(moments(), START + 900_000)!;
    const near = pressed(open, '+', '+', '+');
    expect(near.toMillis - near.fromMillis).toBeCloseTo((3590_000 + 600_000) / 8);
    expect(near.fromMillis).toBeLessThan(near.cursorMillis);
    expect(near.toMillis).toBeGreaterThan(near.cursorMillis);
    const far = pressed(near, '-', '-', '-', '-');
    expect([far.fromMillis, far.toMillis]).toEqual([open.fromMillis, open.toMillis]);
    const closest = pressed(open, ...Array<string>(40).fill('+'));
    expect(closest.toMillis - closest.fromMillis).toBe(60_000);
  });

  test('goes to a time that is typed, and says what is none', () => {
    const open = pressed(openTimeLine(moments(), START)!, '/');
    const step = pressKeyInTimeLine(typed(open, '03:15'), key('enter'), WIDTH);
    expect(step.goTo).toBe(START + 900_000);
    expect(step.timeLine!.input).toBeUndefined();
    expect(pressed(typed(open, 'soon'), 'enter').error).toContain('Accepted: 03:12');
    expect(pressed(typed(open, '0315'), 'enter').error).toBe('Did you mean 03:15?');
    expect(lines(pressed(typed(open, '0315'), 'enter')).join('\n')).toContain('Did you mean 03:15?');
    expect(pressed(typed(open, '0'), 'escape').input).toBeUndefined();
  });

  test('of nothing is none, of one sample is one', () => {
    expect(openTimeLine([], START)).toBeUndefined();
    const one = openTimeLine(moments().slice(0, 1), Number.NaN)!;
    expect(pressed(one, 'left', 'right', '+', '-', '[', ']').cursorMillis).toBe(START);
    expect(() => lines(one)).not.toThrow();
  });
});
