import { QUIC_LONG_HEADER, QuicVersion } from '../first-bytes.ts';
import { ByteReader } from './byte-reader.ts';

/** Loaded with the first packet: the module costs 9 ms of CPU. */
const cryptography = () => process.getBuiltinModule('node:crypto');

/** What differs between the versions of QUIC (RFC 9001, 5.2; RFC 9369, 3). */
interface VersionFacts {
  readonly salt: Uint8Array;
  readonly labels: { readonly key: string; readonly iv: string; readonly header: string };
  /** The two bits of type in the first byte of an Initial packet. */
  readonly initialType: number;
}

const VERSIONS: ReadonlyMap<number, VersionFacts> = new Map([
  [
    QuicVersion.V1,
    {
      salt: Uint8Array.fromHex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
      labels: { key: 'quic key', iv: 'quic iv', header: 'quic hp' },
      initialType: 0,
    },
  ],
  [
    QuicVersion.V2,
    {
      salt: Uint8Array.fromHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
      labels: { key: 'quicv2 key', iv: 'quicv2 iv', header: 'quicv2 hp' },
      initialType: 1,
    },
  ],
]);

const CONNECTION_ID_LIMIT = 20;
const SAMPLE_BYTES = 16;
const TAG_BYTES = 16;
/** A packet number has 4 bytes at most, and the sample is taken behind so many. */
const NUMBER_BYTES_LIMIT = 4;
const PACKETS_LIMIT = 4;
const FRAMES_LIMIT = 512;
/** RFC 9000, 19: those that an Initial packet may have. */
const Frame = { PADDING: 0, PING: 1, ACK: 2, ACK_ECN: 3, CRYPTO: 6, CLOSE: 0x1c } as const;

/** Keys of what the client sends first, made from an ID that everybody on the way can read. */
export interface InitialKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly header: Uint8Array;
}

/** Whether a datagram begins with an Initial packet of a version that is known. Costs nothing. */
export function isInitial(datagram: Uint8Array): boolean {
  if (datagram.length < 7 || (datagram[0]! & QUIC_LONG_HEADER) !== QUIC_LONG_HEADER) return false;
  const version = VERSIONS.get(new ByteReader(datagram, 1).u32());
  return version !== undefined && ((datagram[0]! >> 4) & 3) === version.initialType;
}

/**
 * Opens the Initial packets of a datagram that a client sent, and hands over the CRYPTO frames in them: where each
 * belongs in the stream of the handshake, and its bytes. Packets whose tag is wrong are passed over.
 *
 * @param known keys that opened a packet of this connection before: those made of its first ID, which later packets
 *   do not have
 * @returns the keys that opened one; undefined: none could be opened
 */
export function openInitials(
  datagram: Uint8Array,
  known: InitialKeys | undefined,
  visit: (offset: number, bytes: Uint8Array) => void,
): InitialKeys | undefined {
  let opened: InitialKeys | undefined;
  let rest = datagram;
  for (let i = 0; i < PACKETS_LIMIT && isInitial(rest); i++) {
    const packet = parseHeader(rest);
    if (packet === undefined) break;
    const own = (): InitialKeys => initialKeys(packet.version, packet.destination);
    for (const keys of known === undefined ? [own] : [() => known, own]) {
      const tried = keys();
      const payload = open(rest.subarray(0, packet.end), packet.numberAt, tried);
      if (payload === undefined) continue;
      opened = tried;
      visitCrypto(payload, visit);
      break;
    }
    rest = rest.subarray(packet.end);
  }
  return opened;
}

/** Keys for the client's Initial packets, from the destination connection ID of its first one (RFC 9001, 5.2). */
export function initialKeys(version: number, destination: Uint8Array): InitialKeys {
  const { salt, labels } = VERSIONS.get(version)!;
  const secret = expandLabel(hmac(salt, destination), 'client in', 32);
  return {
    key: expandLabel(secret, labels.key, 16),
    iv: expandLabel(secret, labels.iv, 12),
    header: expandLabel(secret, labels.header, 16),
  };
}

