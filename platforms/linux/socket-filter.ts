import { NativeBuffer, orThrow, setSocketOption } from './libc.ts';

/** linux/filter.h: one `struct sock_filter` as [code, jump if true, jump if false, k]. */
export type FilterInstruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

/** asm-generic/socket.h. */
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** Drops what the program does not accept before it takes room in the receive buffer. Throws SyscallError. */
export function attachFilter(descriptor: number, program: readonly FilterInstruction[]): void {
  // struct sock_fprog: length u16, 6 bytes of padding, pointer. The kernel copies the program during the call.
  const argument = new NativeBuffer(16);
  const instructions = encodeFilter(program);
  argument.u16[0] = program.length;
  argument.view.setBigUint64(8, BigInt(instructions.pointer), true);
  const result = setSocketOption(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, argument, 16);
  orThrow(result, 'setsockopt', 'SO_ATTACH_FILTER');
}

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
