import { OpError } from '../src/kit/errors/op-error.ts';
import type { SocktopHost } from './socktop-host.ts';
import type { SocktopSettings } from './socktop-settings.ts';

/** Runs the dashboard on this terminal until it is left; resolves to the exit code. The hosts stay open. */
export async function runSocktopScreen(
  _settings: SocktopSettings,
  hosts: readonly SocktopHost[],
): Promise<number> {
  const names = hosts.map(({ name }) => name).join(', ');
  throw new OpError({
    op: 'screen',
    code: 'ENOTSUP',
    message: `this version has no dashboard yet, for ${names}`,
  });
}
