import { currentPlatform } from '../platforms/index.ts';
import { parseSstopArguments, type SstopOptions } from '../src/apps/cli/sstop-command.ts';
import { openLocalSource } from '../src/data/source/local-source.ts';
import type { Source } from '../src/data/source/source.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { EXIT_FAILURE, EXIT_USAGE } from './exit-codes.ts';
import { complain } from './messages.ts';
import { runScreen } from './sstop-screen.ts';
import { runStream } from './sstop-stream.ts';
import { VERSION } from './version.ts';

/** sstop from its arguments to its exit code. */
export async function runSstop(argv: readonly string[]): Promise<number> {
  const isColored = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  const invocation = parseSstopArguments(argv, VERSION, isColored);
  if (invocation.kind === 'print') return print(invocation.text, invocation.exitCode);
  const { options } = invocation;
  const obstacle = options.output === 'screen' ? screenObstacle() : undefined;
  if (obstacle !== undefined) {
    complain('sstop', `${obstacle}; --once, --json and --csv need none`);
    return EXIT_USAGE;
  }
  let source: Source;
  try {
    source = openLocalSource(currentPlatform(), { tier: options.backend });
  } catch (thrown) {
    complain('sstop', toOpError('start', thrown).message);
    return EXIT_FAILURE;
  }
  try {
    return await run(options, source);
  } catch (thrown) {
    complain('sstop', toOpError('run', thrown).message);
    return EXIT_FAILURE;
  } finally {
    source.close();
  }
}

function run(options: SstopOptions, source: Source): Promise<number> {
  return options.output === 'screen' ? runScreen(options, source) : runStream(options, source);
}

function print(text: string, exitCode: number): number {
  if (exitCode === 0) process.stdout.write(text);
  else complain('sstop', text.trimEnd().replace(/^sstop: /, ''));
  return exitCode;
}

/** Why there can be no screen here, if so. */
function screenObstacle(): string | undefined {
  if (process.stdout.isTTY !== true) return 'the screen needs a terminal, and standard output is none';
  if (process.stdin.isTTY !== true) return 'the screen needs a terminal, and standard input is none';
  const term = process.env['TERM'] ?? '';
  if (term === '' || term === 'dumb')
    return `the screen needs a terminal with a cursor, and TERM is "${term}"`;
  return undefined;
}
