import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment, NameFiles, System } from '../src/data/sample/system.ts';

const FOLDER = 'socktop';

const POSIX = {
  terminalPath: '/dev/tty',
  hasJobControl: true,
  terminalEnvironment: (environment: Environment) => environment,
  configFolder,
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

export const LINUX: System = { ...POSIX, name: 'linux', nameFiles: LINUX_NAMES };
export const MACOS: System = { ...POSIX, name: 'macos', nameFiles: MACOS_NAMES };

/** Any other POSIX system, by the name that the runtime has for it. */
export function posixSystem(name: string): System {
  return { ...LINUX, name };
}

/** `$XDG_CONFIG_HOME/socktop`, by default `~/.config/socktop` (XDG Base Directory 0.8), on macOS too. */
function configFolder(environment: Environment): string {
  const base = environment['XDG_CONFIG_HOME'] ?? '';
  // By the specification a relative path is to be ignored.
  if (isAbsolute(base)) return join(base, FOLDER);
  const home = environment['HOME'] ?? '';
  return join(isAbsolute(home) ? home : userInfo().homedir, '.config', FOLDER);
}
