import { sanitizeLine } from '../src/kit/text/sanitize.ts';

/** One line on standard error, without anything that a terminal would obey: arguments and names may be in it. */
export function complain(program: string, message: string): void {
  process.stderr.write(`${program}: ${sanitizeLine(message)}\n`);
}
