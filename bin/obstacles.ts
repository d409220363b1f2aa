import { isWatchable, system } from '../platforms/index.ts';

/** Why there can be no screen here, if so. */
export function screenObstacle(): string | undefined {
  if (process.stdout.isTTY !== true) return 'the screen needs a terminal, and standard output is none';
  if (process.stdin.isTTY !== true) return 'the screen needs a terminal, and standard input is none';
  const term = system.terminalEnvironment(process.env)['TERM'] ?? '';
  if (term === '' || term === 'dumb')
    return `the screen needs a terminal with a cursor, and TERM is "${term}"`;
  return undefined;
}

/** Why this machine itself cannot be shown, in one line with what can be; undefined: it can. */
export function localObstacle(program: 'sstop' | 'socktop'): string | undefined {
  if (isWatchable) return undefined;
  return `this system cannot be watched directly (${system.name}); give the URL of an agent: ${program} wss://HOST:8443/ws`;
}
