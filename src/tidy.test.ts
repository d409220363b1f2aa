import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  FLOORS,
  findFolderCycle,
  isTestOrBench,
  MODULE_OWNERS,
  ROOMS,
} from '../bin/dev/tidy/import-table.ts';
import { unneededOwners } from '../bin/dev/tidy/outside-paths.ts';
import { arrowsOf, checkFile } from '../bin/dev/tidy/rules.ts';
import { importsOf, readSource } from '../bin/dev/tidy/source-text.ts';
import { findUnusedCode } from '../bin/dev/tidy/unused-code.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SOURCES = ['bench', 'bin', 'platforms', 'src']
  .flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => /\.(ts|tsx|js|mjs|c|h)$/.test(path) && !path.includes('/testdata/'))
  .sort();

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const whatOf = (path: string, source: string): string[] => checkFile(path, source).map(({ what }) => what);

describe('the house', () => {
  test('keeps its rules in every source', () => {
    expect(SOURCES.length).toBeGreaterThan(20);
    const findings = SOURCES.flatMap((path) => checkFile(path, read(path)));
    expect(findings.map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
  });

  test('has no folders that import each other', () => {
    expect(findFolderCycle(SOURCES.flatMap((path) => arrowsOf(path, read(path))))).toBeUndefined();
  });

  test('has no code that only tests use, and no file that nothing imports', () => {
    const sources = SOURCES.filter((path) => path.endsWith('.ts'));
    const findings = findUnusedCode(new Map(sources.map((path) => [path, read(path)])));
    expect(findings.map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
  }, 60_000);

  test('has no two product files of the same name', () => {
    const names = SOURCES.filter((path) => path.endsWith('.ts') && !isTestOrBench(path)).map((path) =>
      basename(path),
    );
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('lets nobody touch files who does not', () => {
    expect(unneededOwners(new Map(SOURCES.map((path) => [path, read(path)])))).toEqual([]);
  });

  test('shows the import table in docs/ARCHITECTURE.md as it is enforced', () => {
    const page = read('docs/ARCHITECTURE.md');
    const table = { ...FLOORS, ...ROOMS, ...MODULE_OWNERS };
    const rows = Object.entries(table).map(
      ([name, allowed]) => `| ${name} | ${allowed.length === 0 ? 'nothing' : allowed.join(', ')} |`,
    );
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  });

  test('pins every package to one version', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const versions: string[] = Object.values({ ...dependencies, ...devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe('each rule can fail', () => {
  const plain = 'src/data/rates/a.ts';
  const cases: readonly (readonly [string, string, string])[] = [
    [plain, "import { a } from '../source/a.ts';", 'data/rates may not import data/source'],
    [plain, "import type { A } from '../../screen/style/a.ts';", 'data/rates may not import screen/style'],
    [plain, "export * from '../query/a.ts';", 'data/rates may not import data/query'],
    [plain, "const a = await import('../query/a.ts');", 'data/rates may not import data/query'],
    [plain, "type A = import('../query/a.ts').A;", 'data/rates may not import data/query'],
    [plain, "import '../query/a.ts';", 'data/rates may not import data/query'],
    [plain, 'import {\n  a,\n  b,\n} from "../query/a.ts";', 'data/rates may not import data/query'],
    [
      plain,
      "import { a } from '../../../bench/harness.ts';",
      'bench/harness.ts is for tests and benches alone',
    ],
    [plain, "import { a } from '../../../bin/main.ts';", 'data/rates may not import bin'],
    [plain, "import { a } from './b.test.ts';", 'src/data/rates/b.test.ts is for tests and benches alone'],
    [plain, 'const a = await import(name);', 'an import whose module is not known before it runs'],
    [
      plain,
      `const a = await import(\`./\${name}.ts\`);`,
      'an import whose module is not known before it runs',
    ],
    [
      'src/kit/text/a.ts',
      "import { a } from '../../data/sample/a.ts';",
      'kit/text may not import data/sample',
    ],
    ['src/kit/table/a.ts', "import { a } from '../text/a.ts';", 'kit/table may not import kit/text'],
    ['src/kit/errors/a.ts', "import { a } from '../bytes/a.ts';", 'kit/errors may not import kit/bytes'],
    ['src/data/new/a.ts', '', 'data/new is not in the import table'],
    [
      'platforms/linux/a.ts',
      "import { a } from '../../src/data/rates/a.ts';",
      'platforms may not import data/rates',
    ],
    [
      'src/screen/buffer/a.ts',
      "import { a } from '../input/a.ts';",
      'screen/buffer may not import screen/input',
    ],
    [
      'src/views/a/b.ts',
      "import { a } from '../../programs/sstop/a.ts';",
      'views may not import programs/sstop',
    ],
    [
      'src/programs/cli/a.ts',
      "import { a } from '../../data/rates/a.ts';",
      'programs/cli may not import data/rates',
    ],
    ['src/views/a.ts', "import { a } from '../../platforms/index.ts';", 'views may not import platforms'],
    [
      plain,
      "import { ptr } from 'bun:ffi';",
      'bun:ffi belongs to platforms/linux/libc.ts and platforms/linux/nvml/',
    ],
    ['platforms/linux/libc.ts.ts', "import 'bun:ffi';", 'bun:ffi belongs to'],
    [plain, "import dns from 'node:dns';", 'node:dns belongs to src/data/names/'],
    [plain, "import dns from 'node:dns/promises';", 'node:dns/promises belongs to src/data/names/'],
    [plain, "import chalk from 'chalk';", 'chalk belongs to src/programs/cli/'],
    [plain, 'Bun.serve({});', 'Bun.serve outside src/remote/agent/'],
    [plain, "if (process.platform === 'linux') a();", 'the name of the system outside platforms/'],
    ['bin/a.ts', 'a(process . platform);', 'the name of the system outside platforms/'],
    ['bin/a.ts', "import { a } from '../platforms/linux/a.ts';", 'a.ts is behind platforms/index.ts'],
    ['bin/a.ts', "await import('../platforms/windows/a.ts');", 'a.ts is behind platforms/index.ts'],
    [
      'platforms/darwin/a.ts',
      "import { a } from '../linux/a.ts';",
      'platforms/linux/a.ts is of another system',
    ],
    [
      plain,
      "Bun.spawn(['a']);",
      'a program started outside platforms/*/child-program.ts, commands.ts and ssh-program.ts',
    ],
    [plain, "import { exec } from 'node:child_process';", 'node:child_process belongs to bin/dev/'],
    [plain, "import { openSync } from 'node:fs';", 'a file opened outside src/kit/files/'],
    [plain, "import { rmSync, readFile } from 'node:fs/promises';", 'a file opened outside src/kit/files/'],
    [
      'bin/a.ts',
      "import {\n  writeFileSync as w,\n} from 'node:fs';",
      'a file opened outside src/kit/files/',
    ],
    ['bin/a.ts', 'await Bun.write(path, text);', 'a file opened outside src/kit/files/'],
    ['platforms/linux/a.ts', "import { statSync } from 'node:fs';", 'a file outside /proc and /sys'],
    ['platforms/linux/a.ts', 'openAt(AT_FDCWD, path, O_RDONLY);', 'a file outside /proc and /sys'],
    ['platforms/linux/a.ts', "const path = '/mnt/data/x';", 'a file outside /proc and /sys'],
    [plain, '\n'.repeat(500), '500 lines'],
    [plain, "throw new Error('x');", 'a bare Error'],
    [plain, "throw Error('x');", 'a bare Error'],
    [plain, 'class A extends Error {}', 'a second base class of errors'],
    [plain, 'try { a(); } catch {}', 'an empty catch'],
    [plain, 'try { a(); } catch (e) {\n  // never mind\n}', 'an empty catch'],
    [plain, 'a().catch(() => {});', 'an empty catch'],
    [plain, 'process.exit(1);', 'process.exit outside bin/'],
    [plain, 'let a: any;', 'the type any'],
    [plain, 'a as any;', 'the type any'],
    [plain, 'let a: Map<string, any>;', 'the type any'],
    [plain, 'let a: any[] = [];', 'the type any'],
    [plain, `// @ts-${'ignore'}`, 'the compiler told to look away'],
    [plain, `/* ${'TO'}DO later */`, 'unfinished'],
    [plain, `// ${'biome-'}ignore lint/a/b:`, 'a lint rule put off without a reason'],
    ['src/a.test.ts', "test.skip('adds', () => {});", 'a test skipped without "needs ..." in its name'],
    ['src/a.test.ts', "test.skipIf(isRoot)('adds', () => {});", 'a test skipped without "needs ..."'],
    ['src/a.test.ts', "test.only('adds', () => {});", 'a test alone or to do'],
    ['src/kit/text/camelCase.ts', '', 'the file name is not kebab-case'],
    ['src/kit/text/snake_case.ts', '', 'the file name is not kebab-case'],
    ['src/kit/text/a.js', '', 'the file name is not kebab-case'],
    ['src/kit/text/utils.ts', '', 'the file name says nothing'],
    ['src/kit/text/index.ts', '', 'the file name says nothing'],
  ];

  test.each(cases)('%s: %s', (path, source, expected) => {
    expect(whatOf(path, source).join('\n')).toContain(expected);
  });

  test('folders that import each other are found, across a detour too', () => {
    const arrows = [
      ['src/a/x.ts', 'src/b/x.ts'],
      ['src/b/y.ts', 'src/c/x.ts'],
      ['src/c/x.ts', 'src/a/y.ts'],
    ] as const;
    expect(findFolderCycle(arrows)).toEqual(['src/a', 'src/b', 'src/c', 'src/a']);
  });
});

describe('unused code', () => {
  const unused = (files: Readonly<Record<string, string>>, tools: readonly string[] = []): string[] =>
    findUnusedCode(new Map(Object.entries(files)), tools).map(
      ({ path, line, what }) => `${path}:${line} ${what}`,
    );
  const main = "import { a } from '../src/a.ts';\na();";
  const file = 'src/b.ts:1 no product code imports this file';

  test.each<[string, Record<string, string>, string[]]>([
    ['a file that nobody imports', { 'src/a.ts': 'export function a() {}', 'src/b.ts': '' }, [file]],
    [
      'a file that only a test imports',
      {
        'src/a.ts': 'export function a() {}',
        'src/b.ts': 'export const b = 1;',
        'src/b.test.ts': "import { b } from './b.ts';\nb;",
      },
      [file],
    ],
    [
      'files that only import each other',
      {
        'src/a.ts': 'export function a() {}',
        'src/b.ts': "import { c } from './c.ts';\nexport const b = () => c;",
        'src/c.ts': "import { b } from './b.ts';\nexport const c = () => b;",
      },
      [file, 'src/c.ts:1 no product code imports this file'],
    ],
    [
      'an export that only tests, benches and fixtures import',
      {
        'src/a.ts': 'export function a() {}\n\nexport const b = 1;',
        'src/a.test.ts': "import { b } from './a.ts';\nb;",
        'src/a.fixture.ts': "import { b } from './a.ts';\nb;",
        'bench/src/a.bench.ts': "import { b } from '../../src/a.ts';\nb;",
      },
      ['src/a.ts:3 no product code uses the export b'],
    ],
    [
      'an export that is named only by itself and by another unused export',
      {
        'src/a.ts':
          'export function a() {}\nexport function b() {\n  b();\n}\nexport type C = typeof b; // a b',
        'src/a.test.ts': "import { b, type C } from './a.ts';\nb as C;",
      },
      ['src/a.ts:2 no product code uses the export b', 'src/a.ts:5 no product code uses the export C'],
    ],
    [
      'an export that is named in a string, a comment and as a property',
      { 'src/a.ts': "export function a() {\n  // b\n  return ['b', c.b];\n}\nexport const b = 1;" },
      ['src/a.ts:5 no product code uses the export b'],
    ],
    [
      'an export that is used in its own file alone',
      { 'src/a.ts': 'export const b = 1;\nexport function a() {\n  return b;\n}' },
      ['src/a.ts:1 no other file imports b: remove the keyword export'],
    ],
    [
      'a list of exports, and one passed on from another file',
      {
        'src/a.ts': "export { c as d } from './c.ts';\nconst b = 1;\nexport function a() {}\nexport { b };",
        'src/c.ts': 'export const c = 1;',
        'src/a.test.ts': "import { b, d } from './a.ts';\nb + d;",
      },
      [
        'src/a.ts:1 no product code uses the export d',
        'src/a.ts:4 no product code uses the export b',
        'src/c.ts:1 no product code uses the export c',
      ],
    ],
  ])('%s', (_name, files, expected) => {
    expect(unused({ 'bin/main.ts': main, ...files })).toEqual(expected);
  });

  test('a file that only a tool imports belongs to the tools', () => {
    const files = {
      'bin/main.ts': main,
      'src/a.ts': 'export function a() {}',
      'src/b.ts': 'export const b = 1;',
      'bin/dev/c.ts': 'export const c = 1;',
      'bin/dev/tool.ts': "import { b } from '../../src/b.ts';\nimport { c } from './c.ts';\nb + c;",
    };
    expect(unused(files, ['bin/dev/tool.ts'])).toEqual([file]);
  });

  test('an entry point that is gone is a finding', () => {
    expect(unused({})).toEqual(['bin/main.ts:1 an entry point that is not there']);
  });

  test.each<[string, Record<string, string>]>([
    [
      'a parser that its own file calls and a test imports',
      {
        'src/a.ts': 'export function a() {\n  parse();\n}\nexport function parse() {}',
        'src/a.test.ts': "import { parse } from './a.ts';\nparse();",
      },
    ],
    [
      'types, other names, whole modules, and imports at run time',
      {
        'src/a.ts': [
          "import type { B } from './b.ts';",
          "import { b as c } from './b.ts';",
          "import * as d from './d.ts';",
          "import './e.ts';",
          'export async function a(): Promise<B> {',
          "  const { f: g } = await import('./f.ts');",
          "  await (await import('./f.ts')).h();",
          "  const i = await Promise.all([import('./i.ts')]);",
          '  return [...c, d, g, i];',
          '}',
        ].join('\n'),
        'src/b.ts': 'export type B = unknown[];\nexport const b = [];',
        'src/d.ts': 'export const d = 1;',
        'src/e.ts': 'run();',
        'src/f.ts': 'export const f = 1;\nexport function h() {}',
        'src/i.ts': 'export const i = 1;',
      },
    ],
    [
      'what runs when a file is imported',
      {
        'src/a.ts':
          "import { b } from './b.ts';\nif (b) {\n  c();\n}\nexport function a() {}\nfunction c() {}",
        'src/b.ts': 'export const b = 1;',
      },
    ],
    ['generated code', { 'src/a.ts': 'export function a() {}', 'src/b.generated.ts': 'export const b = 1;' }],
  ])('%s is fine', (_name, files) => {
    expect(unused({ 'bin/main.ts': main, ...files })).toEqual([]);
  });
});

describe('what is allowed passes', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['src/data/rates/a.ts', "import { a } from '../sample/a.ts';\nimport { b } from '../../kit/text/b.ts';"],
    ['src/screen/loop/a.ts', "import { a } from '../terminal/a.ts';"],
    ['src/programs/sstop/a.ts', "import { a } from '../../views/network/a.ts';"],
    ['platforms/linux/libc.ts', "import { dlopen } from 'bun:ffi';"],
    ['platforms/linux/nvml/a.ts', "import { dlopen } from 'bun:ffi';"],
    ['bin/main.ts', "import { a } from '../src/programs/sstop/a.ts';\nprocess.exit(1);"],
    ['src/data/rates/a.test.ts', "import { a } from '../../../platforms/linux/libc.ts';"],
    ['src/a.test.ts', "test.skipIf(isRoot)('adds (needs an ordinary user)', () => {});"],
    ['platforms/index.ts', "if (process.platform === 'linux') await import('./linux/a.ts');"],
    ['bin/a.ts', "import { a } from '../platforms/index.ts';"],
    ['src/kit/errors/op-error.ts', 'export class OpError extends Error {}'],
    ['src/data/rates/a.ts', "// throw new Error('x')\nconst a = 'process.exit(1)'; // : any"],
    [
      'src/data/rates/a.ts',
      `const any = 1;\nconst a = \`catch {} \${any} as any\`;\nconst b = /import("x")/;`,
    ],
    ['src/data/rates/a.ts', '\n'.repeat(399)],
    ['src/data/rates/a.test.ts', '\n'.repeat(1000)],
  ];

  test.each(cases)('%s: %s', (path, source) => {
    expect(whatOf(path, source)).toEqual([]);
  });

  test('a front file and its foundations in one folder are no cycle', () => {
    const arrows = [
      ['platforms/linux/front.ts', 'platforms/linux/proc/x.ts'],
      ['platforms/linux/proc/x.ts', 'platforms/linux/libc.ts'],
    ] as const;
    expect(findFolderCycle(arrows)).toBeUndefined();
  });
});

describe('reading sources', () => {
  test('keeps length and lines, and tells code, strings, comments and expressions apart', () => {
    const source = `a('it\\'s'); // no\nconst b = \`x \${c /* y */ + \`\${d}\`} z\`; /* e\nf */ g = h / i; j = /[/'"]/u;\n`;
    const { code, comments } = readSource(source);
    expect(code.length).toBe(source.length);
    expect(comments.length).toBe(source.length);
    expect(code.split('\n').length).toBe(4);
    expect(code.replaceAll(/ +/g, ' ')).toBe(
      `a(' '); \nconst b = \` \${c + \`\${d}\`} \`; \n g = h / i; j = / /u;\n`,
    );
    expect(comments.replaceAll(/\s+/g, ' ').trim()).toBe('// no /* y */ /* e f */');
  });

  test('finds the lines of imports', () => {
    const source =
      "// from 'x'\nimport a, { b } from './a.ts';\nconst c = Array.from('d');\nexport {\n  e,\n} from './e.ts';";
    expect(importsOf(source)).toEqual([
      { specifier: './a.ts', line: 2 },
      { specifier: './e.ts', line: 6 },
    ]);
  });
});
