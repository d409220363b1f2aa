import { hostname } from 'node:os';
import {
  currentPlatform,
  isTerminal,
  isWatchable,
  lockFile,
  lowerPrivileges,
  raisePrivileges,
  secondsEastOfUtc,
  system,
} from '../platforms/index.ts';
import type { Platform, Signaller } from '../src/data/sample/platform.ts';
import type { Snapshot, Want } from '../src/data/sample/snapshot.ts';
import type { Source } from '../src/data/source/source.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { useLocalTime } from '../src/kit/text/format.ts';
import type { HistoryOptions, Invocation } from '../src/programs/cli/options.ts';
import { type SocktopOptions, usualSocktopOptions } from '../src/programs/cli/socktop-options.ts';
import type { KeptHistory } from '../src/programs/shared/kept-history.ts';
import {
  complain,
  EXIT_FAILURE,
  EXIT_OK,
  EXIT_USAGE,
  printOutcome,
} from '../src/programs/shared/messages.ts';
import { historyIn } from '../src/programs/shared/past.ts';
import { localObstacle, screenObstacle } from '../src/programs/shared/screen-session.ts';
import type { SocktopHost } from '../src/programs/socktop/socktop-host.ts';
import { readSocktopSettings, type SocktopSettings } from '../src/programs/socktop/socktop-settings.ts';
import { THEME_NAMES } from '../src/screen/style/theme.ts';
import { buildVersion } from './executable.ts';
import type { Shown } from './socktop-hosts.ts';
import { show, showHistory, showRecording, withPast } from './socktop-show.ts';

/** socktop from its arguments to its exit code. The code of a mode is loaded only for it. */
export async function runSocktop(argv: readonly string[]): Promise<number> {
  // Times on the command line are local ones.
  if (secondsEastOfUtc !== undefined) useLocalTime(secondsEastOfUtc);
  const invocation = await invoked(argv);
  if (invocation.kind === 'print') return printOutcome('socktop', invocation);
  const { options } = invocation;
  if ((options.local || options.demo) && !canShowThisMachine()) return EXIT_USAGE;
  const isTop = options.lookBack?.top === true;
  const needsScreen = options.output === 'screen' && !options.dryRun && !options.measure && !isTop;
  const obstacle = needsScreen ? screenObstacle(system, isTerminal) : undefined;
  if (obstacle !== undefined) {
    complain('socktop', `${obstacle}; use --once, --json or --csv without one`);
    return EXIT_USAGE;
  }
  // Profiles, configuration, certificates and recordings are files that the user names: the user's rights alone open
  // them.
  lowerPrivileges();
  let shown: Shown;
  try {
    shown = await findShown(options);
  } catch (thrown) {
    return await usageError(thrown);
  }
  return runShown(options, shown);
}

/** False: it has said why not. */
function canShowThisMachine(): boolean {
  const obstacle = localObstacle('socktop', { isWatchable, system });
  if (obstacle !== undefined) complain('socktop', obstacle);
  return obstacle === undefined;
}
async function invoked(argv: readonly string[]): Promise<Invocation<SocktopOptions>> {
  const usual = usualSocktopOptions(argv);
  if (usual !== undefined) return { kind: 'run', options: usual };
  const [{ parseSocktopArguments }, { plainSortKeys }] = await Promise.all([
    import('../src/programs/cli/socktop-command.ts'),
    import('../src/data/query/machine-process-rows.ts'),
  ]);
  const named = { themeNames: THEME_NAMES, machineSortKeys: plainSortKeys() };
  const vocabulary = { version: buildVersion(system), ...named };
  const invocation = parseSocktopArguments(argv, vocabulary);
  if (invocation.kind === 'run') return invocation;
  const { helpColors } = await import('../src/programs/cli/arguments.ts');
  return parseSocktopArguments(argv, vocabulary, await helpColors(isTerminal));
}

/** Help, version and errors of the command line need no agent code. */
async function findShown(options: SocktopOptions): Promise<Shown> {
  if (options.local) return { kind: 'local' };
  const isRemote = options.urls.length + options.profiles.length > 0;
  if (options.history !== undefined && !isRemote) return { kind: 'history' };
  if (options.demo) return { kind: 'demo' };
  if (options.playbackPath !== undefined) return { kind: 'playback' };
  const [{ resolveShown }, { canAsk }] = await Promise.all([
    import('./socktop-hosts.ts'),
    import('../src/programs/shared/messages.ts'),
  ]);
  return resolveShown(options, canAsk(), process.env);
}

