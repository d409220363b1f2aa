import { type CountryResponse, Reader } from 'mmdb-lib';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { checkDatabaseValue } from './database-value.ts';
import { readRegularFile } from './regular-file.ts';

/** GeoIP2 Enterprise, the largest in use, is below 400 MB; country databases are 4 to 10 MB. */
const FILE_LIMIT_BYTES = 512 << 20;
/** The metadata begins within the last 128 KiB, behind these bytes. */
const METADATA_REACH_BYTES = 128 << 10;
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** Zero bytes between the search tree and the data. */
const SEPARATOR_BYTES = 16;
const DECODED_LIMIT = 2048;

const OP = 'open country database';

/** Databases of other things in the same format. */
const FOREIGN_TYPE = /asn|isp|domain|connection|anonymous/i;
const COUNTRY_TYPE = /country|city|location|enterprise/i;

/**
 * Countries by address from a database in MaxMind's format, held in memory whole. Country, city and enterprise
 * databases of MaxMind, DB-IP, IPinfo and others with one of their record shapes will do.
 */
export class CountryDatabase {
  /** What the file says it is: `GeoLite2-Country`, `DBIP-Country-Lite`. */
  readonly type: string;
  readonly #reader: Reader<CountryResponse>;
  readonly #hasIpv6: boolean;

  /** Throws an OpError, code FOREIGN or DAMAGED, for bytes that are no such database. */
  constructor(bytes: Buffer) {
    try {
      checkMetadata(bytes);
      const decoded = new CheckedValues(bytes);
      this.#reader = new Reader<CountryResponse>(bytes, { cache: decoded });
      const { nodeCount, searchTreeSize, ipVersion, databaseType } = this.#reader.metadata;
      const isWhole =
        Number.isInteger(nodeCount) && nodeCount > 0 && searchTreeSize + SEPARATOR_BYTES <= bytes.length;
      if (!isWhole || (ipVersion !== 4 && ipVersion !== 6)) throw refusal('DAMAGED', 'a damaged database');
      decoded.base = searchTreeSize + SEPARATOR_BYTES;
      this.type = String(databaseType);
      this.#hasIpv6 = ipVersion === 6;
    } catch (thrown) {
      const isOurs = thrown instanceof OpError && thrown.op === OP;
      throw isOurs ? thrown : refusal('DAMAGED', 'a damaged database', thrown);
    }
    if (FOREIGN_TYPE.test(this.type) && !COUNTRY_TYPE.test(this.type)) {
      throw refusal('FOREIGN', `a database of other things than countries (${this.type.slice(0, 40)})`);
    }
  }

  /** ISO 3166-1 code of an address in plain text; undefined where the database has none, or is damaged at that place. */
  code(address: string): string | undefined {
    // The library would take the first 32 bits of an IPv6 address for an IPv4 one.
    if (!this.#hasIpv6 && address.includes(':')) return undefined;
    try {
      return codeOf(this.#reader.get(address));
    } catch {
      // One record that cannot be read is an address without a country; the other records may be good.
      return undefined;
    }
  }
}

/** Reads a database whole; an OpError that names the file where it is missing, too large, foreign or damaged. */
export async function openCountryDatabase(path: string): Promise<CountryDatabase> {
  try {
    return new CountryDatabase(await readRegularFile(path, FILE_LIMIT_BYTES));
  } catch (thrown) {
    const error = toOpError(OP, thrown);
    const message = error.op === OP ? `${path}: ${error.message}` : error.message;
    throw new OpError({ op: OP, code: error.code, message, cause: error });
  }
}

/** Values that the library has decoded, by offset: each is checked before the library walks into it. */
class CheckedValues {
  /** Where pointers of the data section count from. */
  base = 0;
  readonly #bytes: Buffer;
  readonly #decoded = new Map<number | string, unknown>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get(offset: number | string): unknown {
    const known = this.#decoded.get(offset);
    if (known === undefined) checkDatabaseValue(this.#bytes, Number(offset), this.base);
    return known;
  }

  set(offset: number | string, value: unknown): void {
    if (this.#decoded.size >= DECODED_LIMIT) this.#decoded.clear();
    this.#decoded.set(offset, value);
  }
}

/** The library searches a whole file for its metadata and unfolds whatever it finds there. */
function checkMetadata(bytes: Buffer): void {
  const from = Math.max(0, bytes.length - METADATA_REACH_BYTES);
  const at = bytes.subarray(from).lastIndexOf(METADATA_MARKER);
  if (at < 0) throw refusal('FOREIGN', 'not a MaxMind database');
  const start = from + at + METADATA_MARKER.length;
  checkDatabaseValue(bytes, start, start);
}

function refusal(code: 'FOREIGN' | 'DAMAGED', message: string, cause?: unknown): OpError {
  return new OpError({ op: OP, code, message, cause });
}

/**
 * `{country: {iso_code}}` (MaxMind, DB-IP), `{registered_country: {iso_code}}` where only that is known, and flat records
 * `{country_code}` or `{country}` (IPinfo and others).
 */
function codeOf(record: unknown): string | undefined {
  if (!isRecord(record)) return undefined;
  const { country, registered_country: registered, country_code: flat } = record;
  const candidates = [isRecord(country) ? country['iso_code'] : country, flat];
  if (isRecord(registered)) candidates.push(registered['iso_code']);
  return candidates.find(isCountryCode);
}

function isCountryCode(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
