import { resolveImport } from './import-table.ts';
import { readSource } from './source-text.ts';

/** A declaration at the top of a file, and every name in its text. Overloads are declarations of the same name. */
interface Declaration {
  readonly name: string;
  readonly names: ReadonlySet<string>;
}

interface Export {
  readonly name: string;
  /** What it is called in its own file. */
  readonly local: string;
  /** From 1. */
  readonly line: number;
}

/** A name that is imported: what it is called here, and what its own file exports it as. */
interface ImportedName {
  readonly local: string;
  readonly exported: string;
}

interface Import {
  /** From the root. */
  readonly to: string;
  /** undefined: the whole module, every export of it. */
  readonly names: readonly ImportedName[] | undefined;
}

/** What a file declares, exports and imports, by name. */
export interface ModuleNames {
  /** From the root. */
  readonly path: string;
  readonly declarations: readonly Declaration[];
  /** Names in statements that run as soon as the file is imported. */
  readonly statementNames: readonly string[];
  readonly exports: readonly Export[];
  readonly imports: readonly Import[];
}

/** A name in code that is no property: `a.b` has `a` alone, `...a` has `a`. */
const NAME = /(?<!(?<!\.\.)\.|[\w$#])[A-Za-z_$][\w$]*/g;
/** Sources are formatted: a line that begins in the first column and closes nothing begins a statement. */
const STATEMENT_START = /^(?=[^\s})\]])/m;
const DECLARATION =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) ([A-Za-z_$][\w$]*)/;
const IMPORT = /^(?:import|(export))\s+(?:type\s+)?([^'";=]*?)\s*\bfrom\s*'|^import\s*'/;
const EXPORT_LIST = /^export\s*(?:type\s*)?\{([^{}]*)\};/;
/** `{ a } = await import('x')`, `(await import('x')).a`, `import('x').A`, or `import('x')` alone. */
const IMPORT_CALL =
  /(?:\{([^{}]*)\}\s*=\s*await\s+)?\bimport\s*\(\s*'( *)'\s*\)(?:\s*\)?\s*\.\s*(?!then\b)([\w$]+))?/g;

export function readModuleNames(path: string, source: string): ModuleNames {
  const declarations: Declaration[] = [];
  const statementNames: string[] = [];
  const exports: Export[] = [];
  const imports: Import[] = [];
  let at = 0;
  let nextLine = 1;
  for (const text of readSource(source).code.split(STATEMENT_START)) {
    const original = source.slice(at, at + text.length);
    const line = nextLine;
    nextLine += text.split('\n').length - 1;
    at += text.length;
    const importing = IMPORT.exec(text);
    const list = EXPORT_LIST.exec(text);
    if (importing !== null) {
      const clause = importing[2] ?? '{}';
      const pairs = clause.includes('{') ? namePairs(clause) : undefined;
      const names = pairs?.map(([exported, local]) => ({ exported, local }));
      imports.push(...importOf(path, original.slice(importing[0].length), names));
      if (importing[1] === 'export') {
        exports.push(...(pairs ?? []).map(([, name]) => ({ name, local: name, line })));
      }
    } else if (list !== null) {
      exports.push(...namePairs(list[1]!).map(([local, name]) => ({ name, local, line })));
    } else {
      const calls = importCalls(path, text, original);
      imports.push(...calls);
      const taken = calls.flatMap(({ names }) => names ?? []).map(({ local }) => local);
      const names = [...Array.from(text.matchAll(NAME), ([name]) => name), ...taken];
      const name = DECLARATION.exec(text)?.[1];
      if (name === undefined) statementNames.push(...names);
      else declarations.push({ name, names: new Set(names) });
      if (name !== undefined && text.startsWith('export ')) exports.push({ name, local: name, line });
    }
  }
  return { path, declarations, statementNames, exports, imports };
}

/** `quoted` begins with the specifier, without its opening quote. Nothing for a module from outside. */
function importOf(path: string, quoted: string, names: Import['names']): Import[] {
  const to = resolveImport(path, quoted.split("'", 1)[0]!);
  return to === undefined ? [] : [{ to, names }];
}

/** Calls of `import()`: with the names that stand beside them, or the whole module. */
function importCalls(path: string, text: string, original: string): Import[] {
  return Array.from(text.matchAll(IMPORT_CALL)).flatMap((match) => {
    const [call, list, , member] = match;
    const pairs = member === undefined ? list && namePairs(list) : [[member, member] as const];
    const names = pairs ? pairs.map(([exported, local]) => ({ exported, local })) : undefined;
    return importOf(path, original.slice(match.index + call.indexOf("'") + 1), names);
  });
}

/** The names before and after `as` (or `:`) in a list in braces: twice the same where there is only one. */
function namePairs(list: string): (readonly [string, string])[] {
  return list
    .replaceAll(/[{}]/g, '')
    .split(',')
    .map((item) => item.trim().replace(/^type\s+/, ''))
    .filter((item) => item !== '')
    .map((item) => {
      const [before, after] = item.split(/\s+as\s+|\s*:\s*/);
      return [before!, after ?? before!] as const;
    });
}
