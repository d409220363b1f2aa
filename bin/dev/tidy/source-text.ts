/**
 * A TypeScript source with everything that is no code taken out, so that rules can be plain patterns. Both texts are
 * as long as the source and keep its line ends; what does not belong is spaces.
 */
export interface SourceText {
  /** Code: strings keep their quotes and lose their contents, comments and regular expressions are gone. */
  readonly code: string;
  /** Comments alone. */
  readonly comments: string;
}

/** One imported or re-exported module. */
interface ImportLine {
  /** undefined: the specifier is made at run time. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

type Kind = 'code' | 'comment' | 'blank';

const REGEX_MAY_FOLLOW =
  /(?:^|[=([{,;:!&|?+\-*%^~<>]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))\s*$/;

/** Splits a source into code and comments. Anything unterminated runs to the end. */
export function readSource(source: string): SourceText {
  const scanner = new Scanner(source);
  scanner.scan();
  return { code: scanner.code.join(''), comments: scanner.comments.join('') };
}

/**
 * Every module named by an import, an import of types, a re-export, `import()` (of types too) or `require()`.
 * Specifiers are read from the source at the places where the code has them.
 */
export function importsOf(source: string, text = readSource(source)): ImportLine[] {
  const found: ImportLine[] = [];
  const statement =
    /\b(?:import|from)\s*(['"])( *)\1|\b(?:import|require)\s*\(\s*(?:(['"`])([^'"`]*)\3\s*[,)])?/g;
  for (const match of text.code.matchAll(statement)) {
    const line = source.slice(0, match.index).split('\n').length;
    const open = match[0].search(/['"`]/);
    const end = match[0].search(/['"`][^'"`]*$/);
    const isLiteral = open >= 0 && !(match[3] === '`' && /\S/.test(match[4] ?? ''));
    const specifier = isLiteral ? source.slice(match.index + open + 1, match.index + end) : undefined;
    found.push({ specifier: specifier?.includes('${') ? undefined : specifier, line });
  }
  return found;
}

/** One pass over the characters; template literals nest by recursion. */
class Scanner {
  readonly code: string[] = [];
  readonly comments: string[] = [];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): void {
    this.#scanCode(false);
  }

  /** Code up to the end, or to the brace that closes a template's expression. */
  #scanCode(isInTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const here = this.#source[this.#at]!;
      const next = this.#source[this.#at + 1];
      if (here === '/' && next === '/') this.#takeTo('\n', 'comment', 2);
      else if (here === '/' && next === '*') this.#takeTo('*/', 'comment', 2);
      else if (here === "'" || here === '"') this.#takeString(here);
      else if (here === '`') this.#takeTemplate();
      else if (here === '/' && this.#isRegexPlace()) this.#takeRegex();
      else {
        if (here === '{') depth++;
        if (here === '}' && isInTemplate && depth-- === 0) return;
        this.#take(1, 'code');
      }
    }
  }

  #take(length: number, kind: Kind): void {
    const end = Math.min(this.#at + length, this.#source.length);
    for (; this.#at < end; this.#at++) {
      const character = this.#source[this.#at]!;
      const keeps = character === '\n';
      this.code.push(kind === 'code' || keeps ? character : ' ');
      this.comments.push(kind === 'comment' || keeps ? character : ' ');
    }
  }

  /** To the end mark and over it (but not over a line end). */
  #takeTo(mark: string, kind: Kind, from: number): void {
    const found = this.#source.indexOf(mark, this.#at + from);
    const end = found < 0 ? this.#source.length : found + (mark === '\n' ? 0 : mark.length);
    this.#take(end - this.#at, kind);
  }

  #takeString(quote: string): void {
    this.#take(1, 'code');
    while (this.#at < this.#source.length && this.#source[this.#at] !== '\n') {
      const here = this.#source[this.#at]!;
      if (here === quote) {
        this.#take(1, 'code');
        return;
      }
      this.#take(here === '\\' ? 2 : 1, 'blank');
    }
  }

  #takeTemplate(): void {
    this.#take(1, 'code');
    while (this.#at < this.#source.length) {
      const here = this.#source[this.#at]!;
      if (here === '`') {
        this.#take(1, 'code');
        return;
      }
      if (here === '$' && this.#source[this.#at + 1] === '{') {
        this.#take(2, 'code');
        this.#scanCode(true);
        this.#take(1, 'code');
      } else this.#take(here === '\\' ? 2 : 1, 'blank');
    }
  }

  /** A slash starts a regular expression where a value is expected. */
  #isRegexPlace(): boolean {
    return REGEX_MAY_FOLLOW.test(this.code.slice(-40).join(''));
  }

  #takeRegex(): void {
    let isInClass = false;
    this.#take(1, 'code');
    while (this.#at < this.#source.length && this.#source[this.#at] !== '\n') {
      const here = this.#source[this.#at]!;
      if (here === '[') isInClass = true;
      if (here === ']') isInClass = false;
      if (here === '/' && !isInClass) {
        this.#take(1, 'code');
        return;
      }
      this.#take(here === '\\' ? 2 : 1, 'blank');
    }
  }
}
