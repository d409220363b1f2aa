import type { ReadStream } from 'node:tty';
import { type OpError, toOpError } from '../../kit/errors/op-error.ts';

/**
 * Raw mode on, or the mode of before. Both are set even if the runtime believes them set: whoever had the terminal
 * while this process was stopped may have changed it. Returns why it failed, which is that the terminal is gone.
 */
export function setRawMode(input: ReadStream, isRaw: boolean): OpError | undefined {
  try {
    if (isRaw && input.isRaw) input.setRawMode(false);
    input.setRawMode(isRaw);
    return undefined;
  } catch (cause) {
    return toOpError('set terminal mode', cause);
  }
}
