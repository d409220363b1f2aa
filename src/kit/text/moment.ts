import { localOffsetSeconds } from './format.ts';

const DAY_MILLIS = 86_400_000;
const UNIT_MILLIS: Readonly<Record<string, number>> = {
  ...{ s: 1000, sec: 1000, second: 1000, m: 60_000, min: 60_000, minute: 60_000 },
  ...{
    h: 3_600_000,
    hour: 3_600_000,
    d: DAY_MILLIS,
    day: DAY_MILLIS,
    week: 7 * DAY_MILLIS,
    w: 7 * DAY_MILLIS,
  },
};
const AMOUNT = /^(\d{1,6}|an?)\s*([a-z]+?)s?\s+ago$/;
const CLOCK = /^(?:(today|yesterday)\s+)?(\d{1,2}):(\d\d)(?::(\d\d))?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:(?:t|\s+)(\d{1,2}):(\d\d)(?::(\d\d))?)?\s*(z|[+-]\d\d:?\d\d)?$/;
const SECONDS = /^@(\d{1,11})$/;

/** What parseMoment accepts, for messages. */
export const MOMENT_HINT =
  "03:12, 'yesterday 03:12', 2026-11-28T03:12, '3 minutes ago', now, or @ with seconds since 1970";

/**
 * The wall time that a text means, in milliseconds; undefined: it means none. Times are local where they name no zone.
 * A time of day is the last one that is not after `nowMillis`.
 */
export function parseMoment(text: string, nowMillis: number): number | undefined {
  const words = text.trim().toLowerCase();
  if (words === 'now') return nowMillis;
  const seconds = SECONDS.exec(words)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  return ago(words, nowMillis) ?? clockTime(words, nowMillis) ?? date(words);
}

function ago(words: string, nowMillis: number): number | undefined {
  const [, amount = '', unit = ''] = AMOUNT.exec(words) ?? [];
  const millis = UNIT_MILLIS[unit];
  if (millis === undefined) return undefined;
  return nowMillis - (/^an?$/.test(amount) ? 1 : Number(amount)) * millis;
}

function clockTime(words: string, nowMillis: number): number | undefined {
  const match = CLOCK.exec(words);
  if (match === null) return undefined;
  const [hour = 0, minute = 0, second = 0] = match.slice(2).map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const today = new Date(nowMillis + localOffsetSeconds(nowMillis) * 1000);
  const ofDay = (daysBefore: number): number =>
    fromLocal(
      Date.UTC(
        today.getUTCFullYear(),
        today.getUTCMonth(),
        today.getUTCDate() - daysBefore,
        hour,
        minute,
        second,
      ),
    );
  if (match[1] === 'yesterday') return ofDay(1);
  return match[1] === 'today' || ofDay(0) <= nowMillis ? ofDay(0) : ofDay(1);
}

function date(words: string): number | undefined {
  const match = DATE.exec(words);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  // What does not come out as it went in is no date: February 30, 25 o'clock.
  const text = new Date(millis).toISOString();
  const isDate = text.startsWith(`${match[1]}-${match[2]}-${match[3]}T${String(hour).padStart(2, '0')}:`);
  if (!isDate || minute > 59 || second > 59) return undefined;
  const zone = match[7];
  if (zone === undefined) return fromLocal(millis);
  if (zone === 'z') return millis;
  const [hours = 0, minutes = 0] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return millis - (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The wall time at which local clocks show what these milliseconds show in UTC. */
function fromLocal(localMillis: number): number {
  const guess = localMillis - localOffsetSeconds(localMillis) * 1000;
  return localMillis - localOffsetSeconds(guess) * 1000;
}

/** What somebody may have meant by a text that parseMoment does not take; undefined: there is no telling. */
export function similarMoment(text: string): string | undefined {
  const words = text.trim().toLowerCase();
  const clock = /^(\d{1,2})[.h]?(\d\d)$/.exec(words);
  if (clock !== null && Number(clock[1]) < 24 && Number(clock[2]) < 60) {
    return `${clock[1]!.padStart(2, '0')}:${clock[2]}`;
  }
  const [, amount, unit = ''] = /^-?(\d{1,6})\s*([a-z]+?)s?$/.exec(words) ?? [];
  if (UNIT_MILLIS[unit] !== undefined)
    return `${amount}${unit.length > 1 ? ` ${unit}${amount === '1' ? '' : 's'}` : unit} ago`;
  const [, day, month, year, rest = ''] =
    /^(\d{1,2})[./](\d{1,2})[./](\d{4})(?:\s+(\d{1,2}:\d\d))?$/.exec(words) ?? [];
  if (day === undefined || Number(month) > 12 || Number(day) > 31) return undefined;
  return `${year}-${month!.padStart(2, '0')}-${day.padStart(2, '0')}${rest === '' ? '' : `T${rest}`}`;
}
