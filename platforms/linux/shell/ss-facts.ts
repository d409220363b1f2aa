import { ascii } from '../proc/text-scanner.ts';

/** What is read of a connection's second line in the output of ss. */
const NAMES = [
  ...(['bytes_acked', 'bytes_received', 'bytes_sent', 'bytes_retrans', 'unacked', 'data_segs_in'] as const),
  ...(['segs_out', 'segs_in', 'data_segs_out', 'reord_seen', 'retrans', 'rtt', 'minrtt'] as const),
];
type FactName = (typeof NAMES)[number];

const TEXTS = NAMES.map((name) => ascii(name));
const BLANK = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * The numbers of a line such as ` ts cubic rtt:0.1/0.2 bytes_acked:11` (iproute2, misc/ss.c, tcp_stats_print); NaN: it is
 * not there. Of `retrans:0/2`, on their way and ever, the second one. Allocates nothing.
 */
export class SsFacts {
  readonly #values = new Float64Array(NAMES.length);

  /** Reads the line at `[start, end)`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#values.fill(Number.NaN);
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BLANK || at + 1 >= end || bytes[at + 1] === BLANK) continue;
      let colon = at + 1;
      while (colon < end && bytes[colon] !== COLON && bytes[colon] !== BLANK) colon++;
      if (colon >= end || bytes[colon] === BLANK) continue;
      const name = indexOfName(bytes, at + 1, colon);
      if (name >= 0 && Number.isNaN(this.#values[name]!)) {
        this.#values[name] = valueAt(
          bytes,
          afterSlash(bytes, colon + 1, end, NAMES[name] === 'retrans'),
          end,
        );
      }
    }
  }

  get(name: FactName): number {
    return this.#values[NAMES.indexOf(name)]!;
  }

  /** As `get`; 0 where it is not there, because ss leaves out what is 0. */
  count(name: FactName): number {
    return this.get(name) || 0;
  }
}

function indexOfName(bytes: Uint8Array, start: number, end: number): number {
  for (let name = 0; name < TEXTS.length; name++) {
    const text = TEXTS[name]!;
    if (text.length !== end - start) continue;
    let i = 0;
    while (i < text.length && text[i] === bytes[start + i]) i++;
    if (i === text.length) return name;
  }
  return -1;
}

function afterSlash(bytes: Uint8Array, start: number, end: number, isSecond: boolean): number {
  if (!isSecond) return start;
  let at = start;
  while (at < end && isDigit(bytes[at]!)) at++;
  return bytes[at] === SLASH ? at + 1 : end;
}

/** NaN: no number, or one that a double cannot hold exactly. */
function valueAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let scale = 0;
  let at = start;
  for (; at < end; at++) {
    if (bytes[at] === POINT && scale === 0) {
      scale = 1;
      continue;
    }
    if (!isDigit(bytes[at]!)) break;
    value = value * 10 + (bytes[at]! - ZERO);
    scale *= 10;
  }
  if (at === start || value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return scale > 1 ? value / scale : value;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
