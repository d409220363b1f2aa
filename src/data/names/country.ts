import { existsSync } from 'node:fs';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { setNewest } from '../../kit/limits/bounds.ts';
import { addressText, IPV4_MAPPED_WORD, readAddress } from '../sample/address.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';
import { addressRange } from './address-range.ts';
import type { CountryDatabase } from './country-database.ts';
import { readRegularFile } from './regular-file.ts';

const CACHE_LIMIT = 4096;
/** GeoIP2 Enterprise, the largest in use, is below 400 MB; country databases are 4 to 10 MB. */
const FILE_LIMIT_BYTES = 512 << 20;
const OP = 'open country database';
/** First two words of the well-known NAT64 prefix 64:ff9b::/96 (RFC 6052, 2.1). */
const NAT64_WORD = 0x0064ff9b;

const FILES = [
  'GeoIP2-Country.mmdb',
  'GeoLite2-Country.mmdb',
  'dbip-country.mmdb',
  'dbip-country-lite.mmdb',
  'GeoIP2-City.mmdb',
  'GeoLite2-City.mmdb',
  'dbip-city-lite.mmdb',
];

/** File names of published databases, searched in each folder; smallest country database first. */
export function countryDatabasePaths(folders: readonly string[]): readonly string[] {
  return FILES.flatMap((file) => folders.map((folder) => `${folder}/${file}`));
}

/** Where addresses are: ISO 3166-1 codes from a database if there is one, and ranges like `private` without. */
export class Countries {
  readonly #database: CountryDatabase | undefined;
  /** In the order in which they were found: the oldest gives way. */
  readonly #known = new Map<string, string | null>();
  readonly #words = new Uint32Array(ADDRESS_WORDS);

  constructor(database?: CountryDatabase) {
    this.#database = database;
  }

  /** Country code or the name of the special range (AddressRange); undefined where neither is known. */
  country(address: string): string | undefined {
    const known = this.#known.get(address);
    if (known !== undefined) return known ?? undefined;
    const found = this.#find(address);
    setNewest(this.#known, address, found ?? null, CACHE_LIMIT);
    return found;
  }

  #find(address: string): string | undefined {
    const words = this.#words;
    if (!readAddress(address, words)) return undefined;
    // Behind NAT64 the address is that of the IPv4 host in its last word.
    if (words[0] === NAT64_WORD && words[1] === 0 && words[2] === 0) {
      words[0] = 0;
      words[2] = IPV4_MAPPED_WORD;
    }
    return addressRange(words, 0) ?? this.#database?.code(addressText(words, 0));
  }
}

/** Result of searching the default folders for a database. */
export interface FoundCountryDatabase {
  readonly database?: CountryDatabase;
  /** Why a database that is there could not be used. */
  readonly problem?: OpError;
}

/** The first database that can be used; without a path that exists neither database nor problem. */
export async function findCountryDatabase(paths: readonly string[]): Promise<FoundCountryDatabase> {
  let problem: OpError | undefined;
  for (const path of paths) {
    // Most machines have none of them, and an error takes longer to make than this question.
    if (!existsSync(path)) continue;
    try {
      return { database: await openCountryDatabase(path) };
    } catch (thrown) {
      const error = toOpError('open country database', thrown);
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') problem ??= error;
    }
  }
  return problem === undefined ? {} : { problem };
}

/** Reads a database whole; an OpError that names the file where it is missing, too large, foreign or damaged. */
export async function openCountryDatabase(path: string): Promise<CountryDatabase> {
  try {
    const bytes = await readRegularFile(path, FILE_LIMIT_BYTES);
    // Most machines have no such file, and need no code for it.
    const { CountryDatabase } = await import('./country-database.ts');
    return new CountryDatabase(bytes);
  } catch (thrown) {
    const error = toOpError(OP, thrown);
    const message = error.op === OP ? `${path}: ${error.message}` : error.message;
    throw new OpError({ op: OP, code: error.code, message, cause: error });
  }
}
