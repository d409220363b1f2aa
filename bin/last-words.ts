import { OpError } from '../src/kit/errors/op-error.ts';
import { EXIT_FAILURE } from './exit-codes.ts';
import { complain } from './messages.ts';

/**
 * Ends the program by an error that nobody has taken: one line, and nothing of the source. With SSTOP_DEBUG=1 where it
 * comes from stands below, line by line.
 */
export function endByError(program: string, thrown: unknown): never {
  complain(program, sentenceOf(thrown));
  if (process.env['SSTOP_DEBUG'] === '1') {
    for (const line of stackLines(thrown)) complain(program, line);
  }
  process.exit(EXIT_FAILURE);
}

/** An OpError says itself what was wrong; what the system refuses has a code; a mistake of ours has none. */
function sentenceOf(thrown: unknown): string {
  if (thrown instanceof OpError) return thrown.message;
  if (!(thrown instanceof Error)) return `stopped by an error of its own: ${thrown}`;
  return `${'code' in thrown ? 'cannot go on' : 'stopped by an error of its own'}: ${thrown.message}`;
}

/** Of the error and of those that it was caused by. */
function stackLines(thrown: unknown): string[] {
  const lines: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    lines.push(...(error.stack ?? String(error)).split('\n'));
  }
  return lines;
}
