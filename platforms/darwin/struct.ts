import { OpError } from '../../src/kit/errors/op-error.ts';

type Read = (view: DataView, at: number) => number;
/** How many bytes a number has, and how it is read: both architectures of macOS are little-endian. */
const SCALARS = {
  u8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i16: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  u16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  i32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  u32: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  i64: { bytes: 8, read: (view, at) => view.getUint32(at, true) + view.getInt32(at + 4, true) * 2 ** 32 },
  u64: { bytes: 8, read: (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32 },
} satisfies Record<string, { readonly bytes: number; readonly read: Read }>;
type Scalar = keyof typeof SCALARS;
/** A number, or so many of them in a row. */
type Member = Scalar | readonly [type: Scalar, count: number];
type Members = Readonly<Record<string, Member>>;

/** Where the members of a C structure are. */
interface Layout<M extends Members> {
  /** `sizeof`. */
  readonly size: number;
  /** `offsetof`, by member. */
  readonly at: { readonly [Name in keyof M]: number };
  /** A member, of an array the first; 64 bits beyond 2^53 are the nearest double. The bytes must be there. */
  read(view: DataView, base: number, name: keyof M): number;
}

/**
 * A structure by its members in the order of the header, laid out as a C compiler does: each at a multiple of its size
 * or of `pack`, whichever is less (`#pragma pack`). `size` is what the header's structure has, and a mistake in the
 * members that moves its end throws at once.
 */
export function structure<const M extends Members>(
  { name, size, pack = 8 }: { readonly name: string; readonly size: number; readonly pack?: number },
  members: M,
): Layout<M> {
  const at: Record<string, number> = {};
  const reads: Record<string, Read> = {};
  let end = 0;
  let widest = 1;
  for (const [member, declared] of Object.entries(members)) {
    const [type, count] = typeof declared === 'string' ? ([declared, 1] as const) : declared;
    const align = Math.min(SCALARS[type].bytes, pack);
    at[member] = roundedUp(end, align);
    reads[member] = SCALARS[type].read;
    end = at[member] + SCALARS[type].bytes * count;
    widest = Math.max(widest, align);
  }
  if (roundedUp(end, widest) !== size) {
    const message = `${name} has ${end} bytes, not ${size}`;
    throw new OpError({ op: `lay out ${name}`, code: 'SIZE', message });
  }
  return {
    size,
    at: at as Layout<M>['at'],
    read: (view, base, member) => reads[member as string]!(view, base + at[member as string]!),
  };
}

export function roundedUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

const decoder = new TextDecoder();

/** A C string in a field of so many bytes, which need not end with a NUL. */
export function cString(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}
