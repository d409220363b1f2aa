/** Prometheus text format 0.0.4, or OpenMetrics 1.0. */
export type MetricsFormat = 'text' | 'openmetrics';

interface Offer {
  readonly format: MetricsFormat;
  readonly type: string;
  readonly subtype: string;
  readonly version: string;
}

/** Best first where a client likes them alike. */
const OFFERS: readonly Offer[] = [
  { format: 'text', type: 'text', subtype: 'plain', version: '0.0.4' },
  { format: 'openmetrics', type: 'application', subtype: 'openmetrics-text', version: '1.0.0' },
];

/** A header longer than this is no list of formats. */
const ACCEPT_LIMIT = 4096;

type MediaRange = Readonly<NonNullable<ReturnType<typeof mediaRange>>>;

/** How well a range names an offer, and what the client thinks of it: RFC 9110, 12.5.1. */
interface Liking {
  readonly precedence: number;
  readonly quality: number;
}

/**
 * The format for an Accept header: the one with the highest q-value, and of two alike the one that is named more
 * closely, the text format else. A client that wants neither gets the text format: it may not know what it asks.
 */
export function negotiate(accept: string | null): MetricsFormat {
  if (accept === null || accept.length > ACCEPT_LIMIT) return 'text';
  const ranges = splitOutsideQuotes(accept, ',').flatMap((text) => mediaRange(text) ?? []);
  let best: MetricsFormat = 'text';
  let bestLiking: Liking = { precedence: 0, quality: 0 };
  for (const offer of OFFERS) {
    const liking = likingOf(offer, ranges);
    const isBetter =
      liking.quality > bestLiking.quality ||
      (liking.quality === bestLiking.quality && liking.precedence > bestLiking.precedence);
    if (liking.quality === 0 || !isBetter) continue;
    best = offer.format;
    bestLiking = liking;
  }
  return best;
}

export function contentTypeOf(format: MetricsFormat): string {
  return format === 'openmetrics'
    ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    : 'text/plain; version=0.0.4; charset=utf-8';
}

function likingOf(offer: Offer, ranges: readonly MediaRange[]): Liking {
  let liking: Liking = { precedence: 0, quality: 0 };
  for (const range of ranges) {
    const precedence = precedenceOf(offer, range);
    if (precedence > liking.precedence) liking = { precedence, quality: range.quality };
  }
  return liking;
}

/** 0 does not match; 1 any type, 2 any of its type, 3 the type, 4 the type in this version. */
function precedenceOf(offer: Offer, { type, subtype, version }: MediaRange): number {
  if (type === '*') return subtype === '*' ? 1 : 0;
  if (type !== offer.type) return 0;
  if (subtype === '*') return 2;
  if (subtype !== offer.subtype) return 0;
  if (version === undefined) return 3;
  return version === offer.version ? 4 : 0;
}

function mediaRange(text: string) {
  const [name = '', ...parameters] = splitOutsideQuotes(text, ';').map((part) => part.trim());
  const [type = '', subtype = ''] = name.toLowerCase().split('/', 2);
  if (type === '' || subtype === '') return undefined;
  let version: string | undefined;
  let quality = 1;
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    const key = parameter.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const value = unquoted(parameter.slice(equals + 1).trim());
    if (key === 'version') version = value;
    if (key === 'q') quality = qualityOf(value);
  }
  return { type, subtype, version, quality };
}

/** Parses a q-value (RFC 9110, 12.4.2); an invalid one counts as missing. */
function qualityOf(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === '"') isQuoted = !isQuoted;
    else if (unit === '\\' && isQuoted) at++;
    else if (unit === separator && !isQuoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
