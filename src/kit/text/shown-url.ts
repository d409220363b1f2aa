import { withoutRefused } from './refused.ts';

const LONGEST = 2048;
/** Where what may be a token begins, written plainly or by its code. */
const QUERY = /[?#]|%3f|token=/i;
/** The last sign that ends a name and a password, with all before it. */
const CREDENTIALS = /^.*(?:@|%40)/is;
/** Another word before a colon may be a name. */
const SCHEME = /^(?:ws|http)s?:/i;

/**
 * What the user gave as a URL as it may be shown, however wrong it is: no query, and nothing up to the last `@`. Where
 * that stands behind a question mark nobody knows whether a password or a token holds it: the scheme alone is left.
 */
export function shownUrl(text: string): string {
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const query = text.search(QUERY);
  const bare = query < 0 ? text : text.slice(0, query);
  if (CREDENTIALS.test(text.slice(bare.length))) return scheme === '' ? '' : `${scheme}//...`;
  const isHidden = CREDENTIALS.test(bare);
  const shown = isHidden ? `${scheme === '' ? '' : `${scheme}//`}${bare.replace(CREDENTIALS, '')}` : bare;
  return withoutRefused(shown.slice(0, LONGEST));
}
