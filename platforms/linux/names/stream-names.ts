import { HTTP_METHODS, TLS_HANDSHAKE } from '../first-bytes.ts';
import { type AskedName, hostNameIn, MORE, NO_NAME, PieceBuffer, STREAM_LIMIT_BYTES } from './asked-bytes.ts';
import { nameOfClientHello, nameOfTlsStream } from './client-hello.ts';
import { type InitialKeys, isInitial, openInitials } from './quic-initial.ts';

/** Streams that are put together at one time; 8 KiB each. */
const STREAMS_LIMIT = 256;
/** After this, a connection will not send a name. */
const STREAM_MICROS = 10e6;
/** An Initial packet costs about 50 µs, and any process that can send can make them. */
const INITIALS_PER_TURN = 256;
/** 4 KiB in pieces that are worth it: each one is read together with all before it. */
const PIECES_LIMIT = 64;

interface Stream {
  readonly pieces: PieceBuffer;
  piecesLeft: number;
  readonly begunMicros: number;
  /** Of TCP: number of the first byte. */
  readonly firstSequence: number;
  keys: InitialKeys | undefined;
}

/**
 * Puts the first bytes of connections together until they say a name, or will not. Keys are texts of the caller's, made
 * where they are needed.
 */
export class StreamNames {
  /** Segments since `begin` that neither begin with a name nor belong to a connection that is waited for. */
  passedOver = 0;
  /** The oldest first. */
  readonly #streams = new Map<string, Stream>();
  #initialsLeft = INITIALS_PER_TURN;

  /** Before the packets of one turn: gives new leave for what is costly, and drops streams that take too long. */
  begin(nowMicros: number): void {
    this.#initialsLeft = INITIALS_PER_TURN;
    this.passedOver = 0;
    for (const [key, { begunMicros }] of this.#streams) {
      if (nowMicros - begunMicros < STREAM_MICROS) break;
      this.#streams.delete(key);
    }
  }

  /**
   * A TCP segment that was sent, with its payload at `[start, end)`. `more` stands for connections that are waited for;
   * `none` for all others.
   */
  segment(
    keyOf: () => string,
    sequence: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    nowMicros: number,
  ): AskedName {
    const known = this.#streams.size === 0 ? undefined : this.#streams.get(keyOf());
    if (known === undefined) {
      const asked = nameOfStream(bytes, start, end);
      if (asked.kind === 'none') this.passedOver++;
      else if (asked.kind === 'more') {
        this.#add(keyOf(), sequence, nowMicros).pieces.put(0, bytes.subarray(start, end));
      }
      return asked;
    }
    const offset = (sequence - known.firstSequence) | 0;
    if (offset < 0) {
      // Another connection between the same ends.
      this.#streams.delete(keyOf());
      return this.segment(keyOf, sequence, bytes, start, end, nowMicros);
    }
    const isLast = --known.piecesLeft === 0;
    const hasGrown = known.pieces.put(offset, bytes.subarray(start, end));
    const asked = hasGrown ? nameOfStream(known.pieces.prefix) : MORE;
    return this.#decided(keyOf, asked.kind === 'more' && isLast ? NO_NAME : asked);
  }

  /** A datagram that was sent. */
  datagram(keyOf: () => string, payload: Uint8Array, nowMicros: number): AskedName {
    if (!isInitial(payload) || this.#initialsLeft === 0) return NO_NAME;
    this.#initialsLeft--;
    const stream = this.#streams.get(keyOf());
    const pieces = stream?.pieces ?? new PieceBuffer();
    const keys = openInitials(payload, stream?.keys, (offset, bytes) => pieces.put(offset, bytes));
    if (keys === undefined) return NO_NAME;
    if (stream !== undefined) stream.keys = keys;
    const asked = pieces.prefix.length === 0 ? MORE : nameOfClientHello(pieces.prefix, pieces.isFull);
    if (asked.kind === 'more' && stream === undefined) this.#add(keyOf(), 0, nowMicros, pieces).keys = keys;
    return this.#decided(keyOf, asked);
  }

  #decided(keyOf: () => string, asked: AskedName): AskedName {
    if (asked.kind !== 'more') this.#streams.delete(keyOf());
    return asked;
  }

  #add(key: string, firstSequence: number, begunMicros: number, pieces = new PieceBuffer()): Stream {
    return addStream(this.#streams, key, { pieces, begunMicros, firstSequence });
  }
}

/** In the place of the oldest one, where there are too many. */
function addStream(
  streams: Map<string, Stream>,
  key: string,
  facts: Pick<Stream, 'pieces' | 'begunMicros' | 'firstSequence'>,
): Stream {
  const stream = { ...facts, piecesLeft: PIECES_LIMIT, keys: undefined };
  streams.set(key, stream);
  if (streams.size > STREAMS_LIMIT) streams.delete(streams.keys().next().value!);
  return stream;
}

