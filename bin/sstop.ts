import { hostname } from 'node:os';
import {
  currentPlatform,
  examineMachine,
  ignoreUnnamedSignals,
  isTerminal,
  isWatchable,
  lockFile,
  lowerPrivileges,
  raisePrivileges,
  restartWithoutPrivileges,
  secondsEastOfUtc,
  system,
  terminalControl,
} from '../platforms/index.ts';
import type { TotalsWish } from '../src/data/sample/totals-kind.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { useLocalTime } from '../src/kit/text/format.ts';
import type { Invocation } from '../src/programs/cli/options.ts';
import {
  type AgentOptions,
  type SstopOptions,
  usualSstopOptions,
} from '../src/programs/cli/sstop-options.ts';
import { EventLog, exceptionFields } from '../src/programs/shared/event-log.ts';
import {
  complain,
  EXIT_FAILURE,
  EXIT_OK,
  EXIT_USAGE,
  printOutcome,
} from '../src/programs/shared/messages.ts';
import { localObstacle, screenObstacle } from '../src/programs/shared/screen-session.ts';
import { readSettings, type Settings } from '../src/programs/shared/settings.ts';
import { startFields } from '../src/programs/sstop/log-events.ts';
import type { OpenedInput } from '../src/programs/sstop/sstop-screen.ts';
import type { RemoteSource } from '../src/remote/client/remote-source.ts';
import { THEME_NAMES } from '../src/screen/style/theme.ts';
import { buildVersion, compiledExecutable, VERSION } from './executable.ts';
import { endByError, endOnExceptions } from './last-words.ts';
import { giveBackStartMemory } from './start-memory.ts';

