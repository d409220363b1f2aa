import type { TextScanner } from './text-scanner.ts';

const POINT = 0x2e;

/** A number such as `0.33` at the cursor after any blanks; the fraction may be missing. NaN where there is none. */
export function scanDecimal(scanner: TextScanner): number {
  const whole = scanner.unsigned();
  if (scanner.at >= scanner.end || scanner.bytes[scanner.at] !== POINT) return whole;
  scanner.at++;
  const start = scanner.at;
  const fraction = scanner.unsigned();
  const scale = 10 ** (scanner.at - start);
  // One division: the number that is written, where a sum would be 1.8399999999999999 for 1.84.
  return (whole * scale + fraction) / scale;
}
