import { CLIENT_HELLO, TLS_HANDSHAKE, TLS_HEADER_BYTES, TLS_MAJOR } from '../first-bytes.ts';
import { type AskedName, MORE, NO_NAME } from './asked-name.ts';
import { ByteReader } from './byte-reader.ts';
import { hostNameIn } from './host-name-bytes.ts';
import { STREAM_LIMIT_BYTES } from './piece-buffer.ts';

/** RFC 8446, 5.1 */
const RECORD_LIMIT_BYTES = 0x4000;
const RANDOM_BYTES = 32;
/** RFC 6066, 3 and RFC 7301, 3.1 */
const Extension = { SERVER_NAME: 0, ALPN: 16 } as const;
const HOST_NAME = 0;
const ALPN_LIMIT = 8;
const ALPN_BYTES_LIMIT = 32;
const protocolText = Buffer.alloc(ALPN_BYTES_LIMIT);
const NOTHING = new Uint8Array(0);

/**
 * The name in the first bytes of a TLS connection, at most STREAM_LIMIT_BYTES: records of type handshake, joined, and a
 * ClientHello in them.
 */
export function nameOfTlsStream(prefix: Uint8Array): AskedName {
  const isLast = prefix.length >= STREAM_LIMIT_BYTES;
  let handshake: Uint8Array | undefined;
  let length = 0;
  for (let at = 0; at < prefix.length; ) {
    if (prefix[at] !== TLS_HANDSHAKE || (prefix[at + 1] ?? TLS_MAJOR) !== TLS_MAJOR) {
      if (at === 0) return NO_NAME;
      break;
    }
    if (at + TLS_HEADER_BYTES > prefix.length) break;
    const size = prefix[at + 3]! * 0x100 + prefix[at + 4]!;
    if (size === 0 || size > RECORD_LIMIT_BYTES) return NO_NAME;
    const fragment = prefix.subarray(at + TLS_HEADER_BYTES, at + TLS_HEADER_BYTES + size);
    at += TLS_HEADER_BYTES + size;
    // Nearly always there is one, and no copy is needed.
    if (handshake === undefined && at >= prefix.length) return nameOfClientHello(fragment, isLast);
    handshake ??= new Uint8Array(prefix.length);
    handshake.set(fragment, length);
    length += fragment.length;
  }
  return nameOfClientHello(handshake?.subarray(0, length) ?? NOTHING, isLast);
}

/**
 * The name in the first bytes of a handshake (RFC 8446, 4.1.2), also of one that is not there as a whole.
 *
 *   0 type u8   1 length u24   4 version u16   6 random[32]   session id u8+   ciphers u16+   compressions u8+
 *   extensions u16+: type u16, data u16+
 *
 * @param isLast nothing more will come: what is there decides
 */
export function nameOfClientHello(handshake: Uint8Array, isLast: boolean): AskedName {
  const reader = new ByteReader(handshake);
  if (handshake.length > 0 && reader.u8() !== CLIENT_HELLO) return NO_NAME;
  const end = 4 + reader.u24();
  reader.skip(2 + RANDOM_BYTES);
  reader.skip(reader.u8());
  reader.skip(reader.u16());
  reader.skip(reader.u8());
  const extensionsBytes = reader.u16();
  const extensionsEnd = Math.min(end, reader.at + extensionsBytes);
  const found: { name?: string; alpn: readonly string[] } = { alpn: [] };
  while (!reader.hasFailed && reader.at + 4 <= extensionsEnd) {
    const type = reader.u16();
    const bytes = reader.u16();
    // Most extensions are passed over, without a view of each.
    if (type !== Extension.SERVER_NAME && type !== Extension.ALPN) {
      reader.skip(bytes);
      continue;
    }
    const data = reader.take(bytes);
    if (reader.hasFailed || reader.at > extensionsEnd) break;
    if (type === Extension.SERVER_NAME && found.name === undefined) {
      const name = serverNameIn(data);
      // A name that is none: the rest is not worth reading.
      if (name === undefined) return NO_NAME;
      found.name = name;
    } else if (type === Extension.ALPN) found.alpn = protocolsIn(data);
  }
  if (found.name !== undefined) return { kind: 'found', name: found.name, basis: 'sni', alpn: found.alpn };
  const isWhole = handshake.length >= 4 && handshake.length >= end;
  return isWhole || isLast ? NO_NAME : MORE;
}

/** ServerNameList: length u16, entries of type u8 and name u16+; only one of a type. */
function serverNameIn(data: Uint8Array): string | undefined {
  const reader = new ByteReader(data);
  reader.skip(2);
  const type = reader.u8();
  const name = reader.take(reader.u16());
  return reader.hasFailed || type !== HOST_NAME ? undefined : hostNameIn(name);
}

/** ProtocolNameList: length u16, names u8+. Only those of printable ASCII, which leaves out GREASE. */
function protocolsIn(data: Uint8Array): string[] {
  const reader = new ByteReader(data);
  reader.skip(2);
  const protocols: string[] = [];
  while (reader.left > 0 && protocols.length < ALPN_LIMIT) {
    const name = reader.take(reader.u8());
    if (reader.hasFailed) break;
    if (!isPlain(name)) continue;
    protocolText.set(name);
    protocols.push(protocolText.toString('latin1', 0, name.length));
  }
  return protocols;
}

function isPlain(name: Uint8Array): boolean {
  for (const byte of name) if (byte <= 0x20 || byte >= 0x7f || byte === 0x2c) return false;
  return name.length > 0 && name.length <= ALPN_BYTES_LIMIT;
}
