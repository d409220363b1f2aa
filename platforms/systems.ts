import type { Environment, System } from '../src/data/sample/system.ts';
import { LINUX, MACOS, posixSystem } from './posix-system.ts';
import { windowsSystem } from './windows/windows-system.ts';

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
      return posixSystem(platformName);
  }
}
