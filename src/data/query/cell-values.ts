/** NaN and infinities are missing; rates keep thousandths, which is less than a byte in ten seconds. */
export function rateValue(bytesPerSecond: number): number | null {
  return Number.isFinite(bytesPerSecond) ? Math.round(bytesPerSecond * 1000) / 1000 : null;
}

export function countValue(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}

/** RFC 3339 in UTC; null for what is no moment. */
export function timeValue(wallMillis: number): string | null {
  const date = new Date(wallMillis);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
