const UNIT_MILLIS: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

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

/** Each is 1024 of the one before, of bits 1000. */
const PREFIXES = ['', 'K', 'M', 'G', 'T'];

/**
 * Bytes per second of `10M`, `1.5G`, `500k`, `10MB/s` or `2048` (base 1024), or of bits: `10Mbit`, `500kbit/s`
 * (base 1000); undefined for anything else and for 0.
 */
export function parseRate(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s?([KMGT]?)(B|bit)?(?:\/s)?$/i.exec(text);
  if (match === null) return undefined;
  const power = PREFIXES.indexOf(match[2]!.toUpperCase());
  const isBits = match[3]?.toLowerCase() === 'bit';
  const rate = Number(match[1]) * (isBits ? 1000 ** power / 8 : 1024 ** power);
  return rate > 0 ? rate : undefined;
}

/** Bytes of `256M`, `1G`, `500K` or `4096` (base 1024); undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT]?)B?$/i.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * 1024 ** PREFIXES.indexOf(match[2]!.toUpperCase()));
}

/** Milliseconds of `90s`, `10m`, `12h` or `7d`; undefined for anything else. */
export function parseAgeMillis(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * UNIT_MILLIS[match[2]!]!;
}

/** What parseRate accepts, for messages. */
export const RATE_HINT = 'a rate such as 500K, 10M, 1.5G or 10Mbit';
