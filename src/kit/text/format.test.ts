import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  AsciiText,
  ageText,
  bytesText,
  clockText,
  compactBytesText,
  compactRateText,
  formatInteger,
  groupedText,
  rateText,
  useLocalTime,
} from './format.ts';

const KILO = 1024;
const MEGA = KILO ** 2;
const SECOND = 1e6;
const UNITS = 'BKMGTPEZY';

const amounts = fc.oneof(
  fc.integer({ min: 0, max: 4096 }),
  fc.maxSafeNat(),
  fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
  fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.double({ min: 990, max: 1030, noNaN: true }))
    .map(([power, factor]) => factor * KILO ** power),
);

/** The least and most that a formatted amount may stand for. */
function bytesIn(text: string): number {
  const match = /^(\d+(?:\.\d)?) ?([BKMGTPEZY])/.exec(text);
  return Number(match?.[1]) * KILO ** UNITS.indexOf(match?.[2] ?? '');
}

describe('bytes', () => {
  test.each([
    [0, '0B', '0 B'],
    [862, '862B', '862 B'],
    [1023, '1023B', '1023 B'],
    [1023.4, '1023B', '1023 B'],
    [1023.6, '1.0K', '1.0 KB'],
    [1024, '1.0K', '1.0 KB'],
    [406_426, '396.9K', '396.9 KB'],
    [9.9 * MEGA, '9.9M', '9.9 MB'],
    [1023 * KILO, '1023K', '1023.0 KB'],
    [1023.94 * KILO, '1023K', '1023.9 KB'],
    [1023.96 * KILO, '1.0M', '1.0 MB'],
    [2 ** 53, '8.0P', '8.0 PB'],
    [1000 * 2 ** 60, '1000E', '1000.0 EB'],
    [1e40, '999.9Y', '999.9 YB'],
    [Number.NaN, '-', '-'],
    [Number.POSITIVE_INFINITY, '-', '-'],
    [-1, '-', '-'],
  ])('%p are %s and %s', (value, compact, long) => {
    expect(compactBytesText(value)).toBe(compact);
    expect(bytesText(value)).toBe(long);
    expect(rateText(value)).toBe(long === '-' ? '-' : `${long}/s`);
  });

  test('never overflow their column and never read 1024', () => {
    fc.assert(
      fc.property(amounts, (value) => {
        const texts = [compactBytesText(value), bytesText(value), rateText(value)] as const;
        expect(texts[0].length).toBeLessThanOrEqual('999.9K'.length);
        expect(texts[1].length).toBeLessThanOrEqual('1023.9 KB'.length);
        expect(texts[2].length).toBeLessThanOrEqual('1023.9 KB/s'.length);
        for (const text of texts) expect(text).not.toMatch(/^1024/);
      }),
      { numRuns: 3000 },
    );
  });

  test('keep the order of the values, and their size to a rounding', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        expect(bytesIn(bytesText(low))).toBeLessThanOrEqual(bytesIn(bytesText(high)));
        expect(bytesIn(compactBytesText(low))).toBeLessThanOrEqual(bytesIn(compactBytesText(high)));
        expect(Math.abs(bytesIn(bytesText(low)) - low)).toBeLessThanOrEqual(Math.max(0.5, low * 0.05));
      }),
      { numRuns: 3000 },
    );
  });
});

test.each([
  [0, '0s'],
  [5.9 * SECOND, '5s'],
  [182 * SECOND, '3m2s'],
  [7500 * SECOND, '2h5m'],
  [97_200 * SECOND, '1d3h'],
  [120.5 * 86_400 * SECOND, '120d'],
  [2 ** 53, '285y'],
  [Number.NaN, '-'],
  [-5, '-'],
])('an age of %p µs is %s', (micros, text) => {
  expect(ageText(micros)).toBe(text);
});

test('ages never overflow their column', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (micros) => ageText(micros).length <= '59m59s'.length));
});

test('whole numbers are written to the last digit', () => {
  const out = new AsciiText();
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -999, max: 999 })), (value) => {
      out.clear();
      formatInteger(value, out);
      expect(out.toString()).toBe(String(value));
    }),
    { numRuns: 2000 },
  );
  out.clear();
  formatInteger(Number.NaN, out);
  expect(out.toString()).toBe('-');
});

test('a scratch grows, and takes nothing but ASCII', () => {
  const out = new AsciiText();
  out.pushString('x'.repeat(100));
  for (let i = 0; i < 100; i++) out.pushByte(0x79);
  out.pushString('é');
  expect(out.toString()).toBe(`${'x'.repeat(100)}${'y'.repeat(100)}?`);
});

describe('groupedText', () => {
  test('is what en-US makes of a number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(12_345_678), fc.maxSafeNat()), (value) => {
        expect(groupedText(value)).toBe(value.toLocaleString('en-US'));
      }),
    );
  });
});

const MILLIS_2100 = 4_102_444_800_000;

describe('clockText', () => {
  test("is the runtime's local time unless it is told another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MILLIS_2100 }), (wallMillis) => {
        const time = new Date(wallMillis);
        const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
        expect(clockText(wallMillis)).toBe(parts.map((part) => String(part).padStart(2, '0')).join(':'));
      }),
    );
    expect(clockText(Number.NaN)).toBe('-');
    expect(clockText(Number.POSITIVE_INFINITY)).toBe('-');
  });

  test('is ahead of UTC, or behind it, by as much as it is told', () => {
    const asked: number[] = [];
    let seconds = 5.75 * 3600;
    try {
      useLocalTime((wallMillis) => {
        asked.push(wallMillis);
        return seconds;
      });
      expect(clockText(1000 * 86_399)).toBe('05:44:59');
      seconds = -9.5 * 3600;
      expect(clockText(1000 * 3600)).toBe('15:30:00');
      expect(asked).toEqual([1000 * 86_399, 1000 * 3600]);
    } finally {
      useLocalTime((wallMillis) => new Date(wallMillis).getTimezoneOffset() * -60);
    }
  });
});

test.each([
  [0, '0 bit/s', '0b'],
  [100, '800 bit/s', '800b'],
  [124.9, '999 bit/s', '999b'],
  [125, '1.0 kbit/s', '1.0k'],
  [1_250_000, '10.0 Mbit/s', '10.0M'],
  [124_999_999, '1.0 Gbit/s', '1.0G'],
  [1.25e9, '10.0 Gbit/s', '10.0G'],
  [Number.NaN, '-', '-'],
])('%d bytes a second are %s, decimal', (rate, long, compact) => {
  expect([rateText(rate, 'bits'), compactRateText(rate, 'bits')]).toEqual([long, compact]);
});

test('bits never take more than 12 and 6 columns', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e30, noNaN: true }), (rate) => {
      expect(rateText(rate, 'bits').length).toBeLessThanOrEqual(12);
      expect(compactRateText(rate, 'bits').length).toBeLessThanOrEqual(6);
    }),
  );
});
