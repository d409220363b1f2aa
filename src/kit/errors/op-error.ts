/** What every error of this project carries. */
interface OpErrorOptions {
  /** What was being done, as a verb phrase or a system call: `open`, `parse /proc/net/dev`. */
  readonly op: string;
  /** A stable, upper-case word for programs: `ENOENT`, `TRUNCATED`, `BAD_VALUE`. */
  readonly code: string;
  /** One line for people; without it the message is `op: code`. */
  readonly message?: string;
  readonly cause?: unknown;
}

/** Base class of all errors of this project. `op`: the operation; `code`: the error code, such as `ENOENT`. */
export class OpError extends Error {
  readonly op: string;
  readonly code: string;

  constructor(options: OpErrorOptions) {
    super(options.message ?? `${options.op}: ${options.code}`, { cause: options.cause });
    this.name = new.target.name;
    this.op = options.op;
    this.code = options.code;
  }
}

/** Turns anything thrown into an OpError, so that `op` and `code` can be read without a cast. */
export function toOpError(op: string, thrown: unknown): OpError {
  if (thrown instanceof OpError) return thrown;
  if (!(thrown instanceof Error)) return new OpError({ op, code: 'UNKNOWN', message: String(thrown) });
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'UNKNOWN';
  return new OpError({ op, code, message: `${op}: ${thrown.message}`, cause: thrown });
}

/** What the system, and `kit/files`, say of a file by these codes, in words. */
export const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'file not found',
  ENOTDIR: 'file not found',
  EISDIR: 'is a directory',
  NOT_A_FILE: 'not a regular file',
  NOT_UTF8: 'not UTF-8 text',
  ELOOP: 'symbolic link loop',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  EBADF: 'not open for writing',
  EIO: 'I/O error',
};

/** As `toOpError`, with one line for people: `what`, which names the file, and why. */
export function fileError(op: string, what: string, thrown: unknown, reasons = FILE_REASONS): OpError {
  const { code, message } = toOpError(op, thrown);
  return new OpError({ op, code, message: `${what}: ${reasons[code] ?? message}`, cause: thrown });
}

/** Goes on with what was just opened; where that fails, it is closed. */
export function closedOnError<T>(opened: { close(): void }, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    opened.close();
    throw thrown;
  }
}

/** What may be missing, or not permitted: a file, a program. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Error) return undefined;
    throw thrown;
  }
}

/** What is only a better way: that it cannot be had is no error. */
export function openIfPossible<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (thrown) {
    if (thrown instanceof OpError) return undefined;
    throw thrown;
  }
}
