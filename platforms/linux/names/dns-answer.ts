import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { hostNameIn } from './asked-bytes.ts';
import { ByteReader } from './byte-reader.ts';

/** The addresses that a name server gave for a name. */
export interface DnsAnswer {
  /** The name that was asked for, in lower case; not the one at the end of a chain of CNAMEs. */
  readonly name: string;
  /** ADDRESS_WORDS of each, as in src/data/sample/address.ts. */
  readonly addresses: readonly Uint32Array[];
  /** The least of all records on the way, seconds. */
  readonly ttlSeconds: number;
}

interface DnsRecord {
  readonly owner: string;
  readonly ttlSeconds: number;
  /** Of a CNAME. */
  readonly target?: string;
  /** Of an address record. */
  readonly words?: Uint32Array;
}

/** RFC 1035, 3.2.2 and RFC 3596. */
const RecordType = { A: 1, CNAME: 5, AAAA: 28 } as const;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
const RECORDS_LIMIT = 64;
const CHAIN_LIMIT = 16;
const LABELS_LIMIT = 128;
const NAME_BYTES_LIMIT = 255;
const POINTER = 0xc0;
/** RFC 2181, 8: what is longer is 0. */
const TTL_LIMIT = 0x7fff_ffff;

/**
 * Reads a DNS message (RFC 1035, 4) that answers one question for addresses with success. Undefined for everything
 * else. Records that do not belong to the question are passed over. Hostile bytes cost at most 64 records with names
 * of at most 255 bytes.
 *
 *   0 id   2 flags   4 questions u16   6 answers u16   8 authorities   10 additional   12 questions, answers, ...
 */
export function parseDnsAnswer(message: Uint8Array): DnsAnswer | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const reader = new ByteReader(message, 2);
  const flags = reader.u16();
  // A response, opcode QUERY, no error; one that is truncated may have addresses all the same.
  if ((flags & 0xf80f) !== 0x8000) return undefined;
  const [questions, answers] = [reader.u16(), reader.u16()];
  reader.skip(4);
  if (questions !== 1 || answers === 0) return undefined;
  const name = readName(reader);
  const type = reader.u16();
  if (reader.u16() !== CLASS_IN || name === undefined) return undefined;
  if (type !== RecordType.A && type !== RecordType.AAAA) return undefined;
  return follow(name, readRecords(reader, Math.min(answers, RECORDS_LIMIT)));
}

/** Follows the chain of CNAMEs from the name to its addresses. */
function follow(name: string, records: readonly DnsRecord[]): DnsAnswer | undefined {
  let owner = name;
  let ttlSeconds = TTL_LIMIT;
  for (let step = 0; step < CHAIN_LIMIT; step++) {
    const own = records.filter((record) => record.owner === owner);
    const addresses = own.filter(({ words }) => words !== undefined);
    const alias = own.find(({ target }) => target !== undefined);
    const used = addresses.length > 0 ? addresses : alias === undefined ? [] : [alias];
    for (const record of used) ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
    if (addresses.length > 0) return { name, addresses: addresses.map(({ words }) => words!), ttlSeconds };
    if (alias?.target === undefined) return undefined;
    owner = alias.target;
  }
  return undefined;
}

function readRecords(reader: ByteReader, count: number): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (let i = 0; i < count && !reader.hasFailed; i++) {
    const owner = readName(reader);
    const [type, klass, ttl, length] = [reader.u16(), reader.u16(), reader.u32(), reader.u16()];
    const start = reader.at;
    reader.skip(length);
    if (reader.hasFailed) break;
    if (owner === undefined || klass !== CLASS_IN) continue;
    const data = new ByteReader(reader.bytes, start, start + length);
    const ttlSeconds = ttl > TTL_LIMIT ? 0 : ttl;
    if (type === RecordType.CNAME) {
      const target = readName(data);
      if (target !== undefined) records.push({ owner, ttlSeconds, target });
    } else {
      const words = readWords(type, data);
      if (words !== undefined) records.push({ owner, ttlSeconds, words });
    }
  }
  return records;
}

function readWords(type: number, data: ByteReader): Uint32Array | undefined {
  if (type === RecordType.A && data.left === 4) return Uint32Array.of(0, 0, IPV4_MAPPED_WORD, data.u32());
  if (type !== RecordType.AAAA || data.left !== 16) return undefined;
  const words = new Uint32Array(ADDRESS_WORDS);
  for (let i = 0; i < ADDRESS_WORDS; i++) words[i] = data.u32();
  return words;
}

/**
 * A name in labels, followed through pointers (RFC 1035, 4.1.4), each of which must point further to the front than
 * all before it, so that they end. The reader stands behind it then. Undefined where it is no host name; the reader
 * has failed where it does not end.
 */
function readName(reader: ByteReader): string | undefined {
  const text = new Uint8Array(NAME_BYTES_LIMIT + 1);
  let length = 0;
  let source = reader;
  let least = reader.at;
  let isWhole = true;
  for (let labels = 0; labels < LABELS_LIMIT; labels++) {
    const size = source.u8();
    if (source.hasFailed) break;
    if (size === 0) return isWhole ? hostNameIn(text, 0, length) : undefined;
    if ((size & POINTER) === POINTER) {
      const target = (size & ~POINTER) * 0x100 + source.u8();
      if (source.hasFailed || target >= least || target < HEADER_BYTES) break;
      least = target;
      source = new ByteReader(reader.bytes, target, reader.bytes.length);
      continue;
    }
    if (size > 63) break;
    const label = source.take(size);
    if (source.hasFailed || length + size + 1 > NAME_BYTES_LIMIT) break;
    // A dot within a label would make two of it.
    isWhole &&= !label.includes(0x2e);
    text.set(label, length);
    length += size;
    text[length++] = 0x2e;
  }
  reader.hasFailed = true;
  return undefined;
}
