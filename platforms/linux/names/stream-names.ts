import { TLS_HANDSHAKE } from '../first-bytes.ts';
import { type AskedName, MORE, NO_NAME } from './asked-name.ts';
import { nameOfClientHello, nameOfTlsStream } from './client-hello.ts';
import { nameOfHttpStream } from './http-host.ts';
import { PieceBuffer } from './piece-buffer.ts';
import { type InitialKeys, isInitial, openInitials } from './quic-initial.ts';

/** Streams that are put together at one time; 8 KiB each. */
const STREAMS_LIMIT = 256;
/** After this, a connection will not send a name. */
const STREAM_MICROS = 10e6;
/** An Initial packet costs about 50 µs, and any process that can send can make them. */
const INITIALS_PER_TURN = 256;

interface Stream {
  readonly pieces: PieceBuffer;
  readonly begunMicros: number;
  /** Of TCP: number of the first byte. */
  readonly firstSequence: number;
  keys: InitialKeys | undefined;
}

/** Puts the first bytes of connections together until they say a name, or will not. Keys are texts of the caller's. */
export class StreamNames {
  /** The oldest first. */
  readonly #streams = new Map<string, Stream>();
  #initialsLeft = INITIALS_PER_TURN;

  get size(): number {
    return this.#streams.size;
  }

  /** Before the packets of one turn: gives new leave for what is costly, and drops streams that take too long. */
  begin(nowMicros: number): void {
    this.#initialsLeft = INITIALS_PER_TURN;
    for (const [key, { begunMicros }] of this.#streams) {
      if (nowMicros - begunMicros < STREAM_MICROS) break;
      this.#streams.delete(key);
    }
  }

  /** A TCP segment that was sent. `more` stands for connections that are waited for; `none` for all others. */
  segment(key: string, sequence: number, payload: Uint8Array, nowMicros: number): AskedName {
    const known = this.#streams.get(key);
    if (known === undefined) {
      const asked = nameOfStream(payload);
      if (asked.kind === 'more') this.#add(key, sequence, nowMicros).pieces.put(0, payload);
      return asked;
    }
    const offset = (sequence - known.firstSequence) | 0;
    if (offset < 0) {
      // Another connection between the same ends.
      this.#streams.delete(key);
      return this.segment(key, sequence, payload, nowMicros);
    }
    if (!known.pieces.put(offset, payload)) return MORE;
    return this.#decided(key, nameOfStream(known.pieces.prefix));
  }

  /** A datagram that was sent. */
  datagram(key: string, payload: Uint8Array, nowMicros: number): AskedName {
    if (!isInitial(payload) || this.#initialsLeft === 0) return NO_NAME;
    this.#initialsLeft--;
    const stream = this.#streams.get(key);
    const pieces = stream?.pieces ?? new PieceBuffer();
    const keys = openInitials(payload, stream?.keys, (offset, bytes) => pieces.put(offset, bytes));
    if (keys === undefined) return NO_NAME;
    if (stream !== undefined) stream.keys = keys;
    const asked = pieces.prefix.length === 0 ? MORE : nameOfClientHello(pieces.prefix, pieces.isFull);
    if (asked.kind === 'more' && stream === undefined) this.#add(key, 0, nowMicros, pieces).keys = keys;
    return this.#decided(key, asked);
  }

  #decided(key: string, asked: AskedName): AskedName {
    if (asked.kind !== 'more') this.#streams.delete(key);
    return asked;
  }

  #add(key: string, firstSequence: number, begunMicros: number, pieces = new PieceBuffer()): Stream {
    const stream: Stream = { pieces, begunMicros, firstSequence, keys: undefined };
    this.#streams.set(key, stream);
    if (this.#streams.size > STREAMS_LIMIT) this.#streams.delete(this.#streams.keys().next().value!);
    return stream;
  }
}

function nameOfStream(prefix: Uint8Array): AskedName {
  return prefix[0] === TLS_HANDSHAKE ? nameOfTlsStream(prefix) : nameOfHttpStream(prefix);
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
    if (known === undefined) {
      this.#take(key, sequence, payload, nowMicros, visit);
      return;
    }
    const offset = (sequence - known.firstSequence) | 0;
    const isLate = nowMicros - known.begunMicros >= STREAM_MICROS;
    if (isLate || offset < 0) {
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
    this.#streams.set(key, {
      pieces,
      begunMicros: nowMicros,
      firstSequence: (sequence + at) >>> 0,
      keys: undefined,
    });
    if (this.#streams.size > STREAMS_LIMIT) this.#streams.delete(this.#streams.keys().next().value!);
  }
}

function lengthOf(bytes: Uint8Array): number {
  return bytes[0]! * 0x100 + bytes[1]!;
}
