import { type CountryResponse, Reader } from 'mmdb-lib';
import { OpError } from '../../kit/errors/op-error.ts';

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

/** Countries by address from a database in MaxMind's format (DB-IP, IPinfo and others too), held in memory whole. */
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
      if (!isWhole || (ipVersion !== 4 && ipVersion !== 6)) throw refusal('DAMAGED', 'damaged database');
      decoded.base = searchTreeSize + SEPARATOR_BYTES;
      this.type = String(databaseType);
      this.#hasIpv6 = ipVersion === 6;
    } catch (thrown) {
      const isOurs = thrown instanceof OpError && thrown.op === OP;
      throw isOurs ? thrown : refusal('DAMAGED', 'damaged database', thrown);
    }
    if (FOREIGN_TYPE.test(this.type) && !COUNTRY_TYPE.test(this.type)) {
      throw refusal('FOREIGN', `not a country database (${this.type.slice(0, 40)})`);
    }
  }

  /** ISO 3166-1 code of an address as text; undefined where the database has none, or is damaged there. */
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
 * `{country: {iso_code}}` (MaxMind, DB-IP), `{registered_country: {iso_code}}` where only that is known, and flat
 * records `{country_code}` or `{country}` (IPinfo and others).
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

/** Far above any record in use (a city with names in eight languages has about 100 values). */
const VALUES_LIMIT = 4096;
const BYTES_LIMIT = 1 << 20;
const DEPTH_LIMIT = 32;

const POINTER = 1;
const MAP = 7;
const ARRAY = 11;
const BOOLEAN = 14;
/** Types whose size is the number of bytes that follow: string, double, bytes, unsigned, signed, float. */
const PLAIN_TYPES: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 8, 9, 10, 15]);

/** What one check may still spend. */
interface Allowance {
  values: number;
  bytes: number;
}

/**
 * Throws an OpError (code DAMAGED) unless the value at `offset` of a MaxMind database lies within `bytes` and is of
 * sane size with all that it points to; pointers count from `base`. A decoder that trusts the file needs this first: a
 * few hundred bytes of maps of pointers to maps of pointers unfold to more than any memory.
 *
 *   control byte   TTTSSSSS   type 1-7, size
 *   extended       000SSSSS TTTTTTTT   type - 7 in the second byte
 *   pointer        001NNVVV   N + 1 further bytes of value
 *
 * Size 29: + the next byte; 30: 285 + the next two; 31: 65821 + the next three (MaxMind DB format 2.0, data section).
 */
function checkDatabaseValue(bytes: Buffer, offset: number, base: number): void {
  walk(bytes, offset, base, DEPTH_LIMIT, { values: VALUES_LIMIT, bytes: BYTES_LIMIT });
}

/** Returns the offset behind the value. */
function walk(bytes: Buffer, offset: number, base: number, depth: number, left: Allowance): number {
  if (depth === 0 || left.values-- === 0) throw damaged(offset, 'nested too deep or too large');
  const control = byteAt(bytes, offset++);
  let type = control >> 5;
  if (type === POINTER) {
    const width = ((control >> 3) & 3) + 1;
    if (offset + width > bytes.length) throw damaged(offset, 'truncated');
    walk(bytes, pointerTarget(bytes, offset, base, control, width), base, depth - 1, left);
    return offset + width;
  }
  if (type === 0) type = 7 + byteAt(bytes, offset++);
  const width = Math.max(0, (control & 31) - 28);
  if (offset + width > bytes.length) throw damaged(offset, 'truncated');
  const size = width === 0 ? control & 31 : [29, 285, 65_821][width - 1]! + bytes.readUIntBE(offset, width);
  offset += width;
  if (type === MAP || type === ARRAY) {
    const count = type === MAP ? size * 2 : size;
    for (let i = 0; i < count; i++) offset = walk(bytes, offset, base, depth - 1, left);
    return offset;
  }
  if (type === BOOLEAN) return offset;
  left.bytes -= size;
  if (!PLAIN_TYPES.has(type)) throw damaged(offset, `unknown value type ${type}`);
  if (left.bytes < 0 || offset + size > bytes.length) throw damaged(offset, 'truncated or too large');
  return offset + size;
}

function pointerTarget(bytes: Buffer, offset: number, base: number, control: number, width: number): number {
  const value = bytes.readUIntBE(offset, width);
  if (width === 4) return base + value;
  return base + [0, 2048, 526_336][width - 1]! + (control & 7) * 2 ** (width * 8) + value;
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw damaged(offset, 'truncated');
  return byte;
}

function damaged(offset: number, what: string): OpError {
  return new OpError({ op: 'read country database', code: 'DAMAGED', message: `${what} at byte ${offset}` });
}
