import { sanitizeLine } from '../src/kit/text/sanitize.ts';

/** One line on standard error, without anything that a terminal would obey: arguments and names may be in it. */
export function complain(program: string, message: string): void {
  process.stderr.write(`${program}: ${sanitizeLine(message)}\n`);
}

/** Said at the end where the disk takes no more and does not fail either. */
export const UNFINISHED_RECORDING = 'the disk holds up the recording: its end may be missing';
