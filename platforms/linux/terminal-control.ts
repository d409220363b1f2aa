import { Errno, NativeBuffer, SyscallError, systemCall } from './libc.ts';

/** asm/unistd_64.h, asm-generic/unistd.h. */
const IOCTL = process.arch === 'arm64' ? 29 : 16;
/** asm-generic/ioctls.h: get and set (after output is written) `struct termios`, get `struct winsize`. */
const TCGETS = 0x5401;
const TCSETSW = 0x5403;
const TIOCGWINSZ = 0x5413;

/** struct termios (asm-generic/termbits.h): four words of flags, c_line, then c_cc of 19 bytes. */
const TERMIOS_BYTES = 36;
const [IFLAG, OFLAG, CFLAG, LFLAG] = [0, 1, 2, 3] as const;
const CC_OFFSET = 17;
const [VTIME, VMIN] = [5, 6] as const;

/** asm-generic/termbits.h, asm-generic/termbits-common.h. */
const BRKINT = 0o2;
const INPCK = 0o20;
const ISTRIP = 0o40;
const ICRNL = 0o400;
const IXON = 0o2000;
const ONLCR = 0o4;
const CS8 = 0o60;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const IEXTEN = 0o100000;

const termios = new NativeBuffer(TERMIOS_BYTES);
const original = new NativeBuffer(TERMIOS_BYTES);
let hasOriginal = false;
/** struct winsize (asm-generic/termios.h): rows, columns, and two that nobody fills, 16 bits each. */
const window = new NativeBuffer(8);

/**
 * The terminal on standard input, by ioctl_tty(2). The runtime's own streams can do the same, for 15 ms of CPU at the
 * start and 1.5 MB (docs/decisions/0016-memory-and-start-of-screens.md).
 */
export const terminalControl = {
  /** Whether a descriptor is a terminal, as isatty(3). */
  isTerminal(descriptor: number): boolean {
    return systemCall(IOCTL, descriptor, TCGETS, termios.pointer) >= 0;
  },

  /**
   * Raw mode: every key arrives at once, as bytes, without echo or signals. Off: the mode of before the first time it
   * was set. Throws SyscallError.
   */
  setRawMode(isRaw: boolean): void {
    if (!hasOriginal) {
      if (!isRaw) return;
      call('read terminal mode', TCGETS, original);
      hasOriginal = true;
    }
    termios.bytes.set(original.bytes);
    if (isRaw) {
      termios.u32[IFLAG]! &= ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
      termios.u32[OFLAG]! |= ONLCR;
      termios.u32[CFLAG]! |= CS8;
      termios.u32[LFLAG]! &= ~(ECHO | ICANON | IEXTEN | ISIG);
      termios.bytes[CC_OFFSET + VMIN] = 1;
      termios.bytes[CC_OFFSET + VTIME] = 0;
    }
    call('set terminal mode', TCSETSW, termios);
  },

  /** Size of the window behind a descriptor, in cells; 0 by 0 where the terminal does not know or is gone. */
  windowSize(descriptor: number): { readonly columns: number; readonly rows: number } {
    const isKnown = systemCall(IOCTL, descriptor, TIOCGWINSZ, window.pointer) >= 0;
    return isKnown ? { columns: window.u16[1]!, rows: window.u16[0]! } : { columns: 0, rows: 0 };
  },
};

/** ioctl(2) on standard input; one that a signal interrupted is made again. */
function call(op: string, request: number, argument: NativeBuffer): void {
  for (;;) {
    const result = systemCall(IOCTL, 0, request, argument.pointer);
    if (result >= 0) return;
    if (result !== -Errno.EINTR) throw new SyscallError(op, -result);
  }
}
