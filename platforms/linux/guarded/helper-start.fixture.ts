import { fileURLToPath } from 'node:url';
import { LinuxPlatform } from '../linux-platform.ts';
import { ContainerNames } from '../processes/container-names.ts';
import { GuardedNames, GuardedSpace } from './guarded-space.ts';

const SCRIPT = fileURLToPath(new URL('file-system-helper.ts', import.meta.url));

/**
 * Asks file systems as the programs do, but leaves this process the capabilities of its children: all tests run in one
 * process, and later ones need them.
 */
export function guardedSpace(): GuardedSpace {
  return new GuardedSpace({ start: startHelper });
}

/** The helper from its sources. */
export function startHelper(): Bun.Subprocess<'pipe', 'pipe', 'ignore'> {
  return Bun.spawn([process.execPath, SCRIPT], { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' });
}

/** This machine, as above; nobody is asked for users beside. */
export function testPlatform(): LinuxPlatform {
  const containers = new ContainerNames({ source: new GuardedNames({ start: startHelper }) });
  return new LinuxPlatform({ space: guardedSpace(), containers, userLookup: async () => undefined });
}
