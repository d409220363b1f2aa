import { currentPlatform, lowerPrivileges } from '../platforms/index.ts';
import { parseSstopArguments, type SstopOptions } from '../src/apps/cli/sstop-command.ts';
import type { Platform } from '../src/data/sample/platform.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { THEME_NAMES } from '../src/screen/style/themes.ts';
import { EXIT_FAILURE, EXIT_USAGE } from './exit-codes.ts';
import { complain } from './messages.ts';
import { runDoctor } from './sstop-doctor.ts';
import { openInput, type SstopInput } from './sstop-input.ts';
import { runScreen } from './sstop-screen.ts';
import { readSettings } from './sstop-settings.ts';
import { runStream } from './sstop-stream.ts';
import { VERSION } from './version.ts';

/** sstop from its arguments to its exit code. */
export async function runSstop(argv: readonly string[]): Promise<number> {
  const isColored = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  const invocation = parseSstopArguments(argv, { version: VERSION, themeNames: THEME_NAMES }, isColored);
  if (invocation.kind === 'print') return print(invocation.text, invocation.exitCode);
  const { options } = invocation;
  if (options.doctor) return runDoctor(options.output === 'json');
  const obstacle = options.output === 'screen' ? screenObstacle() : undefined;
  if (obstacle !== undefined) {
    complain('sstop', `${obstacle}; --once, --json and --csv need none`);
    return EXIT_USAGE;
  }
  // Configuration, databases and recordings are files that the user names: nothing but the user's rights opens them.
  lowerPrivileges();
  const { settings, problems } = readSettings(options, process.env);
  for (const problem of problems) complain('sstop', problem);
  let platform: Platform;
  let input: SstopInput;
  try {
    platform = currentPlatform();
    input = await openInput(settings, platform);
  } catch (thrown) {
    complain('sstop', toOpError('start', thrown).message);
    return isUsageError(options) ? EXIT_USAGE : EXIT_FAILURE;
  }
  try {
    return settings.output === 'screen'
      ? await runScreen(settings, input, platform.signaller)
      : await runStream(settings, input);
  } catch (thrown) {
    complain('sstop', toOpError('run', thrown).message);
    return EXIT_FAILURE;
  } finally {
    await input.close();
  }
}

/** A file that was named and cannot be used is the command line's fault; all else is the machine's. */
function isUsageError({ recordPath, playbackPath, geoipPath }: SstopOptions): boolean {
  return recordPath !== undefined || playbackPath !== undefined || geoipPath !== undefined;
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
