import { isTestOrBench } from './import-table.ts';
import { type ModuleNames, readModuleNames } from './module-names.ts';
import type { Finding } from './rules.ts';

/** What is started, not imported: the programs, and the project's own tools. */
const PROGRAMS = 'bin/main.ts';
const TOOLS: readonly string[] = [
  // `npm run build`, `npm run release`, `npm test`, `npm run check`; the test runs the rules of the house.
  ...['bin/dev/build.ts', 'bin/dev/release.ts', 'bin/dev/test.ts', 'bin/dev/check.ts', 'src/tidy.test.ts'],
  // Make documents, pictures and code that are kept in the repository.
  ...[
    'bin/dev/keybindings.ts',
    'bin/dev/manual.ts',
    'bin/dev/message-lists.ts',
    'bin/dev/wire-code.ts',
    'bin/dev/runtime-variables.ts',
  ],
  ...['bin/dev/screenshots.ts', 'bin/dev/screenshot-actor.ts', 'bin/dev/source-tree.ts'],
];

/**
 * Product code that only tools, tests and benches use, or nobody; and tools that no tool uses. `sources` maps every path
 * from the root to its text.
 *
 * A file is used if an entry point imports it, directly or through other files. An export is used if used code names
 * it, in another file or in its own. So a test may import a parser that its own file calls. An export that is named
 * in its own file alone, and that no test imports either, must lose the keyword `export`.
 */
export function findUnusedCode(
  sources: ReadonlyMap<string, string>,
  tools: readonly string[] = TOOLS,
): Finding[] {
  const modules = new Map(Array.from(sources, ([path, source]) => [path, readModuleNames(path, source)]));
  const byPrograms = new UsedCode(modules, [PROGRAMS]);
  const byTools = new UsedCode(modules, tools);
  const imported = importedExports(modules);
  const missing = [PROGRAMS, ...tools].filter((path) => !modules.has(path));
  const findings: Finding[] = missing.map((path) => ({
    path,
    line: 1,
    what: 'an entry point that is not there',
  }));
  for (const { path, exports } of modules.values()) {
    if (isTestOrBench(path) || /\.(generated|d)\.ts$/.test(path)) continue;
    const used = path.startsWith('bin/dev/') ? byTools : byPrograms;
    if (!used.hasFile(path)) {
      findings.push({ path, line: 1, what: 'no product code imports this file' });
      continue;
    }
    for (const { name, local, line } of exports) {
      if (!used.hasName(path, local)) {
        findings.push({ path, line, what: `no product code uses the export ${name}` });
      } else if (!imported.has(keyOf(path, name)) && !imported.has(keyOf(path, '*'))) {
        findings.push({ path, line, what: `no other file imports ${name}: remove the keyword export` });
      }
    }
  }
  return findings;
}

function keyOf(path: string, name: string): string {
  return `${path} ${name}`;
}

/** Keys of all exports that any file imports, tests included; `*` for a whole module. */
function importedExports(modules: ReadonlyMap<string, ModuleNames>): ReadonlySet<string> {
  const imports = Array.from(modules.values(), (module) => module.imports).flat();
  return new Set(
    imports.flatMap(({ to, names }) => names?.map(({ exported }) => keyOf(to, exported)) ?? [keyOf(to, '*')]),
  );
}

/** What can be reached from the files that were added. */
class UsedCode {
  readonly #modules: ReadonlyMap<string, ModuleNames>;
  readonly #files = new Set<string>();
  /** Keys of names as their own file, or a file that imports them, calls them. */
  readonly #names = new Set<string>();

  constructor(modules: ReadonlyMap<string, ModuleNames>, entryPoints: readonly string[]) {
    this.#modules = modules;
    for (const path of entryPoints) this.addFile(path);
  }

  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  hasName(path: string, local: string): boolean {
    return this.#names.has(keyOf(path, local));
  }

  /** A file's statements are used as soon as it is imported, its declarations only when something names them. */
  addFile(path: string): void {
    const module = this.#modules.get(path);
    if (module === undefined || this.#files.has(path)) return;
    this.#files.add(path);
    for (const name of module.statementNames) this.#addName(module, name);
    for (const { to, names } of module.imports) {
      this.addFile(to);
      if (names === undefined) this.#addExports(to, undefined);
    }
  }

  /** The export of this name; undefined: every export. */
  #addExports(path: string, name: string | undefined): void {
    const module = this.#modules.get(path);
    for (const found of module?.exports ?? []) {
      if (name === undefined || found.name === name) this.#addName(module!, found.local);
    }
  }

  #addName(module: ModuleNames, name: string): void {
    const key = keyOf(module.path, name);
    if (this.#names.has(key)) return;
    this.#names.add(key);
    for (const declaration of module.declarations) {
      if (declaration.name !== name) continue;
      for (const inner of declaration.names) this.#addName(module, inner);
    }
    for (const { to, names } of module.imports) {
      for (const { local, exported } of names ?? []) {
        if (local === name) this.#addExports(to, exported);
      }
    }
  }
}