/** sstop from its arguments to its exit code. The code of a mode is loaded only for it. */
export async function runSstop(argv: readonly string[]): Promise<number> {
  // Times on the command line are local ones.
  if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
  const invocation = await invoked(argv);
  if (invocation.kind === 'print') return printOutcome('sstop', invocation);
  const { options } = invocation;
  const isLocal = options.doctor || (options.totals === undefined && isWatched(options));
  const lacking = isLocal ? localObstacle('sstop', { isWatchable, system }) : undefined;
  if (lacking !== undefined) {
    complain('sstop', options.doctor ? `--doctor: ${lacking}` : lacking);
    return EXIT_USAGE;
  }
  if (options.doctor) return runDoctor(options.output === 'json');
  if (options.totals !== undefined) return runTotals(options, options.totals);
  const needsScreen = options.output === 'screen' && options.lookBack?.top !== true;
  const obstacle = needsScreen ? screenObstacle(system, isTerminal) : undefined;
  if (obstacle !== undefined) {
    complain('sstop', `${obstacle}; use --once, --json or --csv without one`);
    return EXIT_USAGE;
  }
  // Configuration, databases, recordings and the log are files that the user names: the user's rights alone open them.
  lowerPrivileges();
  const executable = compiledExecutable();
  if (executable !== undefined && (await needsNoPrivilegeAfterwards(options))) {
    await restartWithoutPrivileges(executable, argv, options.sniff ?? options.history === undefined);
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

async function invoked(argv: readonly string[]): Promise<Invocation<SstopOptions>> {
  const usual = usualSstopOptions(argv, system.tiers);
  if (usual !== undefined) return { kind: 'run', options: usual };
  const [{ parseSstopArguments }, { PROCESS_SORT_KEYS }, { FILTER_KEYS }] = await Promise.all([
    import('../src/programs/cli/sstop-command.ts'),
    import('../src/views/network/network-process-list.ts'),
    import('../src/data/query/filter/filter-term.ts'),
  ]);
  const vocabulary = {
    ...{ version: buildVersion(system), tiers: system.tiers, themeNames: THEME_NAMES },
    ...{ sortKeys: PROCESS_SORT_KEYS, filterKeys: FILTER_KEYS },
  };
  const invocation = parseSstopArguments(argv, vocabulary);
  if (invocation.kind === 'run') return invocation;
  const { helpColors } = await import('../src/programs/cli/arguments.ts');
  return parseSstopArguments(argv, vocabulary, await helpColors(isTerminal));
}

/** `sstop --doctor`: what can be counted here, what is missing, and how to get it. Exit code 0 whatever is found. */
async function runDoctor(asJson: boolean): Promise<number> {
  try {
    const platform = await currentPlatform();
    const found = await examineMachine?.(compiledExecutable());
    if (found === undefined) throw new OpError({ op: 'examine this machine', code: 'ENOTSUP' });
    const { doctorText } = await import('../src/programs/sstop/doctor-text.ts');
    const text = asJson
      ? found.json(VERSION)
      : doctorText(
          `sstop ${VERSION} on this machine (+ available, - missing)`,
          found.sections((uid) => platform.userName(uid)),
        );
    const { StandardOutput } = await import('../src/programs/shared/stream.ts');
    await new StandardOutput().write(text);
    return EXIT_OK;
  } catch (thrown) {
    complain('sstop', toOpError('examine this machine', thrown).message);
    return EXIT_FAILURE;
  }
}

/** `sstop --totals`: of the history in a folder, or of an agent. */
async function runTotals(options: SstopOptions, wish: TotalsWish): Promise<number> {
  const { history, agent, durationMillis } = options;
  lowerPrivileges();
  let remote: RemoteSource | undefined;
  try {
    const [{ printTotals }, { historyIn, historyOf }] = await Promise.all([
      import('../src/programs/sstop/history-reports.ts'),
      import('../src/programs/shared/past.ts'),
    ]);
    remote = agent === undefined ? undefined : await connectAgent(agent, durationMillis);
    const { totals } = remote === undefined ? historyIn(history?.path ?? '') : historyOf(remote);
    return await printTotals(totals, wish, options.output === 'json');
  } catch (thrown) {
    const error = toOpError('read totals', thrown);
    complain('sstop', error.message);
    return agent === undefined || (await isAgentNamedWrong(error)) ? EXIT_USAGE : EXIT_FAILURE;
  } finally {
    remote?.close();
  }
}

/** Whether this machine is collected from, now. */
function isWatched({
  agent,
  playbackPath,
  lookBack,
}: Pick<Settings, 'agent' | 'playbackPath' | 'lookBack'>): boolean {
  return agent === undefined && playbackPath === undefined && lookBack === undefined;
}

/**
 * A stream that counts in the kernel only reads on; a screen may have to send signals, other tiers to look for owners.
 */
async function needsNoPrivilegeAfterwards(options: SstopOptions): Promise<boolean> {
  if (options.output === 'screen' || options.playbackPath !== undefined || options.history !== undefined) {
    return false;
  }
  const { agent, backend } = (await readSettings(options, process.env, system)).settings;
  return agent === undefined && (backend === 'auto' || backend === 'ebpf');
}

async function runLogged(options: SstopOptions, log: EventLog): Promise<number> {
  const beganMillis = performance.now();
  const { settings, problems } = await readSettings(options, process.env, system);
  log.event('info', 'start', startFields(settings, VERSION));
  for (const message of problems) {
    complain('sstop', message);
    log.event('warning', 'configuration', { message });
  }
  // The screen has its own way to do this, which gives the terminal back first.
  if (settings.output !== 'screen') {
    endOnExceptions((thrown) => {
      log.lastWords('error', 'exception', exceptionFields(thrown));
      endByError('sstop', thrown);
    });
  }
  const code = await runWith(settings, log);
  log.event('info', 'exit', { code, seconds: Math.round(performance.now() - beganMillis) / 1000 });
  await log.close();
  if (log.error !== undefined) complain('sstop', log.error.message);
  return code;
}

async function runWith(settings: Settings, log: EventLog): Promise<number> {
  let opening: Promise<OpenedInput> | undefined;
  const open = (): Promise<OpenedInput> => {
    opening ??= openAsked(settings, log);
    return opening;
  };
  let keepStartMemory: (() => void) | undefined;
  let op = 'start';
  let code: number;
  try {
    if (!isPaintedFirst(settings)) await open();
    op = 'run';
    keepStartMemory = giveBackStartMemory(log);
    code = await run(settings, log, open);
  } catch (thrown) {
    const isUsage = op === 'start' && (await isUsageError(thrown, settings));
    code = tellFailure(thrown, op, isUsage ? EXIT_USAGE : EXIT_FAILURE, log);
  }
  keepStartMemory?.();
  // What could not be opened was told.
  const opened = await opening?.catch(() => undefined);
  const isRecorded = (await opened?.input.close()) ?? true;
  return isRecorded || code !== EXIT_OK ? code : EXIT_FAILURE;
}

/**
 * What the user names, a file or an agent, is tried before the screen is taken; this machine is opened behind its first
 * frame.
 */
function isPaintedFirst({ output, agent, playbackPath, recordPath, geoipPath, history }: Settings): boolean {
  const named = [agent, playbackPath, recordPath, geoipPath, history];
  return output === 'screen' && named.every((each) => each === undefined);
}

async function openAsked(settings: Settings, log: EventLog): Promise<OpenedInput> {
  // Agents and recordings work where this machine cannot be monitored.
  const platform = isWatched(settings) ? await currentPlatform() : undefined;
  const { openInput } = await import('../src/programs/sstop/sstop-input.ts');
  const outside = { platform, nameFiles: system.nameFiles, raisePrivileges, connectAgent, lock: lockFile };
  return { input: await openInput(settings, outside, log), signaller: platform?.signaller };
}

async function run(settings: Settings, log: EventLog, open: () => Promise<OpenedInput>): Promise<number> {
  const past = settings.lookBack?.top === true ? (await open()).input.travel?.playback : undefined;
  if (past !== undefined && settings.lookBack !== undefined) {
    const { printTop } = await import('../src/programs/sstop/history-reports.ts');
    return printTop(past, settings.lookBack, settings.output === 'json');
  }
  if (settings.output !== 'screen') {
    const { runSstopStream } = await import('../src/programs/sstop/network-stream.ts');
    return runSstopStream(settings, (await open()).input);
  }
  const { runScreen } = await import('../src/programs/sstop/sstop-screen.ts');
  const machineName = isWatched(settings) ? hostname() : undefined;
  const outside = { system, terminalControl, secondsEastOfUtc, ignoreUnnamedSignals };
  return runScreen(settings, { ...outside, log, machineName, open });
}

/** Loaded only for an agent. */
async function connectAgent(
  options: AgentOptions,
  durationMillis: number | undefined,
): Promise<RemoteSource> {
  return (await import('./agent-connect.ts')).connectAgent(options, durationMillis);
}

function tellFailure(thrown: unknown, op: string, code: number, log: EventLog): number {
  const error = toOpError(op, thrown);
  complain('sstop', error.message);
  log.event('error', 'failed', { op: error.op, code: error.code, message: error.message });
  return code;
}

/** A file that was named and cannot be used is the command line's fault; all else is the machine's. */
async function isUsageError(thrown: unknown, settings: Settings): Promise<boolean> {
  const { recordPath, playbackPath, geoipPath, history, agent } = settings;
  const ownHistory = agent === undefined ? history : undefined;
  if ([recordPath, playbackPath, geoipPath, ownHistory].some((named) => named !== undefined)) return true;
  return agent !== undefined && isAgentNamedWrong(toOpError('start', thrown));
}

async function isAgentNamedWrong(error: OpError): Promise<boolean> {
  return (await import('./agent-connect.ts')).isAgentNamedWrong(error);
}
