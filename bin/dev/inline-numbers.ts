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
  const sources = Array.from(texts, ([path, text]) => new Source(path, text));
  const numbers = new Map<string, Numbers>();
  // A number may be made of others: each round puts in place what the one before made known.
  let before = -1;
  for (let count = 0; count !== before; ) {
    before = count;
    count = 0;
    for (const source of sources) {
      numbers.set(source.path, source.numbers());
      count += numbers.get(source.path)!.size;
    }
    for (const source of sources) source.put(numbers);
  }
  return new Map(sources.map(({ path, code }) => [path, code]));
}

class Source {
  /** What it is by now. */
  code: string;
  readonly path: string;
  readonly #text: string;
  /** As JavaScript, with the names. */
  readonly #plain: string;
  /** The same without imports. */
  readonly #body: string;
  #definedCount = 0;

  constructor(path: string, text: string) {
    this.path = path;
    this.#text = text;
    this.#plain = transpiled(text, {});
    this.#body = this.#plain.replace(IMPORT, '');
    this.code = this.#plain;
  }

  /** Of the constants that it declares. */
  numbers(): Numbers {
    const found = new Map<string, string>();
    for (const [, name, value] of this.code.matchAll(NUMBER_DECLARATION)) found.set(name!, value!);
    for (const [, name, members] of this.code.matchAll(OBJECT_DECLARATION)) {
      const declaration = new RegExp(`^(?:export )?const ${name}\\b[^=]*= \\{[^;]*\\} as const;$`, 'm');
      if (!declaration.test(this.#text)) continue;
      for (const [, member, value] of members!.matchAll(MEMBER)) found.set(`${name}.${member}`, value!);
    }
    return found;
  }

  /** Puts numbers in place of names: the transpiler replaces those that are not declared any more. */
  put(numbers: ReadonlyMap<string, Numbers>): void {
    const defines: Record<string, string> = {};
    const isReplaced = (name: string, local: string, known: Numbers): boolean => {
      const found = this.#definesOf(name, local, known);
      Object.assign(defines, found);
      return found !== undefined;
    };
    let rest = this.#plain.replace(IMPORT, (line, list: string, from: string) => {
      const known = numbers.get(join(dirname(this.path), from));
      if (known === undefined) return line;
      const kept = list.split(',').filter((specifier) => {
        const [name, local = name] = specifier.trim().split(' as ') as [string, string?];
        return !isReplaced(name, local, known);
      });
      return kept.length === 0 ? '' : `import {${kept.join(',')}} from "${from}";`;
    });
    const own = numbers.get(this.path)!;
    for (const name of new Set(Array.from(own.keys(), (key) => key.split('.')[0]!))) {
      if (isReplaced(name, name, own)) rest = withoutName(rest, name);
    }
    const count = Object.keys(defines).length;
    if (count !== this.#definedCount) this.code = transpiled(rest, defines);
    this.#definedCount = count;
  }

  /** What to put for a name: its number, or those of its members where nothing else of it is used. */
  #definesOf(name: string, local: string, known: Numbers): Record<string, string> | undefined {
    const own = known.get(name);
    if (own !== undefined) return { [local]: own };
    const defines: Record<string, string> = {};
    for (const [use, member] of this.#body.matchAll(new RegExp(`\\b${local}\\b(?:\\.(\\w+)| = \\{)?`, 'g'))) {
      if (use.endsWith('{')) continue;
      const value = known.get(`${name}.${member}`);
      if (value === undefined) return undefined;
      defines[`${local}.${member}`] = value;
    }
    return defines;
  }
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
