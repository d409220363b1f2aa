import { sanitizeLine } from '../../kit/text/sanitize.ts';

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
