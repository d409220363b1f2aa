import { OpError } from '../errors/op-error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Texts up to this long cannot nest deep enough to cost anything. */
const SHORT_BYTES = 1 << 16;

/**
 * JSON of outside bytes or text. OpError `TOO_LARGE` beyond `limitBytes` (of a text: UTF-16 units), `BAD_JSON` where it
 * is none or nests deeper than `depthLimit`; depth is counted before anything is built, in long texts only.
 */
export function parseJsonWithin(
  source: Uint8Array | string,
  limitBytes: number,
  depthLimit: number,
): unknown {
  if (source.length > limitBytes) throw new OpError({ op: 'parse JSON', code: 'TOO_LARGE' });
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
  if (text.length > SHORT_BYTES && depthOf(text) > depthLimit) {
    throw new OpError({ op: 'parse JSON', code: 'BAD_JSON', message: `nested deeper than ${depthLimit}` });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OpError({ op: 'parse JSON', code: 'BAD_JSON', cause });
  }
}

/** How deep brackets and braces outside of strings nest. Of a text that is no JSON, any number. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at + 1);
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((unit | 0x20) === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((unit | 0x20) === 0x7d) depth--;
  }
  return deepest;
}

function endOfString(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH && before >= from) before--;
    if ((at - before) % 2 === 1) return at;
    at++;
  }
}
