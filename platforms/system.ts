import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { TIERS_OF } from '../src/data/sample/network-sample.ts';
import type { Environment, NameFiles, System } from '../src/data/sample/platform.ts';

/** The system by the runtime's name of it (`process.platform`). */
export function systemNamed(platformName: string, environment: Environment): System {
  switch (platformName) {
    case 'linux':
      return LINUX;
    case 'darwin':
      return MACOS;
    case 'win32':
      return windowsSystem(environment);
    default:
      return { ...LINUX, name: platformName, tiers: [] };
  }
}

const FOLDER = 'socktop';

const POSIX = {
  terminalPath: '/dev/tty',
  hasJobControl: true,
  terminalEnvironment: (environment: Environment) => environment,
  /** By default `~/.config/socktop` (XDG Base Directory 0.8), on macOS too. */
  configFolder: (environment: Environment) => xdgFolder(environment, 'XDG_CONFIG_HOME', '.config'),
  stateFolder: (environment: Environment) =>
    xdgFolder(environment, 'XDG_STATE_HOME', join('.local', 'state')),
} as const;

const NAME_TABLES = { hostsPath: '/etc/hosts', servicesPath: '/etc/services' } as const;

const LINUX_NAMES: NameFiles = {
  ...NAME_TABLES,
  countryFolders: ['/usr/share/GeoIP', '/var/lib/GeoIP', '/usr/local/share/GeoIP', '/usr/local/var/GeoIP'],
};

/** Homebrew's prefix is another on each of the two architectures. */
const MACOS_NAMES: NameFiles = {
  ...NAME_TABLES,
  countryFolders: [
    '/opt/homebrew/var/GeoIP',
    '/opt/homebrew/share/GeoIP',
    '/usr/local/var/GeoIP',
    '/usr/local/share/GeoIP',
  ],
};

const LINUX: System = {
  ...{ ...POSIX, name: 'linux', nameFiles: LINUX_NAMES },
  ...{ tiers: TIERS_OF.linux, untried: undefined },
};
/** Until a job on macOS has run the tests. */
const MACOS: System = {
  ...{ ...POSIX, name: 'macos', nameFiles: MACOS_NAMES },
  ...{ tiers: TIERS_OF.macos, untried: 'not tried on a Mac' },
};

function xdgFolder(environment: Environment, variable: string, usual: string): string {
  const base = environment[variable] ?? '';
  // By the specification a relative path is to be ignored.
  if (isAbsolute(base)) return join(base, FOLDER);
  const home = environment['HOME'] ?? '';
  return join(isAbsolute(home) ? home : homeOfUser(), usual, FOLDER);
}

/** `/` for a user without an entry, as in a container that names only a user ID: login(1) and Docker do the same. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}

/** Where Windows is when nothing says where it is. */
const USUAL_ROOT = 'C:\\Windows';

/** Windows 10 (1809) and later. A console is no device file, and no shell stops or resumes programs. */
function windowsSystem(environment: Environment): System {
  return {
    name: 'windows',
    tiers: [],
    untried: undefined,
    terminalPath: undefined,
    hasJobControl: false,
    nameFiles: nameFiles(environment),
    terminalEnvironment,
    // Settings roam with the user; states stay on the machine.
    configFolder: ({ APPDATA }) => windowsFolder(APPDATA, 'Roaming'),
    stateFolder: ({ LOCALAPPDATA }) => windowsFolder(LOCALAPPDATA, 'Local'),
  };
}

/** Windows keeps both tables as BSD wrote them, without extensions. It has no usual place for databases of countries. */
function nameFiles(environment: Environment): NameFiles {
  const named = environment['SystemRoot'] ?? '';
  const folder = join(isAbsolute(named) ? named : USUAL_ROOT, 'System32', 'drivers', 'etc');
  return { hostsPath: join(folder, 'hosts'), servicesPath: join(folder, 'services'), countryFolders: [] };
}

/**
 * A console says nothing of itself in the environment. Every one that the runtime starts on understands the sequences
 * of xterm, 24-bit colours and UTF-8 (the runtime sets code page 65001); what somebody has set goes before.
 */
function terminalEnvironment(environment: Environment): Environment {
  const { TERM = '', COLORTERM = '', LC_ALL = '', LC_CTYPE = '', LANG = '' } = environment;
  return {
    ...environment,
    ...(TERM === '' ? { TERM: 'xterm-256color' } : {}),
    ...(TERM === '' && COLORTERM === '' ? { COLORTERM: 'truecolor' } : {}),
    ...(LC_ALL === '' && LC_CTYPE === '' && LANG === '' ? { LC_CTYPE: 'C.UTF-8' } : {}),
  };
}

function windowsFolder(named = '', usual: string): string {
  return join(isAbsolute(named) ? named : join(homedir(), 'AppData', usual), FOLDER);
}
