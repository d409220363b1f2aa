import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { dateTimeText, useLocalTime } from './format.ts';
import { parseMoment, similarMoment } from './moment.ts';

const HOUR = 3_600_000;
/** 2026-11-30 12:00 local time, one hour ahead of UTC; two in summer. */
const NOW = Date.UTC(2026, 10, 30, 11);
const SUMMER_ENDS = Date.UTC(2026, 9, 25, 1);

beforeAll(() => useLocalTime((wallMillis) => (wallMillis < SUMMER_ENDS ? 7200 : 3600)));
afterAll(() => useLocalTime((wallMillis) => new Date(wallMillis).getTimezoneOffset() * -60));

const utc = (text: string): number => Date.parse(text);

describe('a moment', () => {
  test.each([
    ['now', NOW],
    ['03:12', utc('2026-11-30T02:12:00Z')],
    ['3:12', utc('2026-11-30T02:12:00Z')],
    ['03:12:30', utc('2026-11-30T02:12:30Z')],
    // Not yet today, so yesterday.
    ['23:59', utc('2026-11-29T22:59:00Z')],
    ['12:00', NOW],
    ['yesterday 03:12', utc('2026-11-29T02:12:00Z')],
    ['today 23:59', utc('2026-11-30T22:59:00Z')],
    ['3 minutes ago', NOW - 180_000],
    ['  3 Minutes ago ', NOW - 180_000],
    ['3m ago', NOW - 180_000],
    ['1 hour ago', NOW - HOUR],
    ['an hour ago', NOW - HOUR],
    ['a day ago', NOW - 24 * HOUR],
    ['2 weeks ago', NOW - 14 * 24 * HOUR],
    ['90s ago', NOW - 90_000],
    ['2026-11-28T03:12', utc('2026-11-28T02:12:00Z')],
    ['2026-11-28 03:12:05', utc('2026-11-28T02:12:05Z')],
    ['2026-11-28', utc('2026-11-27T23:00:00Z')],
    ['2026-11-28T03:12Z', utc('2026-11-28T03:12:00Z')],
    ['2026-11-28T03:12+05:30', utc('2026-11-27T21:42:00Z')],
    ['2026-11-28T03:12:00-0800', utc('2026-11-28T11:12:00Z')],
    ['2026-07-01 03:12', utc('2026-07-01T01:12:00Z')],
    ['@1795831200', 1_795_831_200_000],
  ])('%s', (text, millis) => {
    expect(parseMoment(text, NOW)).toBe(millis);
  });

  test.each([
    ...[
      '',
      'soon',
      '25:00',
      '03:60',
      '3',
      '2026-02-30',
      '2026-13-01',
      '2026-11-28T24:00',
      '3 fortnights ago',
    ],
    ...['ago', 'minutes ago', '99999999999 s ago', '@', '@x', '2026-11-28T03:12X', '03:12 yesterday', '-5m'],
  ])('is none: %p', (text) => {
    expect(parseMoment(text, NOW)).toBeUndefined();
  });

  test('comes back as it is shown, on both sides of a change of clocks', () => {
    for (const at of [utc('2026-10-24T22:00:00Z'), utc('2026-10-25T03:00:00Z'), NOW]) {
      expect(parseMoment(dateTimeText(at), NOW)).toBe(at);
    }
  });

  test.each([
    ['0312', '03:12'],
    ['3.12', '03:12'],
    ['5m', '5m ago'],
    ['-5m', '5m ago'],
    ['3 minutes', '3 minutes ago'],
    ['1 hour', '1 hour ago'],
    ['28.11.2026 03:12', '2026-11-28T03:12'],
    ['28/11/2026', '2026-11-28'],
  ])('%s is like %s', (text, similar) => {
    expect(similarMoment(text)).toBe(similar);
    expect(parseMoment(similar, NOW)).toBeNumber();
  });

  test.each(['soon', '', '99:99', '32.13.2026'])('%p is like none', (text) => {
    expect(similarMoment(text)).toBeUndefined();
  });
});
