/** What is read of a command line at most, in bytes. */
export const COMMAND_LINE_LIMIT = 32 * 1024;

const decoder = new TextDecoder();

/**
 * /proc/PID/cmdline: the arguments, each ended by NUL, here joined by spaces, trailing ones dropped. Invalid UTF-8
 * becomes U+FFFD. undefined where there are none: a kernel thread, a zombie, or a process that erased them. The NULs
 * in `bytes` are overwritten.
 */
export function parseCommandLine(bytes: Uint8Array, length: number): string | undefined {
  let end = Math.min(length, bytes.length, COMMAND_LINE_LIMIT);
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end--;
  if (end === 0) return undefined;
  const text = bytes.subarray(0, end);
  for (let at = text.indexOf(0); at >= 0; at = text.indexOf(0, at)) text[at] = 0x20;
  return decoder.decode(text);
}
