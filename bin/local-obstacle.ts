import { isWatchable, system } from '../platforms/index.ts';

/** Why this machine itself cannot be shown, in one line with what can be; undefined: it can. */
export function localObstacle(program: 'sstop' | 'socktop'): string | undefined {
  if (isWatchable) return undefined;
  return `this system cannot be watched directly (${system.name}); give the URL of an agent: ${program} wss://HOST:8443/ws`;
}
