import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolveImport } from './dev/tidy/import-table.ts';

/** What is loaded until a screen of this machine has its first rows: each with what it imports statically. */
const LOADED = [
  ...['bin/main.ts', 'bin/sstop.ts', 'bin/socktop.ts', 'bin/socktop-show.ts'],
  ...['src/programs/sstop/sstop-screen.ts', 'src/programs/socktop/socktop-screen.ts'],
  ...['src/programs/sstop/sstop-input.ts', 'src/data/source/local-source.ts'],
  ...[
    'platforms/linux/clock.ts',
    'platforms/linux/terminal-control.ts',
    'platforms/linux/ignored-signals.ts',
  ],
  ...['platforms/linux/effective-capabilities.ts', 'platforms/linux/linux-platform.ts'],
  ...['platforms/linux/machine/machine.ts', 'platforms/linux/network/network.ts'],
];
/**
 * Modules of the runtime and packages that may be among them. The others cost up to 12 ms of CPU each, most of them for
 * the runtime's streams: node:tty (process.stdin, process.stdout, chalk), node:net, node:crypto, node:zlib.
 */
const ALLOWED = [
  ...['bun:ffi', 'node:buffer', 'node:dns', 'node:fs', 'node:os', 'node:path'],
  // These import none of the costly ones.
  ...['ansi-escapes', 'mmdb-lib'],
];

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const transpiler = new Bun.Transpiler({ loader: 'ts' });

/** Modules outside this project by one file that imports them. */
function outsideOf(entries: readonly string[]): ReadonlyMap<string, string> {
  const outside = new Map<string, string>();
  const seen = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !path.endsWith('.ts')) continue;
    seen.add(path);
    for (const { kind, path: specifier } of transpiler.scanImports(readFileSync(`${ROOT}${path}`, 'utf8'))) {
      if (kind === 'dynamic-import') continue;
      const inside = resolveImport(path, specifier);
      if (inside === undefined) outside.set(specifier, path);
      else waiting.push(inside);
    }
  }
  return outside;
}

test('a screen of this machine loads nothing that costs more than its first frame', () => {
  const costly = [...outsideOf(LOADED)].filter(([specifier]) => !ALLOWED.includes(specifier));
  expect(costly.map(([specifier, path]) => `${path} imports ${specifier}`)).toEqual([]);
});
