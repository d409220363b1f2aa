import { isTestOrBench, MODULE_OWNERS, ROOMS, refusalOf, resolveImport, roomOf } from './import-table.ts';
import { checkOutsidePaths } from './outside-paths.ts';
import { importsOf, readSource, type SourceText } from './source-text.ts';

/** One place that breaks a rule. */
export interface Finding {
  /** From the root. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

/** A rule that is a pattern in code or comments. */
interface PatternRule {
  readonly pattern: RegExp;
  readonly what: string;
  readonly in: keyof SourceText;
  /** Whether the rule holds for the file at this path. */
  readonly holds?: (path: string) => boolean;
}

const LINES_LIMIT = 500;
/** Words joined by hyphens, parts by dots: `pid-stat.ts`, `pid-stat.test.ts`, `processes.namespaces.test.ts`. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|mjs|c|h)$/;
const VAGUE_NAMES = /^(utils?|helpers?|types|misc|common|index)\.ts$/;

/** Who starts other programs; the last of them one with the rights and the environment of the user. */
const STARTING = [
  'platforms/linux/child-program.ts',
  'platforms/darwin/commands.ts',
  'platforms/ssh-program.ts',
];

const isProduct = (path: string): boolean => !isTestOrBench(path);

/** The tools of the project are run by developers, platforms/ opens files of the kernel, and the terminal is no file. */
const OPENERS = ['src/kit/files/', 'src/screen/terminal/terminal-output.ts', 'platforms/', 'bin/dev/'];
const opensUserFiles = (path: string): boolean =>
  isProduct(path) && !OPENERS.some((opener) => path.startsWith(opener));

const PATTERN_RULES: readonly PatternRule[] = [
  { in: 'code', pattern: /\b(new|throw)\s+Error\s*\(/g, what: 'a bare Error: use OpError', holds: isProduct },
  {
    in: 'code',
    pattern: /\bextends\s+Error\b/g,
    what: 'a second base class of errors: extend OpError',
    holds: (path) => path !== 'src/kit/errors/op-error.ts',
  },
  { in: 'code', pattern: /\bcatch\s*(\([^()]*\))?\s*\{\s*\}/g, what: 'an empty catch' },
  { in: 'code', pattern: /\.catch\s*\(\s*(\([^()]*\)|\w+)\s*=>\s*\{\s*\}\s*\)/g, what: 'an empty catch' },
  {
    in: 'code',
    pattern: /\bprocess\s*\.\s*(exit|reallyExit)\s*\(/g,
    what: 'process.exit outside bin/',
    // A fixture is a program of its own that a test starts.
    holds: (path) => !path.startsWith('bin/') && !path.endsWith('.fixture.ts'),
  },
  { in: 'code', pattern: /[:<|&(,]\s*any\b(?!\s*[:(.=])|\b(as|extends|of)\s+any\b/g, what: 'the type any' },
  { in: 'comments', pattern: /@ts-(ignore|expect-error|nocheck)\b/g, what: 'the compiler told to look away' },
  { in: 'comments', pattern: /\b(TODO|FIXME|XXX)\b/g, what: 'unfinished: do it, or write an issue' },
  { in: 'comments', pattern: /biome-ignore\s+\S+\s*:?\s*$/gm, what: 'a lint rule put off without a reason' },
  {
    in: 'code',
    pattern: /\bBun\s*\.\s*serve\b/g,
    what: 'Bun.serve outside src/remote/agent/',
    holds: (path) => isProduct(path) && !path.startsWith('src/remote/agent/'),
  },
  {
    in: 'code',
    pattern: /\b(process|os)\s*\.\s*platform\b/g,
    what: 'the name of the system outside platforms/',
    // The project's own tools build for other systems than theirs.
    holds: (path) => isProduct(path) && !path.startsWith('platforms/') && !path.startsWith('bin/dev/'),
  },
  {
    in: 'code',
    pattern: /\bBun\s*\.\s*(spawn|spawnSync|which)\b/g,
    what: 'a program started outside platforms/*/child-program.ts, commands.ts and ssh-program.ts',
    holds: (path) => isProduct(path) && !path.startsWith('bin/dev/') && !STARTING.includes(path),
  },
  {
    in: 'code',
    pattern:
      /\b(open|readFile|writeFile|appendFile|copyFile|cp|truncate|opendir)(Sync)?\b(?=[^{}]*\}\s*from\b)|\bcreate(Read|Write)Stream\b|\bBun\s*\.\s*(file|write)\b/g,
    what: 'a file opened outside src/kit/files/, so with more than the rights of the user',
    holds: opensUserFiles,
  },
  { in: 'code', pattern: /\.(only|todo)\s*\(/g, what: 'a test alone or to do', holds: isTestOrBench },
];

/** All that is wrong with one file by itself. */
export function checkFile(path: string, source: string): Finding[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const findings: Finding[] = [];
  if (!NAME.test(name)) findings.push({ path, line: 1, what: 'the file name is not kebab-case' });
  if (VAGUE_NAMES.test(name) && path !== 'platforms/index.ts') {
    findings.push({ path, line: 1, what: 'the file name says nothing' });
  }
  if (!path.endsWith('.ts')) return findings;
  const lines = source.split('\n').length - 1;
  if (lines >= LINES_LIMIT && !/\.(test|generated)\.ts$/.test(name)) {
    findings.push({
      path,
      line: lines,
      what: `${lines} lines: at ${LINES_LIMIT} a file is more than one idea`,
    });
  }
  const text = readSource(source);
  findings.push(...checkPatterns(path, source, text), ...checkSkips(path, source, text));
  findings.push(...checkImports(path, source, text), ...checkRoom(path));
  for (const { index, what } of checkOutsidePaths(path, source, text)) {
    findings.push(finding(path, source, index, what));
  }
  return findings;
}

/** Arrows between the sources of the project; tests and benches have none, for nothing hangs on them. */
export function arrowsOf(path: string, source: string): (readonly [string, string])[] {
  if (isTestOrBench(path) || !path.endsWith('.ts')) return [];
  return importsOf(source).flatMap(({ specifier }) => {
    const to = specifier === undefined ? undefined : resolveImport(path, specifier);
    return to === undefined ? [] : [[path, to] as const];
  });
}

function checkPatterns(path: string, source: string, text: SourceText): Finding[] {
  return PATTERN_RULES.filter((rule) => rule.holds?.(path) ?? true).flatMap((rule) =>
    [...text[rule.in].matchAll(rule.pattern)].map((match) => finding(path, source, match.index, rule.what)),
  );
}

/** A test that may not run says in its name what it needs, for the name is all that a reader of the result sees. */
function checkSkips(path: string, source: string, text: SourceText): Finding[] {
  const call = /\.(?:skip|skipIf|runIf|if)\s*\(/g;
  if (!isTestOrBench(path)) return [];
  return [...text.code.matchAll(call)]
    .filter((match) => {
      const statement = source.slice(match.index, match.index + 400);
      return !/(['"`])[^'"`]*\b(needs?|only|without|where|because)\b/.test(statement);
    })
    .map((match) => finding(path, source, match.index, 'a test skipped without "needs ..." in its name'));
}

function checkImports(path: string, source: string, text: SourceText): Finding[] {
  return importsOf(source, text).flatMap(({ specifier, line }) => {
    const what = refusalOfSpecifier(path, specifier);
    return what === undefined ? [] : [{ path, line, what }];
  });
}

function refusalOfSpecifier(path: string, specifier: string | undefined): string | undefined {
  if (specifier === undefined) {
    return isTestOrBench(path) ? undefined : 'an import whose module is not known before it runs';
  }
  const to = resolveImport(path, specifier);
  if (to !== undefined) return refusalOf(path, to);
  const owners = MODULE_OWNERS[specifier];
  if (owners === undefined || isTestOrBench(path)) return undefined;
  const isOwner = owners.some((owner) => path === owner || (owner.endsWith('/') && path.startsWith(owner)));
  return isOwner ? undefined : `${specifier} belongs to ${owners.join(' and ')}`;
}

/** Every folder of src/ has its line in the table. */
function checkRoom(path: string): Finding[] {
  if (!path.startsWith('src/') || isTestOrBench(path) || ROOMS[roomOf(path)] !== undefined) return [];
  return [{ path, line: 1, what: `${roomOf(path)} is not in the import table` }];
}

function finding(path: string, source: string, index: number, what: string): Finding {
  return { path, line: source.slice(0, index).split('\n').length, what };
}
