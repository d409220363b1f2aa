import { isatty } from 'node:tty';
import { currentPlatform, lowerPrivileges, restartWithoutPrivileges } from '../platforms/index.ts';
import type { Platform } from '../src/data/sample/platform.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { parseSstopArguments, type SstopOptions } from '../src/programs/cli/sstop-command.ts';
import { THEME_NAMES } from '../src/screen/style/theme.ts';
import { PROCESS_SORT_KEYS } from '../src/views/network/network-process-list.ts';
import { compiledExecutable } from './compiled.ts';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from './exit-codes.ts';
import { endByError } from './last-words.ts';
import { complain } from './messages.ts';
import { localObstacle, screenObstacle } from './obstacles.ts';
import { openInput, type SstopInput } from './sstop-input.ts';
import { EventLog } from './sstop-log.ts';
import { exceptionFields } from './sstop-log-line.ts';
import { startFields } from './sstop-log-start.ts';
import { readSettings, type Settings } from './sstop-settings.ts';
import { giveBackStartMemory } from './start-memory.ts';
import { BUILD_VERSION } from './version.ts';

/** sstop from its arguments to its exit code. The code of a mode is loaded only for it. */
export async function runSstop(argv: readonly string[]): Promise<number> {
  const isColored = isatty(1) && (process.env['NO_COLOR'] ?? '') === '';
  const invocation = parseSstopArguments(
    argv,
    { version: BUILD_VERSION, themeNames: THEME_NAMES, sortKeys: PROCESS_SORT_KEYS },
    isColored,
  );
  if (invocation.kind === 'print') return print(invocation.text, invocation.exitCode);
  const { options } = invocation;
  const isLocal = isOfThisMachine(options);
  const lacking = isLocal ? localObstacle('sstop') : undefined;
  if (lacking !== undefined) {
    complain('sstop', options.doctor ? `--doctor: ${lacking}` : lacking);
    return EXIT_USAGE;
  }
  if (options.doctor) return (await import('./sstop-doctor.ts')).runDoctor(options.output === 'json');
  const obstacle = options.output === 'screen' ? screenObstacle() : undefined;
  if (obstacle !== undefined) {
    complain('sstop', `${obstacle}; --once, --json and --csv need none`);
    return EXIT_USAGE;
  }
  // Configuration, databases, recordings and the log are files that the user names: the user's rights alone open them.
  lowerPrivileges();
  const executable = compiledExecutable();
  if (executable !== undefined && needsNoPrivilegeAfterwards(options)) {
    restartWithoutPrivileges(executable, argv);
  }
  let log: EventLog;
  try {
    log =
      options.logPath === undefined
        ? EventLog.none()
        : EventLog.open(options.logPath, options.output === 'screen');
  } catch (thrown) {
    complain('sstop', toOpError('open log', thrown).message);
    return EXIT_USAGE;
  }
  return runLogged(options, log);
}

/** Whether this machine is what is asked about. */
function isOfThisMachine({ doctor, agent, playbackPath }: SstopOptions): boolean {
  return doctor || (agent === undefined && playbackPath === undefined);
}

/** A stream that counts in the kernel only reads on; a screen may have to send signals, other tiers to look for owners. */
function needsNoPrivilegeAfterwards(options: SstopOptions): boolean {
  if (options.output === 'screen' || options.playbackPath !== undefined) return false;
  const { agent, backend } = readSettings(options, process.env).settings;
  return agent === undefined && (backend === 'auto' || backend === 'ebpf');
}

async function runLogged(options: SstopOptions, log: EventLog): Promise<number> {
  const beganMillis = performance.now();
  const { settings, problems } = readSettings(options, process.env);
  log.event('info', 'start', startFields(settings));
  for (const message of problems) {
    complain('sstop', message);
    log.event('warning', 'configuration', { message });
  }
  if (settings.output !== 'screen') endOnExceptions(log);
  const code = await runWith(settings, log);
  log.event('info', 'exit', { code, seconds: Math.round(performance.now() - beganMillis) / 1000 });
  await log.close();
  if (log.error !== undefined) complain('sstop', log.error.message);
  return code;
}

async function runWith(settings: Settings, log: EventLog): Promise<number> {
  let platform: Platform | undefined;
  let input: SstopInput;
  try {
    // An agent can be asked, and a recording played, where nothing can be collected.
    platform =
      settings.agent === undefined && settings.playbackPath === undefined ? currentPlatform() : undefined;
    input = await openInput(settings, platform, log);
  } catch (thrown) {
    return failed(thrown, 'start', (await isUsageError(thrown, settings)) ? EXIT_USAGE : EXIT_FAILURE, log);
  }
  const keepStartMemory = giveBackStartMemory(log);
  let code: number;
  try {
    code =
      settings.output === 'screen'
        ? await (await import('./sstop-screen.ts')).runScreen(settings, input, platform?.signaller)
        : await (await import('./sstop-stream.ts')).runSstopStream(settings, input);
  } catch (thrown) {
    code = failed(thrown, 'run', EXIT_FAILURE, log);
  }
  keepStartMemory();
  const isRecorded = await input.close();
  return isRecorded || code !== EXIT_OK ? code : EXIT_FAILURE;
}

/** The screen has its own way to do this, which gives the terminal back first. */
function endOnExceptions(log: EventLog): void {
  const end = (thrown: unknown): never => {
    log.lastWords('error', 'exception', exceptionFields(thrown));
    endByError('sstop', thrown);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function failed(thrown: unknown, op: string, code: number, log: EventLog): number {
  const error = toOpError(op, thrown);
  complain('sstop', error.message);
  log.event('error', 'failed', { op: error.op, code: error.code, message: error.message });
  return code;
}

/** A file that was named and cannot be used is the command line's fault; all else is the machine's. */
async function isUsageError(thrown: unknown, settings: Settings): Promise<boolean> {
  const { recordPath, playbackPath, geoipPath, agent } = settings;
  if (recordPath !== undefined || playbackPath !== undefined || geoipPath !== undefined) return true;
  if (agent === undefined) return false;
  const { isAgentNamedWrong } = await import('./agent-target.ts');
  return isAgentNamedWrong(toOpError('start', thrown));
}

function print(text: string, exitCode: number): number {
  if (exitCode === 0) process.stdout.write(text);
  else complain('sstop', text.trimEnd().replace(/^sstop: /, ''));
  return exitCode;
}
