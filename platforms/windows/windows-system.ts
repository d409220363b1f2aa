import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment, NameFiles, System } from '../../src/data/sample/system.ts';

/** Where Windows is when nothing says where it is. */
const USUAL_ROOT = 'C:\\Windows';

/** Windows 10 (1809) and later. A console is no device file, and no shell stops or resumes programs. */
export function windowsSystem(environment: Environment): System {
  return {
    name: 'windows',
    terminalPath: undefined,
    hasJobControl: false,
    nameFiles: nameFiles(environment),
    terminalEnvironment,
    configFolder,
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

/** `%APPDATA%\socktop`, the folder for the settings of a user that roam with him. */
function configFolder(environment: Environment): string {
  const base = environment['APPDATA'] ?? '';
  return join(isAbsolute(base) ? base : join(homedir(), 'AppData', 'Roaming'), 'socktop');
}
