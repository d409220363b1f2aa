import { currentPlatform, lowerPrivileges, raisePrivileges } from '../platforms/index.ts';
import { parseSocktopArguments, type SocktopOptions } from '../src/apps/cli/socktop-command.ts';
import { LocalSystemSource } from '../src/data/source/local-system-source.ts';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { THEME_NAMES } from '../src/screen/style/themes.ts';
import { EXIT_FAILURE, EXIT_USAGE } from './exit-codes.ts';
import { complain } from './messages.ts';
import { screenObstacle } from './screen-obstacle.ts';
import type { SocktopHost } from './socktop-host.ts';
import { runSocktopScreen } from './socktop-screen.ts';
import { readSocktopSettings } from './socktop-settings.ts';
import { VERSION } from './version.ts';

/** socktop from its arguments to its exit code. */
export async function runSocktop(argv: readonly string[]): Promise<number> {
  const isColored = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  const vocabulary = { version: VERSION, themeNames: THEME_NAMES };
  const invocation = parseSocktopArguments(argv, vocabulary, isColored);
  if (invocation.kind === 'print') {
    if (invocation.exitCode === 0) process.stdout.write(invocation.text);
    else complain('socktop', invocation.text.trimEnd().replace(/^socktop: /, ''));
    return invocation.exitCode;
  }
  const { options } = invocation;
  const obstacle = options.output === 'screen' && !options.dryRun ? screenObstacle() : undefined;
  if (obstacle !== undefined) {
    complain('socktop', `${obstacle}; --once, --json and --csv need none`);
    return EXIT_USAGE;
  }
  // Profiles, configuration, certificates and recordings are files that the user names: the user's rights alone open them.
  lowerPrivileges();
  return runWith(options);
}

async function runWith(options: SocktopOptions): Promise<number> {
  const { settings, problems } = readSocktopSettings(options, undefined, process.env);
  for (const message of problems) complain('socktop', message);
  let hosts: readonly SocktopHost[] = [];
  try {
    hosts = openHosts(options);
    return await runSocktopScreen(settings, hosts);
  } catch (thrown) {
    complain('socktop', toOpError('run', thrown).message);
    return EXIT_FAILURE;
  } finally {
    for (const { source } of hosts) source.close();
  }
}

function openHosts(options: SocktopOptions): readonly SocktopHost[] {
  if (!options.local) {
    throw new OpError({
      op: 'open',
      code: 'ENOTSUP',
      message: 'this version shows this machine alone: --local',
    });
  }
  const platform = currentPlatform();
  raisePrivileges();
  return [
    {
      name: platform.host.hostName,
      source: new LocalSystemSource(platform, { tier: 'auto' }),
      link: undefined,
      signaller: platform.signaller,
    },
  ];
}