/** RFC 9000, 17.2.2: flags u8, version u32, destination ID u8+, source ID u8+, token v+, length v, number, payload. */
function parseHeader(packet: Uint8Array) {
  const reader = new ByteReader(packet, 1);
  const version = reader.u32();
  const destination = readConnectionId(reader);
  const source = readConnectionId(reader);
  reader.skip(reader.variableLength());
  const length = reader.variableLength();
  if (reader.hasFailed || destination === undefined || source === undefined) return undefined;
  if (length < NUMBER_BYTES_LIMIT + SAMPLE_BYTES || length > reader.left) return undefined;
  return {
    version,
    destination,
    /** Where the protected packet number starts. */
    numberAt: reader.at,
    /** Where the packet ends. */
    end: reader.at + length,
  };
}

function readConnectionId(reader: ByteReader): Uint8Array | undefined {
  const length = reader.u8();
  return length > CONNECTION_ID_LIMIT ? undefined : reader.take(length);
}

/** Takes the protection off (RFC 9001, 5.3 and 5.4); undefined: the keys are others, or a byte is. */
function open(packet: Uint8Array, numberAt: number, keys: InitialKeys): Uint8Array | undefined {
  const sampleAt = numberAt + NUMBER_BYTES_LIMIT;
  const cipher = cryptography().createCipheriv('aes-128-ecb', keys.header, null);
  const mask = cipher.update(packet.subarray(sampleAt, sampleAt + SAMPLE_BYTES));
  const flags = packet[0]! ^ (mask[0]! & 0x0f);
  const numberBytes = (flags & 3) + 1;
  const header = packet.slice(0, numberAt + numberBytes);
  header[0] = flags;
  const nonce = keys.iv.slice();
  for (let i = 0; i < numberBytes; i++) {
    const byte = packet[numberAt + i]! ^ mask[1 + i]!;
    header[numberAt + i] = byte;
    nonce[nonce.length - numberBytes + i]! ^= byte;
  }
  const sealed = packet.subarray(numberAt + numberBytes);
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = cryptography().createDecipheriv('aes-128-gcm', keys.key, nonce);
  decipher.setAAD(header);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const payload = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    decipher.final();
    return payload;
  } catch {
    return undefined;
  }
}

function visitCrypto(payload: Uint8Array, visit: (offset: number, bytes: Uint8Array) => void): void {
  const reader = new ByteReader(payload);
  for (let frames = 0; frames < FRAMES_LIMIT && reader.left > 0; ) {
    const type = reader.u8();
    if (type === Frame.PADDING) continue;
    frames++;
    if (type === Frame.PING) continue;
    if (type === Frame.CRYPTO) {
      const offset = reader.variableLength();
      const bytes = reader.take(reader.variableLength());
      if (reader.hasFailed) return;
      visit(offset, bytes);
    } else if (type === Frame.ACK || type === Frame.ACK_ECN)
      skipAcknowledgement(reader, type === Frame.ACK_ECN);
    else return;
  }
}

/** RFC 9000, 19.3: largest, delay, ranges, first range; two numbers a range; three counts with ECN. */
function skipAcknowledgement(reader: ByteReader, hasCounts: boolean): void {
  reader.variableLength();
  reader.variableLength();
  const ranges = reader.variableLength();
  reader.variableLength();
  for (let i = 0; i < ranges * 2 && !reader.hasFailed; i++) reader.variableLength();
  if (hasCounts) for (let i = 0; i < 3; i++) reader.variableLength();
}

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return cryptography().createHmac('sha256', key).update(data).digest();
}

/** HKDF-Expand-Label (RFC 8446, 7.1) of at most 32 bytes without a context: one block of HKDF-Expand. */
function expandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const info = Uint8Array.of(length >> 8, length & 0xff, name.length, ...name, 0, 1);
  return hmac(secret, info).subarray(0, length);
}
