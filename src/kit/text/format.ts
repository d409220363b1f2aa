import { Buffer as NodeBuffer } from 'node:buffer';

const QUESTION_MARK = 0x3f;

/** A scratch of ASCII bytes that number formats write into and buffers draw from; grows, never shrinks. */
export class AsciiText {
  bytes = NodeBuffer.alloc(32);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  pushByte(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(this.length + 1);
    this.bytes[this.length++] = byte;
  }

  /** Appends ASCII; any other character becomes `?`. */
  pushString(ascii: string): void {
    if (this.length + ascii.length > this.bytes.length) this.#grow(this.length + ascii.length);
    for (let i = 0; i < ascii.length; i++) {
      const unit = ascii.charCodeAt(i);
      this.bytes[this.length++] = unit < 0x80 ? unit : QUESTION_MARK;
    }
  }

  toString(): string {
    // One call and one string: the code that formats is mostly interpreted.
    return this.bytes.toString('latin1', 0, this.length);
  }

  #grow(needed: number): void {
    const longer = NodeBuffer.alloc(Math.max(needed, this.bytes.length * 2));
    longer.set(this.bytes);
    this.bytes = longer;
  }
}

const ZERO = 0x30;
const DASH = 0x2d;
const DOT = 0x2e;
const SPACE = 0x20;
const LETTER_B = 0x42;
/** B K M G T P E Z Y, 1024 apart. */
const UNIT_LETTERS = [0x42, 0x4b, 0x4d, 0x47, 0x54, 0x50, 0x45, 0x5a, 0x59];
const LAST_UNIT = UNIT_LETTERS.length - 1;
const LARGEST_TENTHS = 9999;

const MICROS_PER_SECOND = 1e6;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const YEAR = 365 * DAY;

/** Set by `scale`: the value in tenths of the unit, rounded. Module state, so that no result is allocated. */
let tenths = 0;

/** Bytes in at most 6 columns: `0B`, `862B`, `9.9M`, `396.9K`, `1023K`; `-` for NaN and negative values. */
export function formatBytesCompact(value: number, out: AsciiText): void {
  if (!isAmount(value)) {
    out.pushByte(DASH);
    return;
  }
  const unit = scale(value);
  if (unit === 0) pushDigits(tenths / 10, out);
  else if (tenths < 10_000) pushTenths(out);
  else pushDigits(Math.floor(tenths / 10), out);
  out.pushByte(UNIT_LETTERS[unit]!);
}

/** Bytes with their unit written out, at most 9 columns: `397 B`, `396.9 KB`; `-` for NaN. */
export function formatBytes(value: number, out: AsciiText): void {
  if (!isAmount(value)) {
    out.pushByte(DASH);
    return;
  }
  const unit = scale(value);
  if (unit === 0) pushDigits(tenths / 10, out);
  else pushTenths(out);
  out.pushByte(SPACE);
  if (unit > 0) out.pushByte(UNIT_LETTERS[unit]!);
  out.pushByte(LETTER_B);
}

/** Units of rates on the screen: bytes with base 1024, or bits with base 1000. */
export const RATE_UNITS = ['bytes', 'bits'] as const;
export type RateUnits = (typeof RATE_UNITS)[number];

/** The unit after `units`, for a key that goes through them. */
export function otherUnits(units: RateUnits): RateUnits {
  return units === 'bytes' ? 'bits' : 'bytes';
}

