import { createCipheriv } from 'node:crypto';
import { initialKeys } from './quic-initial.ts';

const encoder = new TextEncoder();
export const ascii = (text: string): Uint8Array => encoder.encode(text);

export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u24 = (value: number): number[] => [(value >> 16) & 0xff, ...u16(value)];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const sized16 = (bytes: Uint8Array): Uint8Array => joined(u16(bytes.length), bytes);
const extension = (type: number, data: Uint8Array): Uint8Array => joined(u16(type), sized16(data));

/** What a ClientHello of a test says; `paddingBytes` stand before the name, as a key share may. */
interface Hello {
  readonly name?: string;
  readonly alpn?: readonly string[];
  readonly paddingBytes?: number;
}

export function clientHello({ name, alpn = [], paddingBytes = 0 }: Hello): Uint8Array {
  const protocols = joined(...alpn.map((one) => joined([one.length], ascii(one))));
  const extensions = joined(
    paddingBytes > 0 ? extension(51, new Uint8Array(paddingBytes)) : [],
    name === undefined ? [] : extension(0, sized16(joined([0], sized16(ascii(name))))),
    alpn.length === 0 ? [] : extension(16, sized16(protocols)),
  );
  const body = joined(
    u16(0x0303),
    new Uint8Array(32).fill(7),
    [0],
    u16(2),
    u16(0x1301),
    [1, 0],
    sized16(extensions),
  );
  return joined([1], u24(body.length), body);
}

/** A handshake in records of at most so many bytes. */
export function tlsRecords(handshake: Uint8Array, recordBytes = 16_384): Uint8Array {
  const records: Uint8Array[] = [];
  for (let at = 0; at < handshake.length; at += recordBytes) {
    records.push(joined([22], u16(0x0301), sized16(handshake.subarray(at, at + recordBytes))));
  }
  return joined(...records);
}

export function dnsName(name: string): Uint8Array {
  const labels = name.split('.').filter((label) => label !== '');
  return joined(...labels.map((label) => joined([label.length], ascii(label))), [0]);
}

/** `[owner, type, ttl, data]`; an owner of bytes is taken as it is. */
export type DnsRecordBytes = readonly [string | Uint8Array, number, number, Uint8Array];

interface DnsReply {
  readonly id?: number;
  readonly flags?: number;
  readonly question: string;
  readonly type?: number;
  readonly answers: readonly DnsRecordBytes[];
}

export function dnsReply({ id = 7, flags = 0x8180, question, type = 1, answers }: DnsReply): Uint8Array {
  const records = answers.map(([owner, recordType, ttl, data]) =>
    joined(
      typeof owner === 'string' ? dnsName(owner) : owner,
      u16(recordType),
      u16(1),
      u32(ttl),
      sized16(data),
    ),
  );
  const header = [...u16(id), ...u16(flags), ...u16(1), ...u16(answers.length), 0, 0, 0, 0];
  return joined(header, dnsName(question), u16(type), u16(1), ...records);
}

/** RFC 9000, 19.6 */
export function cryptoFrame(offset: number, bytes: Uint8Array): Uint8Array {
  return joined([6], variableLength(offset), variableLength(bytes.length), bytes);
}

const variableLength = (value: number): number[] =>
  value < 64 ? [value] : [0x40 | (value >> 8), value & 0xff];

interface Initial {
  readonly version?: number;
  /** Destination connection ID, and the one that the keys are made from where that differs. */
  readonly destination: Uint8Array;
  readonly keyedBy?: Uint8Array;
  readonly number: number;
  readonly numberBytes?: number;
  readonly frames: Uint8Array;
  /** Payload is padded to that. */
  readonly payloadBytes: number;
}

/** A protected Initial packet (RFC 9001, 5), written apart from what opens them. */
export function sealedInitial(initial: Initial): Uint8Array {
  const { version = 1, destination, number, numberBytes = 4, frames, payloadBytes } = initial;
  const keys = initialKeys(version, initial.keyedBy ?? destination);
  const type = version === 1 ? 0 : 1;
  const length = numberBytes + payloadBytes + 16;
  const numberField = u32(number).slice(4 - numberBytes);
  const first = 0xc0 | (type << 4) | (numberBytes - 1);
  const ids = joined([destination.length], destination, [0], [0]);
  const header = joined([first], u32(version), ids, [0x40 | (length >> 8), length & 0xff], numberField);
  const nonce = keys.iv.slice();
  for (let i = 0; i < 4; i++) nonce[8 + i]! ^= u32(number)[i]!;
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce);
  cipher.setAAD(header);
  const payload = joined(frames, new Uint8Array(payloadBytes - frames.length));
  const sealed = joined(cipher.update(payload), cipher.final(), cipher.getAuthTag());
  const packet = joined(header, sealed);
  const numberAt = header.length - numberBytes;
  const mask = createCipheriv('aes-128-ecb', keys.header, null).update(
    packet.slice(numberAt + 4, numberAt + 20),
  );
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < numberBytes; i++) packet[numberAt + i]! ^= mask[1 + i]!;
  return packet;
}
