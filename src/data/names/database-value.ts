import { OpError } from '../../kit/errors/op-error.ts';

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
 * Throws an OpError (code DAMAGED) unless the value at `offset` of a MaxMind database lies within `bytes` and is of sane
 * size with all that it points to; pointers count from `base`. A decoder that trusts the file needs this first: a few
 * hundred bytes of maps of pointers to maps of pointers unfold to more than any memory.
 *
 *   control byte   TTTSSSSS   type 1-7, size
 *   extended       000SSSSS TTTTTTTT   type - 7 in the second byte
 *   pointer        001NNVVV   N + 1 further bytes of value
 *
 * Size 29: + the next byte; 30: 285 + the next two; 31: 65821 + the next three (MaxMind DB format 2.0, data section).
 */
export function checkDatabaseValue(bytes: Buffer, offset: number, base: number): void {
  walk(bytes, offset, base, DEPTH_LIMIT, { values: VALUES_LIMIT, bytes: BYTES_LIMIT });
}

/** Returns the offset behind the value. */
function walk(bytes: Buffer, offset: number, base: number, depth: number, left: Allowance): number {
  if (depth === 0 || left.values-- === 0) throw damaged(offset, 'nested too deep or too large');
  const control = byteAt(bytes, offset++);
  let type = control >> 5;
  if (type === POINTER) {
    const width = ((control >> 3) & 3) + 1;
    if (offset + width > bytes.length) throw damaged(offset, 'cut short');
    walk(bytes, pointerTarget(bytes, offset, base, control, width), base, depth - 1, left);
    return offset + width;
  }
  if (type === 0) type = 7 + byteAt(bytes, offset++);
  const width = Math.max(0, (control & 31) - 28);
  if (offset + width > bytes.length) throw damaged(offset, 'cut short');
  const size = width === 0 ? control & 31 : [29, 285, 65_821][width - 1]! + bytes.readUIntBE(offset, width);
  offset += width;
  if (type === MAP || type === ARRAY) {
    const count = type === MAP ? size * 2 : size;
    for (let i = 0; i < count; i++) offset = walk(bytes, offset, base, depth - 1, left);
    return offset;
  }
  if (type === BOOLEAN) return offset;
  left.bytes -= size;
  if (!PLAIN_TYPES.has(type)) throw damaged(offset, `no value has type ${type}`);
  if (left.bytes < 0 || offset + size > bytes.length) throw damaged(offset, 'cut short or too large');
  return offset + size;
}

function pointerTarget(bytes: Buffer, offset: number, base: number, control: number, width: number): number {
  const value = bytes.readUIntBE(offset, width);
  if (width === 4) return base + value;
  return base + [0, 2048, 526_336][width - 1]! + (control & 7) * 2 ** (width * 8) + value;
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw damaged(offset, 'cut short');
  return byte;
}

function damaged(offset: number, what: string): OpError {
  return new OpError({ op: 'read country database', code: 'DAMAGED', message: `${what} at byte ${offset}` });
}
