const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** Bytes per second of `10M`, `1.5G`, `500k`, `10MB/s` or `2048` (base 1024); undefined for anything else and for 0. */
export function parseRate(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s?([KMGT]?)B?(?:\/s)?$/i.exec(text);
  if (match === null) return undefined;
  const rate = Number(match[1]) * UNIT_BYTES[match[2]!.toUpperCase()]!;
  return rate > 0 ? rate : undefined;
}

/** What parseRate accepts, for messages. */
export const RATE_HINT = 'a rate such as 500K, 10M or 1.5G';