const BIT_LETTERS = ['b', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const BIT_UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s', 'Pbit/s', 'Ebit/s', 'Zbit/s', 'Ybit/s'];

/** Bytes per second, at most 11 columns, `28.5 MB/s`, or `228.0 Mbit/s`, at most 12; `-` for NaN. */
function formatRate(bytesPerSecond: number, out: AsciiText, units: RateUnits): void {
  if (!isAmount(bytesPerSecond)) {
    out.pushByte(DASH);
  } else if (units === 'bits') {
    pushBits(bytesPerSecond, BIT_UNITS, ' ', out);
  } else {
    formatBytes(bytesPerSecond, out);
    out.pushString('/s');
  }
}

/** Bytes per second in at most 6 columns: `9.9M`, or as bits `79.2M`, `800b`; `-` for NaN. */
export function formatRateCompact(bytesPerSecond: number, out: AsciiText, units: RateUnits): void {
  if (units === 'bytes' || !isAmount(bytesPerSecond)) formatBytesCompact(bytesPerSecond, out);
  else pushBits(bytesPerSecond, BIT_LETTERS, '', out);
}

function pushBits(bytesPerSecond: number, names: readonly string[], between: string, out: AsciiText): void {
  const unit = scale(bytesPerSecond * 8, 1000);
  if (unit === 0) pushDigits(tenths / 10, out);
  else pushTenths(out);
  out.pushString(between);
  out.pushString(names[unit]!);
}

/** A length of time in microseconds by its two largest units: `5s 3m2s 2h5m 1d3h 120d`; `-` for NaN. */
export function formatAge(micros: number, out: AsciiText): void {
  if (!isAmount(micros)) {
    out.pushByte(DASH);
    return;
  }
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  if (seconds < MINUTE) pushPart(seconds, 's', out);
  else if (seconds < HOUR) pushParts(seconds, MINUTE, 'm', 1, 's', out);
  else if (seconds < DAY) pushParts(seconds, HOUR, 'h', MINUTE, 'm', out);
  else if (seconds < 100 * DAY) pushParts(seconds, DAY, 'd', HOUR, 'h', out);
  else if (seconds < 100_000 * DAY) pushPart(Math.floor(seconds / DAY), 'd', out);
  else pushPart(Math.floor(seconds / YEAR), 'y', out);
}

/** A whole number without grouping, rounded; `-` for what is not finite. */
export function formatInteger(value: number, out: AsciiText): void {
  const whole = Math.round(value);
  if (!Number.isFinite(whole)) {
    out.pushByte(DASH);
    return;
  }
  if (whole < 0) out.pushByte(DASH);
  pushDigits(Math.abs(whole), out);
}

/** One decimal, none from 99.95 on: `0.0`, `6.9`, `100`; `-` for NaN and negative values. */
export function formatTenths(value: number, out: AsciiText): void {
  if (!isAmount(value)) {
    out.pushByte(DASH);
    return;
  }
  tenths = Math.round(value * 10);
  if (tenths < 1000) pushTenths(out);
  else pushDigits(Math.round(value), out);
}

const scratch = new AsciiText();

function asText(format: (value: number, out: AsciiText) => void): (value: number) => string {
  return (value) => {
    scratch.clear();
    format(value, scratch);
    return scratch.toString();
  };
}

/** `formatTenths` as a string: `6.9`. */
export const tenthsText = asText(formatTenths);

/** A part of a whole, both in the unit of the whole: `17.0/31.2 GB`, `262/512 B`; `-` for what is not known. */
export function partText(part: number, whole: number): string {
  const wholeText = bytesText(whole);
  if (!isAmount(part) || !isAmount(whole)) return `-/${wholeText}`;
  const unit = scale(whole);
  const inUnit = part / 1024 ** unit;
  return `${unit === 0 ? Math.round(inUnit) : inUnit.toFixed(1)}/${wholeText}`;
}

/** `formatBytes` as a string: `396.9 KB`. */
export const bytesText = asText(formatBytes);

/** `formatBytesCompact` as a string: `396.9K`. */
export const compactBytesText = asText(formatBytesCompact);

/** `formatRate` as a string: `28.5 MB/s`, `228.0 Mbit/s`. */
export function rateText(bytesPerSecond: number, units: RateUnits = 'bytes'): string {
  scratch.clear();
  formatRate(bytesPerSecond, scratch, units);
  return scratch.toString();
}

/** `formatRateCompact` as a string: `28.5M`. */
export function compactRateText(bytesPerSecond: number, units: RateUnits): string {
  scratch.clear();
  formatRateCompact(bytesPerSecond, scratch, units);
  return scratch.toString();
}

/** `formatAge` as a string: `2h5m`. */
export const ageText = asText(formatAge);

function isAmount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** Leaves the value in `tenths`, in the unit where it stays below the base once rounded. Nothing else rounds. */
function scale(value: number, base: 1000 | 1024 = 1024): number {
  const limit = base * 10;
  tenths = Math.round(value) * 10;
  let unit = 0;
  let scaled = value;
  while (tenths >= limit && unit < LAST_UNIT) {
    scaled /= base;
    unit++;
    tenths = Math.round(scaled * 10);
  }
  if (tenths >= limit) tenths = LARGEST_TENTHS;
  return unit;
}

function pushTenths(out: AsciiText): void {
  const whole = Math.floor(tenths / 10);
  pushDigits(whole, out);
  out.pushByte(DOT);
  out.pushByte(ZERO + tenths - whole * 10);
}

function pushPart(count: number, unit: string, out: AsciiText): void {
  pushDigits(count, out);
  out.pushString(unit);
}

function pushParts(
  seconds: number,
  large: number,
  largeUnit: string,
  small: number,
  smallUnit: string,
  out: AsciiText,
): void {
  pushPart(Math.floor(seconds / large), largeUnit, out);
  pushPart(Math.floor((seconds % large) / small), smallUnit, out);
}

/** Decimal digits of a whole number of any size that is not negative. */
function pushDigits(whole: number, out: AsciiText): void {
  let power = 1;
  while (whole / power >= 10) power *= 10;
  for (; power >= 1; power /= 10) {
    const digit = Math.floor(whole / power) % 10;
    out.pushByte(ZERO + digit);
  }
}

/** A whole number of at least 0 in groups of three, `12,345`; without Intl, whose tables are 1 MB and 1 ms. */
export function groupedText(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Of the runtime, whose first answer loads all time zones: 4 MB of resident memory and 3 ms. */
let secondsEast = (wallMillis: number): number => new Date(wallMillis).getTimezoneOffset() * -60;

/** From now on local time is this many seconds ahead of UTC, by the wall time in milliseconds. */
export function useLocalTime(secondsEastOfUtc: (wallMillis: number) => number): void {
  secondsEast = secondsEastOfUtc;
}

/** How far local time is ahead of UTC at a wall time, in seconds. */
export function localOffsetSeconds(wallMillis: number): number {
  return secondsEast(wallMillis);
}

/** Local date and time, `2026-11-28 14:03:27`; `-` for what is not finite. */
export function dateTimeText(wallMillis: number): string {
  const localMillis = wallMillis + secondsEast(wallMillis) * 1000;
  // Date's range (ECMA-262, 21.4.1.1).
  if (!(Math.abs(localMillis) <= 8.64e15)) return '-';
  return new Date(localMillis).toISOString().slice(0, 19).replace('T', ' ');
}

/** Local time of day, `14:03:27`; `-` for what is not finite. */
export function clockText(wallMillis: number): string {
  return dateTimeText(wallMillis).slice(11) || '-';
}
