import { readdirSync, readSync, writeSync } from 'node:fs';
import { sanitizeLine } from '../../kit/text/sanitize.ts';

const OUT_OF_DESCRIPTORS = /\bEMFILE\b/;
const LIMIT_ADVICE = 'more files are open than the limit allows; raise it (ulimit -n)';

/** One line on standard error, without anything that a terminal would obey: arguments and names may be in it. */
export function complain(program: string, message: string): void {
  const advice = OUT_OF_DESCRIPTORS.test(message) ? `: ${LIMIT_ADVICE}` : '';
  const line = `${program}: ${sanitizeLine(message)}${advice}\n`;
  // The runtime's stream waits for no reader, but it needs a descriptor of its own, and without one says nothing.
  if (hasFreeDescriptor()) process.stderr.write(line);
  else writeSync(2, line);
}

/** Prints what came of a command line that starts nothing: help, or what is wrong with it. Returns the exit code. */
export function printOutcome(
  program: string,
  { text, exitCode }: { readonly text: string; readonly exitCode: number },
): number {
  if (exitCode === 0) process.stdout.write(text);
  else complain(program, text.trimEnd().replace(`${program}: `, ''));
  return exitCode;
}

function hasFreeDescriptor(): boolean {
  try {
    return readdirSync('/').length >= 0;
  } catch {
    return false;
  }
}

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
