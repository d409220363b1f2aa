import { currentPlatform, lowerPrivileges, raisePrivileges } from '../platforms/index.ts';
import { parseSocktopArguments, type SocktopOptions } from '../src/apps/cli/socktop-command.ts';
import { LocalSystemSource } from '../src/data/source/local-system-source.ts';
import { toOpError } from '../src/kit/errors/op-error.ts';
import { THEME_NAMES } from '../src/screen/style/themes.ts';
import { type Contact, contact, openAgent } from './agent-connect.ts';
import { agentTarget, isAgentNamedWrong } from './agent-target.ts';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from './exit-codes.ts';
import { complain } from './messages.ts';
import { canAsk } from './prompt.ts';
import { screenObstacle } from './screen-obstacle.ts';
import { DEMO_URL, DemoAgent } from './socktop-demo.ts';
import type { SocktopHost } from './socktop-host.ts';
import { describedShown, type NamedAgent, resolveShown, type Shown } from './socktop-hosts.ts';
import { readSocktopSettings, type SocktopSettings } from './socktop-settings.ts';
import { measure, show, showRecording } from './socktop-show.ts';
import { Stop } from './stop.ts';
import { VERSION } from './version.ts';

/** socktop from its arguments to its exit code. */
export async function runSocktop(argv: readonly string[]): Promise<number> {
  const isColored = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  const vocabulary = { version: VERSION, themeNames: THEME_NAMES };
  const invocation = parseSocktopArguments(argv, vocabulary, isColored);
  if (invocation.kind === 'print') {
    if (invocation.exitCode === EXIT_OK) process.stdout.write(invocation.text);
    else complain('socktop', invocation.text.trimEnd().replace(/^socktop: /, ''));
    return invocation.exitCode;
  }
  const { options } = invocation;
  const needsScreen = options.output === 'screen' && !options.dryRun && !options.measure;
  const obstacle = needsScreen ? screenObstacle() : undefined;
  if (obstacle !== undefined) {
    complain('socktop', `${obstacle}; --once, --json and --csv need none`);
    return EXIT_USAGE;
  }
  // Profiles, configuration, certificates and recordings are files that the user names: the user's rights alone open them.
  lowerPrivileges();
  let shown: Shown;
  try {
    shown = await resolveShown(options, canAsk(), process.env);
  } catch (thrown) {
    return usageError(thrown);
  }
  return runShown(options, shown);
}

async function runShown(options: SocktopOptions, shown: Shown): Promise<number> {
  if (shown.kind === 'nothing') return abandoned();
  if (options.dryRun) {
    for (const line of describedShown(shown)) process.stdout.write(`${line}\n`);
    return EXIT_OK;
  }
  const intervals = shown.kind === 'agents' ? shown.intervals : undefined;
  const { settings, problems } = readSocktopSettings(options, intervals, process.env);
  for (const message of problems) complain('socktop', message);
  try {
    switch (shown.kind) {
      case 'demo':
        return await runDemo(settings);
      case 'agents':
        return await runAgents(settings, shown.agents);
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

/** Nothing was picked: that is an answer where somebody was asked. */
function abandoned(): number {
  if (canAsk()) return EXIT_OK;
  complain('socktop', 'which machine? Give a URL, --profile, --demo or --local (see socktop --help)');
  return EXIT_USAGE;
}

async function runDemo(settings: SocktopSettings): Promise<number> {
  // Until the screen has its own, no signal may end the program without a word.
  const stop = new Stop(['SIGINT', 'SIGTERM', 'SIGHUP']);
  raisePrivileges();
  const demo = new DemoAgent(currentPlatform());
  try {
    const wish = { url: DEMO_URL, tlsCaPath: undefined, verifyHostname: false, tokenFile: undefined };
    const target = agentTarget(wish, {});
    const code = await runAgents(settings, [{ name: 'demo', wish, target }], stop);
    return stop.signal === undefined ? code : exitCodeOfSignal(stop.signal);
  } finally {
    // Standard output may be a stream of figures.
    await demo.stop(settings.output === 'screen' ? process.stdout : process.stderr);
    stop.release();
  }
}

/** `demo`: the agent is this process's own, and a signal may have come before there is a screen to take it. */
async function runAgents(
  settings: SocktopSettings,
  agents: readonly NamedAgent[],
  demo?: Stop,
): Promise<number> {
  const hosts: SocktopHost[] = [];
  try {
    const contacts = await contactAll(agents);
    for (const [at, { source, error }] of contacts.entries()) {
      const { name } = agents[at]!;
      hosts.push({ name, source, link: source, signaller: undefined });
      // Of several hosts one that is down is a row that says so; of one there would be nothing to see.
      if (error !== undefined && agents.length === 1) {
        complain('socktop', `${agents[at]!.target.agent.url}: ${error.message}`);
        return EXIT_FAILURE;
      }
    }
    if (demo?.signal !== undefined) return exitCodeOfSignal(demo.signal);
    if (settings.measure) return await measure(settings, hosts[0]!.name, contacts[0]!.source);
    return await show(settings, hosts, demo !== undefined);
  } finally {
    for (const { source } of hosts) source.close();
  }
}

/**
 * One is waited for. Of several only those are about which there may be a question, one after another, so that
 * questions do not mix: one that is down must not keep the others from the screen.
 */
async function contactAll(agents: readonly NamedAgent[]): Promise<readonly Contact[]> {
  const contacts: Contact[] = [];
  for (const { target, wish } of agents) {
    const isWaitedFor = agents.length === 1 || target.keptCertificatePath !== undefined;
    if (isWaitedFor) contacts.push(await contact(target, wish.verifyHostname));
    else contacts.push({ source: openAgent(target), error: undefined });
  }
  return contacts;
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
    source: new LocalSystemSource(platform, { tier: 'auto' }),
    link: undefined,
    signaller: platform.signaller,
    userName: (uid) => platform.userName(uid),
  };
}

function usageError(thrown: unknown): number {
  const error = toOpError('start', thrown);
  complain('socktop', error.message);
  if (isAgentNamedWrong(error)) return EXIT_USAGE;
  return ['EACCES', 'EROFS', 'ENOSPC', 'LOCKED'].includes(error.code) ? EXIT_FAILURE : EXIT_USAGE;
}
