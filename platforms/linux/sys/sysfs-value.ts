import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import { NativeBuffer } from '../libc.ts';
import type { KeptFile } from '../proc/kept-file.ts';

const VALUE_SIZE = 64;
const value = new NativeBuffer(VALUE_SIZE);
const MINUS = 0x2d;
const ZERO = 0x30;

/** The integer that a sysfs attribute holds (`42500\n`, `-1`), NaN where the text is none, or too long for one. */
function parseSysfsInteger(bytes: Uint8Array, length: number): number {
  const end = Math.min(length, bytes.length);
  const isNegative = end > 0 && bytes[0] === MINUS;
  let at = isNegative ? 1 : 0;
  const start = at;
  let number = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  if (at === start || number > Number.MAX_SAFE_INTEGER) return Number.NaN;
  for (; at < end; at++) if (bytes[at]! > 0x20) return Number.NaN;
  return isNegative ? -number : number;
}

/** A kept attribute's integer, NaN where it cannot be read now. */
export function readSysfsInteger(file: KeptFile): number {
  const length = file.read(value);
  return length <= 0 || length >= value.bytes.length ? Number.NaN : parseSysfsInteger(value.bytes, length);
}

/** An attribute read once, trimmed; undefined: not there, not permitted, empty. */
export function readAttribute(path: string): string | undefined {
  const text = orUndefined(() => readFileSync(path, 'utf8').trim());
  return text === '' ? undefined : text;
}

/** An attribute's integer, read once. */
export function readIntegerAttribute(path: string): number | undefined {
  const text = readAttribute(path);
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether runtime power management has put a device to sleep (power/runtime_status). */
export function isDeviceSuspended(devicePath: string): boolean {
  return readAttribute(join(devicePath, 'power/runtime_status')) === 'suspended';
}

/** Whether a device may sleep while idle (power/control). */
export function mayDeviceSleep(devicePath: string): boolean {
  return readAttribute(join(devicePath, 'power/control')) === 'auto';
}

/** Names in a directory in their natural order (`hwmon2` before `hwmon10`); none where there is no such directory. */
export function listDirectory(path: string): string[] {
  return (orUndefined(() => readdirSync(path)) ?? []).sort(compareNatural);
}

/** Where a link leads, all links on the way followed; undefined: nowhere. */
export function realPath(path: string): string | undefined {
  return orUndefined(() => realpathSync(path));
}

/** Digits of a 64-bit number. */
const LONGEST_NUMBER = 20;
const DIGITS = /\d+/g;

/** Names with a number by that number. No collator: its tables are 3 MB of resident memory. */
function compareNatural(a: string, b: string): number {
  const [left, right] = [padded(a), padded(b)];
  if (left === right) return a < b ? -1 : 1;
  return left < right ? -1 : 1;
}

function padded(name: string): string {
  return name.replace(DIGITS, (digits) => digits.padStart(LONGEST_NUMBER, '0'));
}
