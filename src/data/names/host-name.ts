import { isIP } from 'node:net';
import { sanitizeLine } from '../../kit/text/sanitize.ts';

/** RFC 1035, 2.3.4, as text. */
const NAME_LIMIT = 253;

/**
 * The first name of an answer that can be shown, without the root's dot. Whoever holds the reverse zone writes what he
 * likes there: controls are replaced, the length is limited, and a name that poses as an address is none.
 */
export function shownHostName(names: readonly string[]): string | undefined {
  for (const name of names) {
    const shown = sanitizeLine(name.slice(0, NAME_LIMIT)).trim().replace(/\.$/, '');
    if (shown !== '' && isIP(shown) === 0) return shown;
  }
  return undefined;
}
