import { CLIENT_HELLO, TLS_HANDSHAKE, TLS_HEADER_BYTES, TLS_MAJOR } from '../first-bytes.ts';
import { type AskedName, hostNameIn, MORE, NO_NAME, STREAM_LIMIT_BYTES } from './asked-bytes.ts';

/** RFC 8446, 5.1 */
const RECORD_LIMIT_BYTES = 0x4000;
/** Type u8 and length u24. */
const HANDSHAKE_HEADER_BYTES = 4;
const RANDOM_BYTES = 32;
/** RFC 6066, 3 and RFC 7301, 3.1 */
const Extension = { SERVER_NAME: 0, ALPN: 16 } as const;
const HOST_NAME = 0;
const ALPN_LIMIT = 8;
const ALPN_BYTES_LIMIT = 32;
const COMMA = 0x2c;
const protocolText = Buffer.alloc(ALPN_LIMIT * (ALPN_BYTES_LIMIT + 1));
const NOTHING = new Uint8Array(0);
/** A power of two. */
const PLACES = 1024;
const LIMIT_BYTES = 256;

/**
 * What `make` says of bytes that packets hold again and again: it is asked once, and found by the bytes afterwards. Bytes
 * have one place, and newer ones take it; more than 256 of them are not kept.
 */
class TextMemo {
  readonly #make: (bytes: Uint8Array, start: number, end: number) => string | undefined;
  /** The bytes as Latin-1. */
  readonly #keys: (string | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #texts: (string | undefined)[] = new Array(PLACES).fill(undefined);

  constructor(make: (bytes: Uint8Array, start: number, end: number) => string | undefined) {
    this.#make = make;
  }

  of(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (end - start > LIMIT_BYTES) return this.#make(bytes, start, end);
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const key = this.#keys[place];
    if (key !== undefined && isText(key, bytes, start, end)) return this.#texts[place];
    const text = this.#make(bytes, start, end);
    this.#keys[place] = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    this.#texts[place] = text;
    return text;
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

const names = new TextMemo(hostNameIn);
const offers = new TextMemo(protocolsIn);

/**
 * The name in the first bytes of a TLS connection, at most STREAM_LIMIT_BYTES: records of type handshake, joined, and a
 * ClientHello in them.
 */
export function nameOfTlsStream(bytes: Uint8Array, start = 0, end = bytes.length): AskedName {
  const isLast = end - start >= STREAM_LIMIT_BYTES;
  let handshake: Uint8Array | undefined;
  let length = 0;
  for (let at = start; at < end; ) {
    if (bytes[at] !== TLS_HANDSHAKE || (at + 1 < end && bytes[at + 1] !== TLS_MAJOR)) {
      if (at === start) return NO_NAME;
      break;
    }
    if (at + TLS_HEADER_BYTES > end) break;
    const size = bytes[at + 3]! * 0x100 + bytes[at + 4]!;
    if (size === 0 || size > RECORD_LIMIT_BYTES) return NO_NAME;
    const fragmentAt = at + TLS_HEADER_BYTES;
    at = fragmentAt + size;
    // Nearly always there is one, and no copy is needed.
    if (handshake === undefined && at >= end) return nameOfClientHello(bytes, isLast, fragmentAt, end);
    const fragment = bytes.subarray(fragmentAt, Math.min(at, end));
    handshake ??= new Uint8Array(end - start);
    handshake.set(fragment, length);
    length += fragment.length;
  }
  return nameOfClientHello(handshake ?? NOTHING, isLast, 0, length);
}

/**
 * The name in the first bytes `[start, last)` of a handshake (RFC 8446, 4.1.2), also of one that is not there as a whole.
 *
 * A busy machine sends hundreds of them a second: nothing is allocated but for a text that is new.
 *
 *   0 type u8   1 length u24   4 version u16   6 random[32]   session id u8+   ciphers u16+   compressions u8+
 *   extensions u16+: type u16, data u16+
 *
 * @param isLast nothing more will come: what is there decides
 */
export function nameOfClientHello(
  bytes: Uint8Array,
  isLast: boolean,
  start = 0,
  last = bytes.length,
): AskedName {
  if (last > start && bytes[start] !== CLIENT_HELLO) return NO_NAME;
  const unfinished = isLast ? NO_NAME : MORE;
  let at = start + HANDSHAKE_HEADER_BYTES;
  if (at > last) return unfinished;
  const end = at + bytes[start + 1]! * 0x1_0000 + u16(bytes, start + 2);
  at += 2 + RANDOM_BYTES;
  if (at < last) at += 1 + bytes[at]!;
  if (at + 1 < last) at += 2 + u16(bytes, at);
  if (at < last) at += 1 + bytes[at]!;
  const extensionsEnd = at + 1 < last ? Math.min(end, at + 2 + u16(bytes, at)) : at;
  let name: string | undefined;
  let alpn: string | undefined;
  at += 2;
  // Both are seldom the last ones, and what follows them is not worth reading.
  while (at + 4 <= extensionsEnd && at + 4 <= last && (name === undefined || alpn === undefined)) {
    const type = u16(bytes, at);
    const dataAt = at + 4;
    at = dataAt + u16(bytes, at + 2);
    if (type !== Extension.SERVER_NAME && type !== Extension.ALPN) continue;
    if (at > extensionsEnd || at > last) break;
    if (type === Extension.ALPN) alpn = offers.of(bytes, dataAt, at);
    else if (name === undefined) {
      name = serverNameIn(bytes, dataAt, at);
      // A name that is none: the rest is not worth reading.
      if (name === undefined) return NO_NAME;
    }
  }
  if (name !== undefined) return { kind: 'found', name, basis: 'sni', alpn: alpn ?? '' };
  return last >= end ? NO_NAME : unfinished;
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x100 + bytes[at + 1]!;
}

/** ServerNameList: length u16, entries of type u8 and name u16+; only one of a type. */
function serverNameIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start + 5 > end || bytes[start + 2] !== HOST_NAME) return undefined;
  const nameEnd = start + 5 + u16(bytes, start + 3);
  return nameEnd > end ? undefined : names.of(bytes, start + 5, nameEnd);
}

/** ProtocolNameList: length u16, names u8+. Only those of printable ASCII, which leaves out GREASE. */
function protocolsIn(bytes: Uint8Array, start: number, end: number): string {
  let length = 0;
  let count = 0;
  for (let at = start + 2; at < end && count < ALPN_LIMIT; ) {
    const nameAt = at + 1;
    at = nameAt + bytes[at]!;
    if (at > end) break;
    if (!isPlain(bytes, nameAt, at)) continue;
    if (count++ > 0) protocolText[length++] = COMMA;
    for (let i = nameAt; i < at; i++) protocolText[length++] = bytes[i]!;
  }
  return protocolText.toString('latin1', 0, length);
}

function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte <= 0x20 || byte >= 0x7f || byte === COMMA) return false;
  }
  return end > start && end - start <= ALPN_BYTES_LIMIT;
}
