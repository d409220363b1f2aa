import { ipVersion } from '../../kit/text/network-name.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { addressText, isLoopbackAddress, isUnspecifiedAddress, readAddress } from '../sample/address.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';
import { readRegularFile } from './regular-file.ts';

/** RFC 1035, 2.3.4, as text. */
const NAME_LIMIT = 253;

/**
 * The first name of an answer that can be shown, without the root's dot. Whoever holds the reverse zone writes what he
 * likes there: controls are replaced, the length is limited, and a name that poses as an address is none.
 */
export function shownHostName(names: readonly string[]): string | undefined {
  for (const name of names) {
    const shown = sanitizeLine(name.slice(0, NAME_LIMIT)).trim().replace(/\.$/, '');
    if (shown !== '' && ipVersion(shown) === 0) return shown;
  }
  return undefined;
}

const FILE_LIMIT_BYTES = 16 << 20;
/** Lists of blocked hosts run to megabytes; what people write by hand stands before them, and is short. */
const TEXT_LIMIT = 256 << 10;
const ENTRIES_LIMIT = 4096;

/**
 * hosts(5): `10.0.0.7 nas.lan nas # comment`, the first name of the first line of an address. Loopback and unspecified
 * addresses are left out: they stand for this machine and for blocked hosts. Lines that are no entries are skipped.
 */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  const words = new Uint32Array(ADDRESS_WORDS);
  for (const line of text.slice(0, TEXT_LIMIT).split('\n')) {
    if (names.size >= ENTRIES_LIMIT) break;
    const [, address, name] = /^\s*([0-9a-fA-F:.]{2,45})\s+([^\s#]{1,253})/.exec(line) ?? [];
    if (address === undefined || name === undefined || !readAddress(address, words)) continue;
    if (isLoopbackAddress(words, 0) || isUnspecifiedAddress(words, 0)) continue;
    const key = addressText(words, 0);
    const shown = shownHostName([name]);
    if (shown !== undefined && !names.has(key)) names.set(key, shown);
  }
  return names;
}

/** Names by address (as `addressText` writes it) of a hosts file; empty where none can be read. */
export async function readHosts(path: string): Promise<Map<string, string>> {
  try {
    return parseHosts((await readRegularFile(path, FILE_LIMIT_BYTES)).toString('utf8', 0, TEXT_LIMIT));
  } catch {
    // As with services: no file, no names.
    return new Map();
  }
}
