import { isatty } from 'node:tty';
import {
  currentPlatform,
  isWatchable,
  lowerPrivileges,
  raisePrivileges,
  system,
} from '../platforms/index.ts';
import { LocalSource } from '../src/data/source/local-source.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { parseSocktopArguments, type SocktopOptions } from '../src/programs/cli/socktop-command.ts';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from '../src/programs/shared/exit-codes.ts';
import { complain, printOutcome } from '../src/programs/shared/messages.ts';
import { localObstacle, screenObstacle } from '../src/programs/shared/screen-session.ts';
import type { SocktopHost } from '../src/programs/socktop/socktop-host.ts';
import { readSocktopSettings, type SocktopSettings } from '../src/programs/socktop/socktop-settings.ts';
import { THEME_NAMES } from '../src/screen/style/theme.ts';
import { BUILD_VERSION } from './executable.ts';
import type { Shown } from './socktop-hosts.ts';
import { show, showRecording } from './socktop-show.ts';

/** socktop from its arguments to its exit code. The code of a mode is loaded only for it. */
export async function runSocktop(argv: readonly string[]): Promise<number> {
  const isColored = isatty(1) && (process.env['NO_COLOR'] ?? '') === '';
  const vocabulary = { version: BUILD_VERSION, themeNames: THEME_NAMES };
  const invocation = parseSocktopArguments(argv, vocabulary, isColored);
  if (invocation.kind === 'print') return printOutcome('socktop', invocation);
  const { options } = invocation;
  const lacking =
    options.local || options.demo ? localObstacle('socktop', { isWatchable, system }) : undefined;
  if (lacking !== undefined) {
    complain('socktop', lacking);
    return EXIT_USAGE;
  }
  const needsScreen = options.output === 'screen' && !options.dryRun && !options.measure;
  const obstacle = needsScreen ? screenObstacle(system) : undefined;
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

/** Help, version and errors of the command line need no agent code. */
async function findShown(options: SocktopOptions): Promise<Shown> {
  if (options.local) return { kind: 'local' };
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
  const lacking =
    shown.kind === 'local' || shown.kind === 'demo'
      ? localObstacle('socktop', { isWatchable, system })
      : undefined;
  if (lacking !== undefined) {
    complain('socktop', lacking);
    return EXIT_USAGE;
  }
  if (options.dryRun) {
    const { describeShown } = await import('./socktop-hosts.ts');
    for (const line of describeShown(shown)) process.stdout.write(`${line}\n`);
    return EXIT_OK;
  }
  const intervals = shown.kind === 'agents' ? shown.intervals : undefined;
  const { settings, problems } = readSocktopSettings(options, intervals, process.env, system);
  for (const message of problems) complain('socktop', message);
  try {
    switch (shown.kind) {
      case 'demo':
        return await (await import('./socktop-agents.ts')).runDemo(settings);
      case 'agents':
        return await (await import('./socktop-agents.ts')).runAgents(settings, shown.agents);
      case 'local':
        return await runHosts(settings, [localHost()]);
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
  return op === 'read recording' || op === 'write recording' || op === 'play recording';
}

/** Nothing was picked from the list. */
async function endWithoutChoice(): Promise<number> {
  const { canAsk } = await import('../src/programs/shared/messages.ts');
  if (canAsk()) return EXIT_OK;
  const ways = isWatchable ? 'a URL, --profile, --demo or --local' : 'a URL or --profile';
  complain('socktop', `no machine given: add ${ways} (see socktop --help)`);
  return EXIT_USAGE;
}

async function runHosts(settings: SocktopSettings, hosts: readonly SocktopHost[]): Promise<number> {
  try {
    return await show(settings, hosts, true);
  } finally {
    for (const { source } of hosts) source.close();
  }
}

function localHost(): SocktopHost {
  const platform = currentPlatform();
  raisePrivileges();
  return {
    name: platform.host.hostName,
    source: new LocalSource(platform, { tier: 'auto' }),
    link: undefined,
    signaller: platform.signaller,
    userName: (uid) => platform.userName(uid),
  };
}

async function usageError(thrown: unknown): Promise<number> {
  const error = toOpError('start', thrown);
  const { isAgentNamedWrong } = await import('./agent-connect.ts');
  complain('socktop', error.message);
  if (isAgentNamedWrong(error)) return EXIT_USAGE;
  return ['EACCES', 'EROFS', 'ENOSPC', 'LOCKED'].includes(error.code) ? EXIT_FAILURE : EXIT_USAGE;
}
