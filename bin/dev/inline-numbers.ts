import { dirname, join } from 'node:path';

const NUMBER = String.raw`-?\d[\d.]*(?:e[+-]?\d+)?`;
/** As the transpiler prints them. `$` is what `withoutName` adds to a name. */
const IMPORT = /^import \{([^}]*)\} from "(\.[^"]+)";$/gm;
const NUMBER_DECLARATION = new RegExp(`^(?:export )?const (\\w+)\\$? = (${NUMBER});$`, 'gm');
const OBJECT_DECLARATION = new RegExp(
  `^(?:export )?const (\\w+)\\$? = \\{((?:\\s*(?:\\.{3}\\{)?\\s*\\w+: ${NUMBER}(?:\\s*\\})?,?)+)\\s*\\};$`,
  'gm',
);
const MEMBER = new RegExp(`(\\w+): (${NUMBER})`, 'g');

/** What may stand in place of names of a file: of `PAGE_BYTES` or `Flag.LARGE`, the number. */
type Numbers = ReadonlyMap<string, string>;

/**
 * Sources of TypeScript by path, then as JavaScript in which numbers stand in place of the names of constants, also of
 * those that are imported. The bundler makes each such name a variable of its module, which others import: a third of
 * all variables, looked up wherever they are read (docs/decisions/0016-memory-and-start-of-screens.md). Members of
 * objects count if the object is `as const` and nothing but its members is used.
 */
export function inlineNumbers(texts: ReadonlyMap<string, string>): Map<string, string> {
  const plain = new Map(Array.from(texts, ([path, text]) => [path, transpiled(text, {})]));
  const codes = new Map(plain);
  const numbers = new Map<string, Numbers>();
  // A number may be made of others: each round finds those that the one before made known.
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (const [path, code] of codes) {
      const found = numbersOf(code, texts.get(path)!);
      if (found.size !== numbers.get(path)?.size) isStable = false;
      numbers.set(path, found);
    }
    for (const [path, code] of plain) codes.set(path, withNumbers(code, path, numbers));
  }
  return codes;
}

function numbersOf(code: string, text: string): Numbers {
  const found = new Map<string, string>();
  for (const [, name, value] of code.matchAll(NUMBER_DECLARATION)) found.set(name!, value!);
  for (const [, name, members] of code.matchAll(OBJECT_DECLARATION)) {
    if (!new RegExp(`^(?:export )?const ${name}\\b[^=]*= \\{[^;]*\\} as const;$`, 'm').test(text)) continue;
    for (const [, member, value] of members!.matchAll(MEMBER)) found.set(`${name}.${member}`, value!);
  }
  return found;
}

/** The code with numbers in place: the transpiler replaces names that are no longer declared. */
function withNumbers(code: string, path: string, numbers: ReadonlyMap<string, Numbers>): string {
  const defines: Record<string, string> = {};
  const isReplaced = (name: string, local: string, known: Numbers): boolean => {
    const found = definesOf(name, local, known, code.replace(IMPORT, ''));
    Object.assign(defines, found);
    return found !== undefined;
  };
  let rest = code.replace(IMPORT, (line, list: string, from: string) => {
    const known = numbers.get(join(dirname(path), from));
    if (known === undefined) return line;
    const kept = list.split(',').filter((specifier) => {
      const [name, local = name] = specifier.trim().split(' as ') as [string, string?];
      return !isReplaced(name, local, known);
    });
    return kept.length === 0 ? '' : `import {${kept.join(',')}} from "${from}";`;
  });
  const own = numbers.get(path)!;
  for (const name of new Set(Array.from(own.keys(), (key) => key.split('.')[0]!))) {
    if (isReplaced(name, name, own)) rest = withoutName(rest, name);
  }
  return transpiled(rest, defines);
}

/** What to put for a name: its number, or those of its members where nothing else of it is used. */
function definesOf(
  name: string,
  local: string,
  known: Numbers,
  code: string,
): Record<string, string> | undefined {
  const own = known.get(name);
  if (own !== undefined) return { [local]: own };
  const defines: Record<string, string> = {};
  for (const [use, member] of code.matchAll(new RegExp(`\\b${local}\\b(?:\\.(\\w+)| = \\{)?`, 'g'))) {
    if (use.endsWith('{')) continue;
    const value = known.get(`${name}.${member}`);
    if (value === undefined) return undefined;
    defines[`${local}.${member}`] = value;
  }
  return defines;
}

/** The code with a constant under another name: others import it as before. */
function withoutName(code: string, name: string): string {
  const declaration = new RegExp(`^(export )?const ${name} = `, 'm');
  const isExported = declaration.exec(code)?.[1] !== undefined;
  const renamed = code.replace(declaration, `const ${name}$ = `);
  return isExported ? `${renamed}\nexport { ${name}$ as ${name} };` : renamed;
}

/** JavaScript in which sums of numbers are worked out. */
function transpiled(text: string, define: Record<string, string>): string {
  const options = { loader: 'ts', target: 'node', define, minifySyntax: true, inline: true } as const;
  return new Bun.Transpiler(options).transformSync(text);
}
