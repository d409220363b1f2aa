import { NativeBuffer } from './libc.ts';

/** linux/filter.h: one `struct sock_filter` as [code, jump if true, jump if false, k]. */
export type FilterInstruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

/** `struct sock_filter`, 8 bytes each: code u16, jump if true u8, jump if false u8, k u32. */
export function encodeFilter(program: readonly FilterInstruction[]): NativeBuffer {
  const code = new NativeBuffer(program.length * 8);
  for (const [index, [operation, jumpTrue, jumpFalse, k]] of program.entries()) {
    code.u16[index * 4] = operation;
    code.bytes[index * 8 + 2] = jumpTrue;
    code.bytes[index * 8 + 3] = jumpFalse;
    code.u32[index * 2 + 1] = k;
  }
  return code;
}
