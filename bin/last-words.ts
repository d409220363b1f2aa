import { complain, EXIT_FAILURE } from '../src/programs/shared/messages.ts';

/**
 * Ends the program on an error that nothing caught: one line, without source code. With SSTOP_DEBUG=1 the stack follows,
 * one line each.
 */
export function endByError(program: string, thrown: unknown): never {
  complain(program, isOfSystem(thrown) ? messageOf(thrown) : `internal error: ${messageOf(thrown)}`);
  if (process.env['SSTOP_DEBUG'] === '1') for (const line of stackLines(thrown)) complain(program, line);
  process.exit(EXIT_FAILURE);
}

/** Ends the program by `end` on whatever nothing catches. */
export function endOnExceptions(end: (thrown: unknown) => never): void {
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Errors of the system have a code; a bug of ours has none. */
function isOfSystem(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The stacks of the error and of its causes. */
function stackLines(thrown: unknown): string[] {
  const lines: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    lines.push(...(error.stack ?? String(error)).split('\n'));
  }
  return lines;
}
