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

/** The text with every refused code point replaced, one for one; the same string when there is none. */
export function withoutRefused(text: string): string {
  return text.replace(REFUSED_PATTERN, (found) => String.fromCharCode(replacementFor(found.charCodeAt(0))));
}
