import { EXIT_FAILURE } from './exit-codes.ts';
import { complain } from './messages.ts';

/**
 * Ends the program by an error that nobody has taken: one line, and nothing of the source. With SSTOP_DEBUG=1 where it
 * comes from stands below, line by line.
 */
export function endByError(program: string, thrown: unknown): never {
  complain(
    program,
    `${isOfSystem(thrown) ? 'cannot go on' : 'stopped by an error of its own'}: ${messageOf(thrown)}`,
  );
  if (process.env['SSTOP_DEBUG'] === '1') {
    for (const line of stackLines(thrown)) complain(program, line);
  }
  process.exit(EXIT_FAILURE);
}

/** What the system or the machine refuses has a code; a mistake of ours has none. */
function isOfSystem(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Of the error and of those that it was caused by. */
function stackLines(thrown: unknown): string[] {
  const lines: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    lines.push(...(error.stack ?? String(error)).split('\n'));
  }
  return lines;
}
