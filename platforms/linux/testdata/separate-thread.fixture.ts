import { SyscallError, systemCall } from '../libc.ts';

/**
 * A process of which one thread has descriptors of its own, and there alone a socket. Prints a line once it has, and
 * stays until it is killed.
 */

/** asm/unistd_64.h, asm-generic/unistd.h; linux/sched.h. */
const UNSHARE = process.arch === 'arm64' ? 97 : 272;
const SOCKET = process.arch === 'arm64' ? 198 : 41;
const CLONE_FILES = 0x400;
const AF_INET = 2;
const SOCK_STREAM = 1;
const LONG_MILLIS = 1e9;

if (Bun.isMainThread) new Worker(import.meta.path);
else {
  const result = systemCall(UNSHARE, CLONE_FILES, 0, 0, 0, 0);
  if (result < 0) throw new SyscallError('unshare', -result);
  const descriptor = systemCall(SOCKET, AF_INET, SOCK_STREAM, 0, 0, 0);
  if (descriptor < 0) throw new SyscallError('socket', -descriptor);
  process.stdout.write(`${descriptor}\n`);
  // A thread without anything to wait for ends.
  setInterval(() => undefined, LONG_MILLIS);
}