async function runShown(options: SocktopOptions, shown: Shown): Promise<number> {
  if (shown.kind === 'nothing') return endWithoutChoice();
  if ((shown.kind === 'local' || shown.kind === 'demo') && !canShowThisMachine()) return EXIT_USAGE;
  if (options.dryRun) {
    const { describeShown } = await import('./socktop-hosts.ts');
    const text = describeShown(shown)
      .map((line) => `${line}\n`)
      .join('');
    return printOutcome('socktop', { text, exitCode: EXIT_OK });
  }
  const intervals = shown.kind === 'agents' ? shown.intervals : undefined;
  const { settings, problems } = await readSocktopSettings(options, intervals, process.env, system);
  for (const message of problems) complain('socktop', message);
  try {
    switch (shown.kind) {
      case 'demo':
        return await (await import('./socktop-agents.ts')).runDemo(settings);
      case 'agents':
        return await (await import('./socktop-agents.ts')).runAgents(settings, shown.agents);
      case 'local':
        return await runLocal(settings);
      case 'history':
        return await showHistory(settings, settings.history?.path ?? '');
      case 'playback':
        return await showRecording(settings, settings.playbackPath ?? '');
    }
  } catch (thrown) {
    complain('socktop', toOpError('run', thrown).message);
    return isNamedWrong(thrown) ? EXIT_USAGE : EXIT_FAILURE;
  }
}

/** A file that was named and cannot be used is the command line's fault; all else is the machine's. */
function isNamedWrong(thrown: unknown): boolean {
  const { op } = toOpError('run', thrown);
  return ['read recording', 'write recording', 'play recording', 'write history', 'open folder'].includes(op);
}

/** Nothing was picked from the list. */
async function endWithoutChoice(): Promise<number> {
  const { canAsk } = await import('../src/programs/shared/messages.ts');
  if (canAsk()) return EXIT_OK;
  const ways = isWatchable ? 'a URL, --profile, --demo or --local' : 'a URL or --profile';
  complain('socktop', `no machine given: add ${ways} (see socktop --help)`);
  return EXIT_USAGE;
}

async function runLocal(settings: SocktopSettings): Promise<number> {
  const { history, recordPath } = settings;
  const kept = history === undefined ? undefined : await keepHistory(history, settings.output === 'screen');
  const machine = new LocalMachine(settings.network.sniff, kept?.history);
  try {
    // A screen is painted before anything of the machine is opened.
    if (settings.output !== 'screen') await machine.open();
    const { source, ...facts } = machine.host;
    const past = history !== undefined && recordPath === undefined ? historyIn(history.path) : undefined;
    const host = past === undefined ? machine.host : await withPast(facts, source, past, settings);
    const code = await show(settings, [host], true);
    host.travel?.closePast();
    return code;
  } finally {
    await kept?.history.close();
    machine.close();
    if (kept?.problem !== undefined) complain('socktop', kept.problem);
  }
}

/** A history of this machine. An error that ends it is printed at once, or after the screen closes. */
async function keepHistory(
  options: HistoryOptions,
  hasScreen: boolean,
): Promise<{ readonly history: KeptHistory; problem: string | undefined }> {
  const { KeptHistory } = await import('../src/programs/shared/kept-history.ts');
  const kept = {
    problem: undefined as string | undefined,
    history: await KeptHistory.open(options, lockFile, ({ message }) => {
      if (hasScreen) kept.problem = message;
      else complain('socktop', message);
    }),
  };
  return kept;
}

/** This machine, opened when its first sample is asked for. */
class LocalMachine implements Source {
  readonly host: SocktopHost;
  #opening: Promise<Source> | undefined;
  #platform: Platform | undefined;
  readonly #sniff: boolean;
  #isClosed = false;
  readonly #kept: KeptHistory | undefined;

  /**
   * @param sniff as NetworkOptions has it
   * @param kept a history of it, from when it is opened
   */
  constructor(sniff: boolean, kept: KeptHistory | undefined) {
    this.#sniff = sniff;
    this.#kept = kept;
    const signaller: Signaller = {
      send: (...which) => this.#platform?.signaller.send(...which) ?? 'not-permitted',
    };
    const userName = (uid: number): string => this.#platform?.userName(uid) ?? String(uid >>> 0);
    this.host = { name: hostname(), source: this, link: undefined, signaller, userName };
  }

  /** Rejects with OpError where this machine cannot be watched. */
  open(): Promise<Source> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    const source = await this.open();
    return source.sample(want, deadlineMicros);
  }

  close(): void {
    this.#isClosed = true;
    void this.#opening?.then(
      (source) => source.close(),
      // Whoever asked for it was told.
      () => undefined,
    );
  }

  async #open(): Promise<Source> {
    const [{ LocalSource }, platform] = await Promise.all([
      import('../src/data/source/local-source.ts'),
      currentPlatform(),
    ]);
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    raisePrivileges();
    this.#platform = platform;
    const mayLoadPrograms = this.#kept === undefined ? 'later' : true;
    const source = new LocalSource(platform, { tier: 'auto', sniff: this.#sniff, mayLoadPrograms });
    this.#kept?.start(source);
    return source;
  }
}

async function usageError(thrown: unknown): Promise<number> {
  const error = toOpError('start', thrown);
  const { isAgentNamedWrong } = await import('./agent-connect.ts');
  complain('socktop', error.message);
  if (isAgentNamedWrong(error)) return EXIT_USAGE;
  return ['EACCES', 'EROFS', 'ENOSPC', 'LOCKED'].includes(error.code) ? EXIT_FAILURE : EXIT_USAGE;
}
