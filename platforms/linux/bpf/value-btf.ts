import { NativeBuffer } from '../libc.ts';
import { BpfError, bpfCharged, Command, nativeCopy, setPointer } from './bpf-call.ts';

/** Types for a map's key and value, loaded into the kernel. */
export interface ValueBtf {
  readonly descriptor: number;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const KIND_INT = 1;
const KIND_ARRAY = 3;
const KEY_TYPE_ID = 1;
const WORD_TYPE_ID = 2;
const VALUE_TYPE_ID = 3;
const NAMES = '\0u32\0u64\0';
const BTF_LOAD_BYTES = 32;

/**
 * The types of a map with a 4-byte key and `valueBytes` (a multiple of 8) of value, in BTF
 * (Documentation/bpf/btf.rst); 89 bytes in all:
 *
 *   header 24 | [1] INT u32: 16 | [2] INT u64: 16 | [3] ARRAY of u64: 24 | names 9
 */
export function encodeValueBtf(valueBytes: number): Uint8Array {
  const types = new Uint32Array([
    ...[NAMES.indexOf('u32'), KIND_INT << 24, 4, 32],
    ...[NAMES.indexOf('u64'), KIND_INT << 24, 8, 64],
    ...[0, KIND_ARRAY << 24, 0, WORD_TYPE_ID, KEY_TYPE_ID, valueBytes / 8],
  ]);
  const blob = new Uint8Array(HEADER_BYTES + types.byteLength + NAMES.length);
  const header = new DataView(blob.buffer);
  header.setUint16(0, MAGIC, true);
  // Version 1; header, offset and length of the types, offset and length of the names behind them.
  header.setUint8(2, 1);
  header.setUint32(4, HEADER_BYTES, true);
  header.setUint32(8, 0, true);
  header.setUint32(12, types.byteLength, true);
  header.setUint32(16, types.byteLength, true);
  header.setUint32(20, NAMES.length, true);
  blob.set(new Uint8Array(types.buffer), HEADER_BYTES);
  blob.set(new TextEncoder().encode(NAMES), HEADER_BYTES + types.byteLength);
  return blob;
}

/** BPF_BTF_LOAD (4.18) of such types; `valueBytes` is a multiple of 8. Throws BpfError. The caller closes the descriptor. */
export function loadValueBtf(valueBytes: number): ValueBtf {
  const blob = nativeCopy(encodeValueBtf(valueBytes));
  const attributes = new NativeBuffer(BTF_LOAD_BYTES);
  setPointer(attributes, 0, blob);
  // The kernel checks that nothing stands behind the names, so the rounded length will not do.
  attributes.u32[4] = HEADER_BYTES + 56 + NAMES.length;
  const result = bpfCharged(Command.BTF_LOAD, attributes, BTF_LOAD_BYTES);
  if (result < 0) throw new BpfError('load BTF', -result);
  return { descriptor: result, keyTypeId: KEY_TYPE_ID, valueTypeId: VALUE_TYPE_ID };
}