function nameOfStream(bytes: Uint8Array, start = 0, end = bytes.length): AskedName {
  const last = Math.min(end, start + STREAM_LIMIT_BYTES);
  if (bytes[start] === TLS_HANDSHAKE) return nameOfTlsStream(bytes, start, last);
  return nameOfHttpStream(bytes.subarray(start, last));
}

/** Longer answers of name servers are passed over. */
const MESSAGE_LIMIT_BYTES = 4094;

/** DNS messages out of TCP streams of name servers (RFC 1035, 4.2.2: length u16, message). */
export class DnsStreams {
  readonly #streams = new Map<string, Stream>();

  /** A TCP segment that was received from a name server; `visit` is called for each message that it completes. */
  segment(
    key: string,
    sequence: number,
    payload: Uint8Array,
    nowMicros: number,
    visit: (message: Uint8Array) => void,
  ): void {
    const known = this.#streams.get(key);
    const offset = known === undefined ? -1 : (sequence - known.firstSequence) | 0;
    if (known === undefined || offset < 0 || nowMicros - known.begunMicros >= STREAM_MICROS) {
      this.#streams.delete(key);
      this.#take(key, sequence, payload, nowMicros, visit);
    } else if (known.pieces.put(offset, payload)) {
      const { prefix } = known.pieces;
      if (prefix.length < 2 || prefix.length < 2 + lengthOf(prefix)) return;
      this.#streams.delete(key);
      this.#take(key, known.firstSequence, prefix, nowMicros, visit);
    }
  }

  /** Whole messages, and what is left begins a stream. */
  #take(
    key: string,
    sequence: number,
    bytes: Uint8Array,
    nowMicros: number,
    visit: (message: Uint8Array) => void,
  ): void {
    let at = 0;
    while (at + 2 <= bytes.length) {
      const end = at + 2 + lengthOf(bytes.subarray(at));
      if (end > bytes.length) break;
      visit(bytes.subarray(at + 2, end));
      at = end;
    }
    const rest = bytes.subarray(at);
    if (rest.length === 0 || (rest.length >= 2 && lengthOf(rest) > MESSAGE_LIMIT_BYTES)) return;
    const pieces = new PieceBuffer();
    pieces.put(0, rest);
    addStream(this.#streams, key, { pieces, begunMicros: nowMicros, firstSequence: (sequence + at) >>> 0 });
  }
}

function lengthOf(bytes: Uint8Array): number {
  return bytes[0]! * 0x100 + bytes[1]!;
}

const LONGEST_METHOD = 'OPTIONS '.length;
const CR = 0x0d;
const LF = 0x0a;
const SLASH = 0x2f;
const ASTERISK = 0x2a;
const COLON = 0x3a;
const HOST = 'host';

/**
 * The name in the Host field (RFC 9112, 3.2) of the first request of a connection. None where the target of the request
 * is a whole URL, which only a proxy is sent, and where there are two such fields.
 */
export function nameOfHttpStream(prefix: Uint8Array): AskedName {
  const isLast = prefix.length >= STREAM_LIMIT_BYTES;
  const target = targetAt(prefix);
  if (target < 0) return NO_NAME;
  if (target >= prefix.length) return isLast ? NO_NAME : MORE;
  if (prefix[target] !== SLASH && prefix[target] !== ASTERISK) return NO_NAME;
  let name: string | undefined;
  let start = prefix.indexOf(LF, target) + 1;
  while (start > 0) {
    const end = prefix.indexOf(LF, start);
    if (end < 0) break;
    const last = end > start && prefix[end - 1] === CR ? end - 1 : end;
    if (last === start) return name === undefined ? NO_NAME : found(name);
    if (isHostField(prefix, start, last)) {
      if (name !== undefined) return NO_NAME;
      name = hostIn(prefix, start + HOST.length + 1, last);
      if (name === undefined) return NO_NAME;
    }
    start = end + 1;
  }
  if (!isLast) return MORE;
  return name === undefined ? NO_NAME : found(name);
}

function found(name: string): AskedName {
  return { kind: 'found', name, basis: 'http', alpn: '' };
}

/** Where the target of the request starts; the length of the prefix or more: that is still to come; -1: no request. */
function targetAt(prefix: Uint8Array): number {
  const head = String.fromCharCode(...prefix.subarray(0, LONGEST_METHOD));
  for (const method of HTTP_METHODS) {
    if (head.startsWith(`${method} `)) return method.length + 1;
    if (`${method} `.startsWith(head)) return prefix.length;
  }
  return -1;
}

function isHostField(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HOST.length + 1 || bytes[start + HOST.length] !== COLON) return false;
  for (let i = 0; i < HOST.length; i++) if ((bytes[start + i]! | 0x20) !== HOST.charCodeAt(i)) return false;
  return true;
}

/** `  example.org:8080 `: without the blanks around and the port behind. */
function hostIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  let [first, last] = [start, end];
  while (first < last && isBlank(bytes[first]!)) first++;
  while (last > first && isBlank(bytes[last - 1]!)) last--;
  const colon = bytes.subarray(first, last).indexOf(COLON);
  return hostNameIn(bytes, first, colon < 0 ? last : first + colon);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
