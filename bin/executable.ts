import manifest from '../package.json' with { type: 'json' };
import type { System } from '../src/data/sample/platform.ts';

/** The programs in the one executable; the name it is started under chooses. */
export type Role = 'sstop' | 'socktop' | 'socktop-agent';

/** Longest first, so that `socktop_agent` is no `socktop`. */
const PREFIXES: readonly (readonly [prefix: string, role: Role])[] = [
  ['socktop-agent', 'socktop-agent'],
  ['socktop_agent', 'socktop-agent'],
  ['socktop', 'socktop'],
  ['sstop', 'sstop'],
];

/**
 * The role of a program's name or path, by its longest known prefix (`sstop-linux-amd64`, `SOCKTOP.EXE`); sstop for an
 * unknown name.
 */
export function roleOf(programName: string): Role {
  const folderEnd = Math.max(programName.lastIndexOf('/'), programName.lastIndexOf('\\'));
  const base = programName.slice(folderEnd + 1).toLowerCase();
  for (const [prefix, role] of PREFIXES) if (base.startsWith(prefix)) return role;
  return 'sstop';
}

/** The version of all three programs. */
export const VERSION: string = manifest.version;

/** What `--version` prints after the name: the version, what it was built from, and whether anybody has tried it. */
export function buildVersion({ untried }: Pick<System, 'untried'>): string {
  const facts = [process.env['SSTOP_REVISION'] ?? 'from source', ...(untried === undefined ? [] : [untried])];
  return `${VERSION} (${facts.join(', ')})`;
}

/** Where the parts of a compiled executable are. */
const COMPILED_ROOT = '/$bunfs/';

/** Path of this executable; undefined when running from source, where the user runs any code anyway. */
export function compiledExecutable(): string | undefined {
  return Bun.main.startsWith(COMPILED_ROOT) ? process.execPath : undefined;
}
