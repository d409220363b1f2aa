/** Stands for a control character that is not shown: middle dot, one column everywhere. */
export const CONTROL_REPLACEMENT = 0xb7;

/** Stands for bytes or surrogates that are no character: U+FFFD, one column. */
export const INVALID_REPLACEMENT = 0xfffd;

const REFUSED_PATTERN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/**
 * Whether a code point must never reach a terminal: C0, DEL, C1, bidirectional controls (they reorder what
 * stands beside them), line and paragraph separators, and surrogates without their other half.
 */
export function isRefused(codePoint: number): boolean {
  if (codePoint < 0x20) return true;
  if (codePoint < 0x7f) return false;
  if (codePoint < 0xa0 || codePoint === 0x61c) return true;
  if (codePoint < 0x200e) return false;
  return (
    codePoint <= 0x200f ||
    (codePoint >= 0x2028 && codePoint <= 0x202e) ||
    (codePoint >= 0x2066 && codePoint <= 0x2069) ||
    (codePoint >= 0xd800 && codePoint <= 0xdfff) ||
    !(codePoint <= 0x10ffff)
  );
}

/** What is shown in place of a refused code point. */
export function replacementFor(codePoint: number): number {
  return codePoint < 0xd800 ? CONTROL_REPLACEMENT : INVALID_REPLACEMENT;
}

/**
 * Text for one line of plain output: controls, bidirectional controls and line separators become `·`, lone
 * surrogates U+FFFD, so that a hostile process name can neither move the cursor nor break the line. The same string
 * when there are none.
 */
export function sanitizeLine(text: string): string {
  return text.replace(REFUSED_PATTERN, (found) => String.fromCharCode(replacementFor(found.charCodeAt(0))));
}

const LONGEST = 2048;
/** Where what may be a token begins, written plainly or by its code. */
const QUERY = /[?#]|%3f|token=/i;
/** The last sign that ends a name and a password, with all before it. */
const CREDENTIALS = /^.*(?:@|%40)/is;
/** Another word before a colon may be a name. */
const SCHEME = /^(?:wss?|https?|ssh):/i;

/**
 * Returns a URL as given by the user in a form that is safe to print, even if it is invalid: without its query and
 * without anything up to the last `@`. An `@` after a question mark may belong to a password or a token, so that only
 * the scheme is left.
 */
export function shownUrl(text: string): string {
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const query = text.search(QUERY);
  const bare = query < 0 ? text : text.slice(0, query);
  if (CREDENTIALS.test(text.slice(bare.length))) return scheme === '' ? '' : `${scheme}//...`;
  const isHidden = CREDENTIALS.test(bare);
  const shown = isHidden ? `${scheme === '' ? '' : `${scheme}//`}${bare.replace(CREDENTIALS, '')}` : bare;
  return sanitizeLine(shown.slice(0, LONGEST));
}

const HOST_AND_PORT = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(\[[0-9a-f:.%]+\]|[\w.-]+)(:\d{1,5})?(?:\/|$)/i;

/** Error message for `text` that is not the URL of an agent, with a URL to try. Contains no password and no token. */
export function notAgentUrl(text: string): string {
  const shown = shownUrl(text);
  const [, host, port = ':3000'] = HOST_AND_PORT.exec(shown) ?? [];
  const what = shown.includes('://') ? 'is not a valid ws://, wss:// or ssh:// URL' : 'is not a URL';
  const known = host ?? 'HOST';
  return `'${shown}' ${what}; try ssh://${known} or ws://${known}${host === undefined ? ':3000' : port}/ws`;
}

/** The text cut to at most `limit` UTF-16 units, never inside a surrogate pair. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}

/** A text from the other side: cut, and without anything that could steer a terminal. */
export function cleanText(text: string, limit: number): string {
  return sanitizeLine(cutText(text, limit));
}
