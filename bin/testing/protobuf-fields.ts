/** A field as it stands in a message: a varint as a number, anything else as its bytes. */
export interface ProtobufField {
  readonly number: number;
  readonly wireType: number;
  readonly value: bigint | Uint8Array;
}

/**
 * The fields of a protobuf message, from the encoding guide alone and without any library: what the agent's own
 * encoder makes is read by somebody else. Throws RangeError where the message is broken.
 */
export function* readProtobuf(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a varint goes past the end');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a varint is too long');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('a field goes past the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wireType] = [tag >>> 3, tag & 7];
    if (wireType === 0) yield { number, wireType, value: varint() };
    else if (wireType === 1) yield { number, wireType, value: take(8) };
    else if (wireType === 2) yield { number, wireType, value: take(Number(varint())) };
    else if (wireType === 5) yield { number, wireType, value: take(4) };
    else throw new RangeError(`no such wire type: ${wireType}`);
  }
}
