import { localTime, NativeBuffer } from './libc.ts';

/** struct tm: nine ints, padding, and at byte 40 the long tm_gmtoff (glibc, musl). */
const BROKEN_DOWN_BYTES = 56;
const OFFSET_WORD = 10;

const seconds = new NativeBuffer(8);
const brokenDown = new NativeBuffer(BROKEN_DOWN_BYTES);

/** How far local time is ahead of UTC at a wall time, in seconds, by TZ or /etc/localtime; NaN: no such date. */
export function secondsEastOfUtc(wallMillis: number): number {
  const whole = Math.floor(wallMillis / 1000);
  if (!Number.isSafeInteger(whole)) return Number.NaN;
  seconds.view.setBigInt64(0, BigInt(whole), true);
  return localTime(seconds, brokenDown) ? brokenDown.i32[OFFSET_WORD]! : Number.NaN;
}
