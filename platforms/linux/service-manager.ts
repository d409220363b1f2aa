import {
  closeDescriptor,
  connectSocket,
  Errno,
  NativeBuffer,
  openSocket,
  orThrow,
  SyscallError,
  sendFrom,
} from './libc.ts';

/** linux/socket.h, linux/net.h. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `struct sockaddr_un`: family u16, path; without its NUL. */
const PATH_OFFSET = 2;
const PATH_LIMIT = 107;

/**
 * Tells the service manager at `address` (NOTIFY_SOCKET: a path, or `@` and an abstract name) a line such as
 * `READY=1`; see sd_notify(3). Never waits for a reader. Throws SyscallError (EAGAIN: its queue is full).
 */
export function notifyServiceManager(address: string, state: string): void {
  const path = new TextEncoder().encode(address);
  const isNamed = address.startsWith('/') || address.startsWith('@');
  if (!isNamed || path.length > PATH_LIMIT) throw new SyscallError('connect', Errno.EINVAL, 'NOTIFY_SOCKET');
  const name = new NativeBuffer(PATH_OFFSET + PATH_LIMIT);
  name.u16[0] = AF_UNIX;
  name.bytes.set(path, PATH_OFFSET);
  if (address.startsWith('@')) name.bytes[PATH_OFFSET] = 0;
  const message = new TextEncoder().encode(state);
  const bytes = new NativeBuffer(message.length);
  bytes.bytes.set(message);
  const descriptor = orThrow(openSocket(AF_UNIX, SOCK_DGRAM, 0), 'socket');
  try {
    orThrow(connectSocket(descriptor, name, PATH_OFFSET + path.length), 'connect', 'NOTIFY_SOCKET');
    const sent = sendFrom(descriptor, bytes, message.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    orThrow(sent, 'send', 'NOTIFY_SOCKET');
  } finally {
    closeDescriptor(descriptor);
  }
}
