import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolveImport } from './dev/tidy/import-table.ts';

interface Start {
  /** The modules that are imported dynamically on this way; each brings what it imports statically. */
  readonly modules: readonly string[];
  /** Thousands of bytes of code, without comments, types and packages: some 3 % above what they are. */
  readonly mostKilobytes: number;
}

const FIRST = [...['bin/main.ts', 'platforms/linux/start-calls.ts', 'platforms/linux/linux-platform.ts']];
const SCREEN = [...FIRST, 'src/data/source/local-source.ts'];

const NETWORK_SCREEN = [
  ...[...SCREEN, 'bin/sstop.ts', 'src/programs/sstop/sstop-screen.ts'],
  ...['src/programs/sstop/sstop-input.ts', 'platforms/linux/network/network.ts'],
  'src/data/attribution/network-attribution.ts',
];

/** What is loaded until a screen of this machine has its first rows, and until an agent waits for the first client. */
const STARTS = {
  'sstop without privileges': { modules: NETWORK_SCREEN, mostKilobytes: 865 },
  'sstop with programs in the kernel': {
    modules: [
      ...[
        ...NETWORK_SCREEN,
        'platforms/linux/bpf/network-accounting.ts',
        'platforms/linux/bpf/exit-recorder.ts',
      ],
      ...['platforms/linux/sockets/sockets-ebpf.ts', 'platforms/linux/processes/processes-bpf.ts'],
    ],
    mostKilobytes: 1022,
  },
  socktop: {
    modules: [
      ...[...SCREEN, 'bin/socktop.ts', 'bin/socktop-show.ts'],
      ...['src/programs/socktop/socktop-screen.ts', 'platforms/linux/machine/machine.ts'],
    ],
    mostKilobytes: 675,
  },
  'socktop-agent': {
    modules: [...FIRST, 'bin/socktop-agent.ts', 'platforms/linux/service-manager.ts'],
    mostKilobytes: 520,
  },
} satisfies Record<string, Start>;
/**
 * Modules of the runtime and packages that a screen may load. The others cost up to 12 ms of CPU each, most of them for
 * the runtime's streams: node:tty (process.stdin, process.stdout, chalk), node:net, node:crypto, node:zlib.
 */
const ALLOWED = [
  ...['bun:ffi', 'node:buffer', 'node:fs', 'node:os', 'node:path'],
  // It imports none of the costly ones.
  'mmdb-lib',
];

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const transpiler = new Bun.Transpiler({ loader: 'ts', minifyWhitespace: true });

interface Loaded {
  /** Modules outside this project by one file that imports them. */
  readonly outside: ReadonlyMap<string, string>;
  /** Of code of this project. */
  readonly bytes: number;
}

function loadedWith(entries: readonly string[]): Loaded {
  const outside = new Map<string, string>();
  const seen = new Set<string>();
  let bytes = 0;
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !path.endsWith('.ts')) continue;
    seen.add(path);
    const text = readFileSync(`${ROOT}${path}`, 'utf8');
    bytes += transpiler.transformSync(text).length;
    for (const { kind, path: specifier } of transpiler.scanImports(text)) {
      // What `require()` names is loaded when it is first used.
      if (kind === 'dynamic-import' || kind === 'require-call') continue;
      const inside = resolveImport(path, specifier);
      if (inside === undefined) outside.set(specifier, path);
      else waiting.push(inside);
    }
  }
  return { outside, bytes };
}

test('a screen of this machine loads no module of the runtime that costs more than its first frame', () => {
  const { outside } = loadedWith([
    ...STARTS['sstop with programs in the kernel'].modules,
    ...STARTS.socktop.modules,
  ]);
  const costly = [...outside].filter(([specifier]) => !ALLOWED.includes(specifier));
  expect(costly.map(([specifier, path]) => `${path} imports ${specifier}`)).toEqual([]);
});

// A module that was imported dynamically and is now part of one that is loaded at the start makes every start slower.
test.each(Object.entries(STARTS))('%s loads no more code than it needs', (_, { modules, mostKilobytes }) => {
  const kilobytes = loadedWith(modules).bytes / 1000;
  expect(kilobytes).toBeLessThanOrEqual(mostKilobytes);
  // A bound that is far above what is loaded would not notice.
  expect(kilobytes).toBeGreaterThan(mostKilobytes * 0.85);
});
