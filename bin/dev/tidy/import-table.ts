import { posix } from 'node:path';

/** Floors of the house and what each may import; docs/ARCHITECTURE.md shows the same table. */
export const FLOORS: Record<string, readonly string[]> = {
  kit: [],
  data: ['kit'],
  platforms: ['data/schema', 'data/sample', 'kit'],
  remote: ['data', 'kit'],
  screen: ['kit'],
  views: ['data', 'screen', 'kit'],
  programs: ['views', 'data', 'screen', 'kit'],
};

const VIEW_IMPORTS = [
  ...['data/schema', 'data/sample', 'data/rates', 'data/query', 'data/alerts'],
  ...['screen/buffer', 'screen/layout', 'screen/style', 'screen/widgets', 'screen/input'],
];
const PROGRAM_IMPORTS = [
  ...['views', 'programs/config', 'programs/cli', 'data/names', 'data/recording', 'data/source'],
  ...[...VIEW_IMPORTS, 'screen/loop'],
];

/**
 * Rooms of a floor. A room listed here may import of its own floor, and of any floor but kit, only what is named;
 * a folder of these floors that is not listed does not belong there.
 */
export const ROOMS: Record<string, readonly string[]> = {
  'kit/errors': [],
  'kit/table': [],
  'kit/bytes': ['kit/errors'],
  'kit/limits': [],
  'kit/text': [],
  'kit/files': ['kit/errors'],
  'data/schema': [],
  'data/sample': ['data/schema'],
  'data/codec': ['data/schema', 'data/sample'],
  'data/attribution': ['data/schema', 'data/sample'],
  'data/rates': ['data/schema', 'data/sample'],
  'data/names': ['data/schema', 'data/sample'],
  'data/query': ['data/schema', 'data/sample', 'data/rates'],
  'data/alerts': ['data/schema', 'data/sample', 'data/rates', 'data/query'],
  'data/source': ['data/schema', 'data/sample', 'data/attribution'],
  'data/export': ['data/source', 'data/schema', 'data/sample', 'data/rates', 'data/query'],
  'data/recording': [
    'data/codec',
    'data/schema',
    'data/export',
    'data/source',
    'data/sample',
    'data/rates',
    'data/query',
  ],
  'remote/wire': ['data/codec', 'data/schema', 'data/sample', 'data/recording'],
  'remote/agent': [
    ...['remote/wire', 'data/codec', 'data/source', 'data/schema', 'data/sample', 'data/rates'],
    ...['data/recording', 'data/alerts'],
  ],
  'remote/client': [
    ...['remote/wire', 'data/codec', 'data/source', 'data/schema', 'data/sample', 'data/rates'],
    'data/recording',
  ],
  'screen/style': [],
  'screen/layout': [],
  'screen/input': [],
  'screen/buffer': ['screen/style', 'screen/layout'],
  'screen/widgets': ['screen/buffer', 'screen/layout', 'screen/style'],
  'screen/terminal': ['screen/buffer', 'screen/style', 'screen/layout', 'screen/input'],
  'screen/loop': ['screen/terminal', 'screen/input', 'screen/buffer', 'screen/layout'],
  views: VIEW_IMPORTS,
  'programs/cli': ['data/sample'],
  'programs/config': ['screen/style', 'screen/input', 'data/alerts'],
  'programs/shared': [...PROGRAM_IMPORTS, 'screen/terminal'],
  'programs/sstop': ['programs/shared', ...PROGRAM_IMPORTS, 'data/attribution', 'data/export'],
  'programs/socktop': ['programs/sstop', 'programs/shared', ...PROGRAM_IMPORTS, 'data/export'],
};

/** Modules from outside that only their owner may import: a folder (with its slash) or a file, from the root. */
export const MODULE_OWNERS: Record<string, readonly string[]> = {
  'bun:ffi': ['platforms/linux/libc.ts', 'platforms/linux/nvml/', 'platforms/darwin/'],
  'node:child_process': ['bin/dev/'],
  'node:dns': ['src/data/names/'],
  'node:dns/promises': ['src/data/names/'],
  chalk: ['src/programs/cli/'],
};

