import { readSync } from 'node:fs';
import { sanitizeLine } from '../src/kit/text/sanitize.ts';

const LINE_LIMIT_BYTES = 4096;

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** A line of text, on standard error: standard output may be a stream of figures. */
export function tell(line: string): void {
  process.stderr.write(`${sanitizeLine(line)}\n`);
}

/**
 * Asks on standard error and waits for a line from the terminal, which hands it over as a whole. Undefined: the input
 * has ended. Blocks the program, which has nothing else to do yet; signals end it as usual.
 */
export function ask(question: string): string | undefined {
  process.stderr.write(sanitizeLine(question));
  const bytes = new Uint8Array(LINE_LIMIT_BYTES);
  const count = readSync(0, bytes, 0, bytes.length, null);
  if (count > 0) return new TextDecoder().decode(bytes.subarray(0, count)).trim();
  process.stderr.write('\n');
  return undefined;
}

/** A question that is answered by y or n; what is neither, and an end of the input, is `usual` and no. */
export function confirm(question: string, usual: 'yes' | 'no'): boolean {
  const answer = ask(`${question} ${usual === 'yes' ? '[Y/n]' : '[y/N]'}: `)?.toLowerCase();
  if (answer === undefined) return false;
  if (answer === '') return usual === 'yes';
  return answer === 'y' || answer === 'yes';
}
