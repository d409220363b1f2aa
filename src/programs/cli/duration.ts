const UNIT_MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `250ms`, `1s`, `1.5s`, `2m` or `1h`; undefined for anything else. */
export function parseDurationMillis(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MILLIS[match[2]!]!;
}

/** The shortest way to write a duration: `100ms`, `1s`, `2.5s`. */
export function durationText(millis: number): string {
  return millis < 1000 ? `${millis}ms` : `${millis / 1000}s`;
}