/** Tests, their helpers and benches import what they exercise; only the project's own tools import them. */
export function isTestOrBench(path: string): boolean {
  return path.startsWith('bench/') || path.includes('/testing/') || /\.(test|fixture)\.ts$/.test(path);
}

/** `kit/text` for `src/kit/text/format.ts`, `platforms` for all of platforms/, `views`, `bin`, `bench`. */
export function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'src') return parts[0]!;
  if (parts[1] === 'views') return 'views';
  return parts.length > 3 ? `${parts[1]}/${parts[2]}` : parts[1]!;
}

/** Why `from` may not import `to` (both paths from the root), or undefined where it may. */
export function refusalOf(from: string, to: string): string | undefined {
  if (isTestOrBench(from) || from.startsWith('bin/dev/')) return undefined;
  if (isTestOrBench(to)) return `${to} is for tests and benches alone`;
  if (isOfOneSystem(to) && !from.startsWith('platforms/')) return `${to} is behind platforms/index.ts`;
  if (isOfOneSystem(to) && isOfOneSystem(from) && systemOf(to) !== systemOf(from)) {
    return `${to} is of another system`;
  }
  const fromRoom = roomOf(from);
  const toRoom = roomOf(to);
  if (fromRoom === 'bin' || fromRoom === toRoom) return undefined;
  const fromFloor = floorOf(fromRoom);
  const toFloor = floorOf(toRoom);
  if (toFloor === 'kit' && fromFloor !== 'kit') return undefined;
  const allowed = ROOMS[fromRoom] ?? FLOORS[fromRoom];
  if (allowed === undefined) return `${fromRoom} is not in the import table`;
  if (allowed.includes(toRoom) || allowed.includes(toFloor)) return undefined;
  return `${fromRoom} may not import ${toRoom}`;
}

/** Whether a source is made for one operating system: another must not even load it. */
function isOfOneSystem(path: string): boolean {
  return /^platforms\/[^/]+\//.test(path);
}

function systemOf(path: string): string | undefined {
  return path.split('/')[1];
}

/** Path from the root of a relative specifier, or undefined for a module from outside. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier);
}

function floorOf(room: string): string {
  return room.split('/')[0]!;
}

/**
 * A cycle among folders as the path around it, or undefined. A folder without inner folders is one place; in any
 * other each file stands for itself, or a folder's front file and its foundations could never both be there.
 */
export function findFolderCycle(arrows: readonly (readonly [string, string])[]): string[] | undefined {
  const files = new Set(arrows.flat());
  const placeOf = placesOf(files);
  const targets = new Map<string, Set<string>>();
  for (const [from, to] of arrows) {
    const [fromPlace, toPlace] = [placeOf(from), placeOf(to)];
    if (fromPlace === toPlace) continue;
    const known = targets.get(fromPlace) ?? new Set();
    targets.set(fromPlace, known.add(toPlace));
  }
  const done = new Set<string>();
  for (const start of targets.keys()) {
    const cycle = walk(start, targets, [], done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function placesOf(files: ReadonlySet<string>): (file: string) => string {
  const branching = new Set<string>();
  for (const file of files) {
    for (let folder = posix.dirname(posix.dirname(file)); folder !== '.'; folder = posix.dirname(folder)) {
      branching.add(folder);
    }
  }
  return (file) => (branching.has(posix.dirname(file)) ? file : posix.dirname(file));
}

function walk(
  place: string,
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  path: readonly string[],
  done: Set<string>,
): string[] | undefined {
  const seenAt = path.indexOf(place);
  if (seenAt >= 0) return [...path.slice(seenAt), place];
  if (done.has(place)) return undefined;
  for (const target of targets.get(place) ?? []) {
    const cycle = walk(target, targets, [...path, place], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(place);
  return undefined;
}
