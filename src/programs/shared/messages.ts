import { readdirSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { fileError, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';

export const EXIT_OK = 0;
/** Something failed while running. */
export const EXIT_FAILURE = 1;
/** Usage error. */
export const EXIT_USAGE = 2;

/** As shells report it: 128 and the signal's number. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

const OUT_OF_DESCRIPTORS = /\bEMFILE\b/;
const LIMIT_ADVICE = 'the limit of open files is reached; raise it with ulimit -n';

/** A fingerprint in a message of `refusal` in remote/client/trust.ts. */
const COMPARED_FINGERPRINT = /[:,] (received|expected) SHA-256 ((?:[\dA-F]{2}:){31}[\dA-F]{2})/g;

/** Of a longer message the middle, an argument or a path, is left out: its end says what is accepted. */
const MESSAGE_LIMIT = 1200;
const KEPT_HEAD = 600;
const KEPT_TAIL = 500;

function shortened(message: string): string {
  if (message.length <= MESSAGE_LIMIT) return message;
  return `${message.slice(0, KEPT_HEAD)} ... ${message.slice(-KEPT_TAIL)}`;
}

/** One line on standard error, without control characters. Fingerprints to compare have lines of their own. */
export function complain(program: string, message: string): void {
  const advice = OUT_OF_DESCRIPTORS.test(message) ? `: ${LIMIT_ADVICE}` : '';
  const text = shortened(sanitizeLine(message)).replaceAll(COMPARED_FINGERPRINT, '\n  $1 SHA-256 $2');
  const line = `${program}: ${text}${advice}\n`;
  // The runtime's stream needs a free file descriptor; without one it prints nothing.
  if (hasFreeDescriptor()) process.stderr.write(line);
  else writeSync(2, line);
}

/**
 * Prints the text of a command line that runs nothing: help, or an error. Returns the exit code, which is that of a
 * failure where the text cannot be written; a reader that has closed the pipe has seen enough.
 */
export function printOutcome(
  program: string,
  { text, exitCode }: { readonly text: string; readonly exitCode: number },
): number {
  if (exitCode !== 0) {
    complain(program, text.trimEnd().replace(`${program}: `, ''));
    return exitCode;
  }
  try {
    writeWhole(new TextEncoder().encode(text));
    return exitCode;
  } catch (thrown) {
    const { code, message } = outputError(thrown);
    if (code === 'EPIPE') return exitCode;
    complain(program, message);
    return EXIT_FAILURE;
  }
}

/** What the system says of a write to standard output, with one line for people; what has one keeps it. */
export function outputError(thrown: unknown): OpError {
  if (thrown instanceof OpError) return thrown;
  return fileError('write standard output', 'cannot write to standard output', thrown);
}

const RETRY_MILLIS = 5;

/** Writes to standard output, also where it is a pipe that does not block and is full. Throws the system's error. */
function writeWhole(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (thrown) {
      if (toOpError('write', thrown).code !== 'EAGAIN') throw thrown;
      Bun.sleepSync(RETRY_MILLIS);
    }
  }
}

function hasFreeDescriptor(): boolean {
  try {
    return readdirSync('/').length >= 0;
  } catch {
    return false;
  }
}

const LINE_LIMIT_BYTES = 4096;

/** Whether questions can be asked: standard input and standard error are terminals. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Prints a line on standard error, because standard output may be a stream of data. */
export function tell(line: string): void {
  process.stderr.write(`${sanitizeLine(line)}\n`);
}

/**
 * Prints a question on standard error and reads a line from the terminal. Returns undefined at the end of input.
 * Blocks the program, which has nothing else to do yet; signals end it as usual.
 */
export function ask(question: string): string | undefined {
  process.stderr.write(sanitizeLine(question));
  const bytes = new Uint8Array(LINE_LIMIT_BYTES);
  const count = readSync(0, bytes, 0, bytes.length, null);
  if (count > 0) return new TextDecoder().decode(bytes.subarray(0, count)).trim();
  process.stderr.write('\n');
  return undefined;
}

/** Asks a yes/no question. An empty answer means `usual`; end of input and anything but y or yes mean no. */
export function confirm(question: string, usual: 'yes' | 'no'): boolean {
  const answer = ask(`${question} ${usual === 'yes' ? '[Y/n]' : '[y/N]'}: `)?.toLowerCase();
  if (answer === undefined) return false;
  if (answer === '') return usual === 'yes';
  return answer === 'y' || answer === 'yes';
}
