import { readSource } from './tidy/source-text.ts';

/** A string or template literal of a source, or several joined by `+`. */
export interface Literal {
  /** With escapes resolved; an expression in a template is `<name>`, or `<one | other>` where it is one of two texts. */
  readonly text: string;
  /** Place of its opening quote in the source. */
  readonly index: number;
  /** Behind its closing quote. */
  readonly end: number;
}

/** All literals of a source, in order, those inside the expressions of templates after their template. */
export function literalsOf(source: string, code: string = readSource(source).code): readonly Literal[] {
  const reader = new LiteralReader(source, code);
  reader.read();
  return joined(
    reader.found.sort((a, b) => a.index - b.index),
    code,
  );
}

/** One pass over code whose literals are blank; the texts come from the source. */
class LiteralReader {
  readonly found: Literal[] = [];
  readonly #source: string;
  readonly #code: string;
  #at = 0;

  constructor(source: string, code: string) {
    this.#source = source;
    this.#code = code;
  }

  /** To the end, or to the brace that closes a template's expression. */
  read(isInTemplate = false): void {
    let depth = 0;
    for (; this.#at < this.#code.length; this.#at++) {
      const here = this.#code[this.#at]!;
      if (here === "'" || here === '"') this.#readString(here);
      else if (here === '`') this.#readTemplate();
      else if (here === '{') depth++;
      else if (here === '}' && isInTemplate && depth-- === 0) return;
    }
  }

  #readString(quote: string): void {
    const index = this.#at;
    this.#at = this.#code.indexOf(quote, index + 1);
    this.#keep(index, unescaped(this.#source.slice(index + 1, this.#at)));
  }

  #readTemplate(): void {
    const index = this.#at++;
    let text = '';
    let from = this.#at;
    for (; this.#code[this.#at] !== '`'; this.#at++) {
      if (!this.#code.startsWith('${', this.#at)) continue;
      text += unescaped(this.#source.slice(from, this.#at));
      this.#at += 2;
      const begin = this.#at;
      const before = this.found.length;
      this.read(true);
      text += this.#holeText(begin, this.found.splice(before));
      from = this.#at + 1;
    }
    this.#keep(index, text + unescaped(this.#source.slice(from, this.#at)));
  }

  /** What stands for an expression. Literals that it does not stand for are found on their own. */
  #holeText(begin: number, inside: readonly Literal[]): string {
    const code = this.#code.slice(begin, this.#at);
    const isChoice = /\?[^.?]/.test(code) && inside.length === 2;
    if (isChoice) return `<${inside.map(({ text }) => text.trim()).join(' | ')}>`;
    this.found.push(...inside);
    const names = Array.from(
      code.matchAll(/(?<!['"`][^'"`]*)\b([A-Za-z_]\w*)\b(?!\s*\()/g),
      ([name]) => name,
    );
    const name = names.at(-1) ?? /([A-Za-z_]\w*)\s*\(/.exec(code)?.[1] ?? '...';
    return `<${name}>`;
  }

  #keep(index: number, text: string): void {
    this.found.push({ index, end: this.#at + 1, text });
  }
}

/** Literals that stand on both sides of a `+` as one. */
function joined(literals: readonly Literal[], code: string): Literal[] {
  const all: Literal[] = [];
  for (const literal of literals) {
    const last = all.at(-1);
    const isNext = last !== undefined && /^\s*\+\s*$/.test(code.slice(last.end, literal.index));
    if (isNext) all[all.length - 1] = { ...last, end: literal.end, text: last.text + literal.text };
    else all.push(literal);
  }
  return all;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u\{?([\da-fA-F]+)\}?|(.))/gs, (_all, hex?: string, character?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return character === 'n' || character === 't' ? ' ' : (character ?? '');
  });
}
