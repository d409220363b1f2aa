import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `$XDG_CONFIG_HOME/socktop`, by default `~/.config/socktop` (XDG Base Directory 0.8). */
export function configFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_CONFIG_HOME'] ?? '';
  // By the specification a relative path is to be ignored.
  if (isAbsolute(base)) return join(base, 'socktop');
  const home = environment['HOME'] ?? '';
  return join(isAbsolute(home) ? home : homedir(), '.config', 'socktop');
}
