import { isWatchable, system } from '../platforms/index.ts';
import type { SocktopOptions } from '../src/programs/cli/socktop-options.ts';
import { loadProfile, type Profile, profilesPath } from '../src/programs/config/profiles.ts';
import { localObstacle } from '../src/programs/shared/screen-session.ts';
import { namesWithPorts } from '../src/programs/socktop/host-names.ts';
import {
  type Choice,
  chooseProfile,
  DEMO_PROFILE,
  hasProfile,
  rememberProfile,
} from '../src/programs/socktop/profile-choice.ts';
import type { Intervals } from '../src/programs/socktop/socktop-settings.ts';
import { type AgentTarget, type AgentWish, agentTarget, wishOf } from './agent-connect.ts';

/** An agent to be shown. */
export interface NamedAgent {
  readonly name: string;
  readonly wish: AgentWish;
  readonly target: AgentTarget;
}

/** What is to be shown; nothing has been opened or connected yet. */
export type Shown =
  | { readonly kind: 'local' | 'demo' | 'playback' | 'history' | 'nothing' }
  | { readonly kind: 'agents'; readonly agents: readonly NamedAgent[]; readonly intervals: Intervals };

type Environment = Readonly<Record<string, string | undefined>>;

const NO_INTERVALS: Intervals = { metricsIntervalMillis: undefined, processesIntervalMillis: undefined };

/**
 * Resolves which agents to show, from options, saved profiles, and questions if the user can be asked. Throws OpError
 * with a one-line message for the user.
 */
export async function resolveShown(
  options: SocktopOptions,
  canChoose: boolean,
  environment: Environment,
): Promise<Shown> {
  const { urls, profiles } = options;
  const path = profilesPath(system.configFolder(environment));
  if (urls.length === 0 && profiles.length === 0) {
    return canChoose
      ? shownByChoice(
          chooseProfile(path, localObstacle('socktop', { isWatchable, system })),
          options,
          environment,
        )
      : { kind: 'nothing' };
  }
  const [profileName] = profiles;
  const [url] = urls;
  if (profileName !== undefined && url !== undefined)
    return saveProfileOf(profileName, url, options, environment, path);
  if (isDemoProfile(profiles, path)) return { kind: 'demo' };
  const fromProfiles = profiles.map((name) => ({ name, profile: loadProfile(name, path) }));
  const fromUrls = urls.map((each) => ({ name: undefined, profile: profileOf(each, options) }));
  const [first] = fromProfiles;
  const agents = [...fromProfiles, ...fromUrls].map(({ name, profile }) =>
    namedAgent(name, profile, options, environment),
  );
  const names = namesWithPorts(agents.map(({ name, target }) => ({ ...target.agent, name })));
  return {
    kind: 'agents',
    agents: agents.map((agent, at) => ({ ...agent, name: names[at]! })),
    intervals: first ? first.profile : NO_INTERVALS,
  };
}

/** One line for each thing that would be connected to; without tokens. */
export function describeShown(shown: Shown): readonly string[] {
  switch (shown.kind) {
    case 'agents':
      return shown.agents.map(describeAgent);
    case 'local':
      return ['this machine, without an agent'];
    case 'demo':
      return ['an agent inside this program'];
    case 'playback':
      return ['a recording'];
    case 'history':
      return ['a history'];
    case 'nothing':
      return ['nothing'];
  }
}

function describeAgent({ name, target }: NamedAgent): string {
  const { agent, trust, token } = target;
  if (agent.ssh !== undefined) {
    return `${name}: ${agent.url}, over ssh, with socktop-agent if installed there, else a POSIX shell`;
  }
  const certificates =
    trust.kind === 'system'
      ? "certificate checked against the system's authorities, host name checked"
      : `pinned certificate SHA-256 ${trust.certificates.fingerprints.slice(0, 4).join(', ')}, host name ${trust.verifyHostname ? 'checked' : 'not checked'}`;
  const security = agent.isEncrypted ? `TLS, ${certificates}` : 'no TLS';
  return `${name}: ${agent.url}, ${security}, ${token === undefined ? 'no token' : 'with a token'}`;
}

/** Name of the demo, unless the user saved a profile under that name. */
function isDemoProfile(profiles: readonly string[], path: string): boolean {
  return profiles.length === 1 && profiles[0] === DEMO_PROFILE && !hasProfile(DEMO_PROFILE, path);
}

async function saveProfileOf(
  name: string,
  url: string,
  options: SocktopOptions,
  environment: Environment,
  path: string,
): Promise<Shown> {
  const profile = profileOf(url, options);
  // What cannot be used is not saved.
  const agent = namedAgent(name, profile, options, environment);
  await rememberProfile(name, profile, options.save, path);
  return { kind: 'agents', agents: [agent], intervals: profile };
}

function shownByChoice(choice: Choice, options: SocktopOptions, environment: Environment): Shown {
  if (choice.kind !== 'profile') return { kind: choice.kind };
  const { name, profile } = choice;
  return { kind: 'agents', agents: [namedAgent(name, profile, options, environment)], intervals: profile };
}

/** Options go before the profile. */
function namedAgent(
  name: string | undefined,
  profile: Profile,
  options: SocktopOptions,
  environment: Environment,
): NamedAgent {
  const wish = wishOf(profile.url, options, profile);
  const target = agentTarget(wish, environment);
  return { name: name ?? target.agent.hostName, wish, target };
}

function profileOf(url: string, options: SocktopOptions): Profile {
  return {
    url,
    tlsCaPath: options.tlsCaPath,
    verifyHostname: options.verifyHostname,
    tokenFile: options.tokenFile,
    metricsIntervalMillis: options.metricsIntervalMillis,
    processesIntervalMillis: options.processesIntervalMillis,
  };
}
