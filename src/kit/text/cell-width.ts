import { COMPLEX, charClass, WIDE } from './char-class.ts';
import { forEachCluster } from './graphemes.ts';

const CACHE_LIMIT = 2048;
const CACHED_TEXT_UNITS = 256;
const cache = new Map<string, number>();

/**
 * Columns that a text takes on the screen, each refused character counted as its replacement of one column;
 * for text without controls equal to the npm package string-width. Plain text is added up without a look-up.
 */
export function cellWidth(text: string): number {
  let width = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x7f) continue;
    const found = charClass(unit);
    if (found === WIDE) width++;
    else if (found === COMPLEX) return complexWidth(text);
  }
  return width;
}

function complexWidth(text: string): number {
  const known = cache.get(text);
  if (known !== undefined) return known;
  let width = 0;
  forEachCluster(text, (_, columns) => {
    width += columns;
  });
  if (text.length <= CACHED_TEXT_UNITS) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(text, width);
  }
  return width;
}
