import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { toOpError } from '../../kit/errors/op-error.ts';
import { type ConfigProblem, MAX_CONFIG_LENGTH } from './config-file.ts';

const QUOTED_MAX = 40;
const MESSAGE_MAX = 120;

/** A word of the file for a message: `'x'`, truncated if long. */
export function quoted(text: string): string {
  return `'${cut(text, QUOTED_MAX)}'`;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Splits by characters, so that no surrogate pair is cut.
  const points = [...text.slice(0, 2 * length + 2)];
  return points.length > length ? `${points.slice(0, length).join('')}...` : text;
}

const MAX_PROBLEMS = 20;

/** A value of the file, as far as a configuration needs it: everything except lists and maps is text. */
export type Value = { readonly offset: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'map'; readonly entries: readonly Entry[] }
  | { readonly kind: 'alias' }
);

export interface Entry {
  readonly key: Value;
  readonly value: Value;
}

/** Values of a YAML file and its problems. Aliases are not followed: they could make a small file endless. */
export class YamlFile {
  readonly #fileName: string;
  readonly #hasSecrets: boolean;
  readonly #lines = new LineCounter();
  readonly #problems: ConfigProblem[] = [];
  #hiddenCount = 0;

  /** `hasSecrets`: leave out messages of the YAML library, because they quote the file. */
  constructor(fileName: string, hasSecrets = false) {
    this.#fileName = fileName;
    this.#hasSecrets = hasSecrets;
  }

  /** The problems by position, a bounded number; the last one counts the rest. */
  get problems(): readonly ConfigProblem[] {
    if (this.#hiddenCount === 0) return this.#problems;
    const message = `${this.#hiddenCount} more problems not shown`;
    return [...this.#problems, { fileName: this.#fileName, place: undefined, message }];
  }

  /** Reports a problem at an offset; without one, for the whole file. */
  report(offset: number | undefined, message: string): void {
    const problem = { fileName: this.#fileName, place: this.#placeOf(offset), message };
    // Keys are not read in file order.
    const before = this.#problems.findLastIndex((other) => !isBehind(other.place, problem.place));
    this.#problems.splice(before + 1, 0, problem);
    if (this.#problems.length <= MAX_PROBLEMS) return;
    this.#problems.pop();
    this.#hiddenCount++;
  }

  /** The line of an offset, from 1. */
  lineOf(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  /** The file's root value; undefined if it is empty or invalid, which is then reported. */
  parse(text: string): Value | undefined {
    if (text.length > MAX_CONFIG_LENGTH) {
      this.report(undefined, `longer than ${MAX_CONFIG_LENGTH / 1024} KiB; the file is ignored`);
      return undefined;
    }
    const document = this.#document(text);
    if (document === undefined || this.#hasErrors(document)) return undefined;
    for (const { pos, message } of document.warnings)
      this.report(pos[0], `not plain YAML${this.#detail(message)}`);
    return document.contents === null ? undefined : valueAt(document.contents, 0);
  }

  #document(text: string): Document | undefined {
    try {
      return parseDocument(text, {
        lineCounter: this.#lines,
        // Without YAML's own types: the key decides how a word is interpreted.
        schema: 'failsafe',
        resolveKnownTags: false,
        prettyErrors: false,
        // Off because it compares every key with every other one; duplicate keys are found while reading.
        uniqueKeys: false,
      });
    } catch (thrown) {
      const { message } = toOpError('parse YAML', thrown);
      this.report(undefined, `not valid YAML${this.#detail(message)}; the file is ignored`);
      return undefined;
    }
  }

  /** Reports only the first error; after it, the rest is ambiguous. */
  #hasErrors(document: Document): boolean {
    const first = document.errors.reduce<(typeof document.errors)[number] | undefined>(
      (found, error) => (found === undefined || error.pos[0] < found.pos[0] ? error : found),
      undefined,
    );
    if (first === undefined) return false;
    const what = ERROR_TEXTS[first.code] ?? `not valid YAML${this.#detail(first.message)}`;
    const hint = MARK_ERRORS.has(first.code) ? ' (text with one of - ? : # [ { @ ` may need quotes)' : '';
    this.report(first.pos[0], `${what}${hint}; the file is ignored`);
    return true;
  }

  /** The library's message, which may quote the file, without its full stop. */
  #detail(message: string): string {
    return this.#hasSecrets ? '' : `: ${cut(message.replace(/\.$/, ''), MESSAGE_MAX)}`;
  }

  #placeOf(offset: number | undefined): ConfigProblem['place'] {
    if (offset === undefined) return undefined;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** Orders problems by position; those about the whole file come first. */
function isBehind(one: ConfigProblem['place'], other: ConfigProblem['place']): boolean {
  const lines = (one?.line ?? 0) - (other?.line ?? 0);
  return lines > 0 || (lines === 0 && (one?.column ?? 0) > (other?.column ?? 0));
}

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: 'nested too deeply',
  MULTIPLE_DOCS: 'a second document begins here',
};

const MARK_ERRORS: ReadonlySet<string> = new Set([
  'UNEXPECTED_TOKEN',
  'BLOCK_AS_IMPLICIT_KEY',
  'BAD_SCALAR_START',
]);

/** Description of a value, for messages. */
export function described(value: Value): string {
  switch (value.kind) {
    case 'text':
      return value.text === '' ? 'nothing' : quoted(value.text);
    case 'list':
      return 'a list';
    case 'map':
      return 'a map';
    case 'alias':
      return 'an alias; aliases are not supported';
  }
}

/** Whether a key has no value. */
export function isNothing(value: Value): boolean {
  return value.kind === 'text' && value.text === '';
}

/** Maximum depth: a list in a map in a map. */
const MAX_DEPTH = 4;

function valueAt(node: unknown, offset: number, depth = 0): Value {
  if (isScalar(node))
    return { kind: 'text', text: String(node.value ?? ''), offset: node.range?.[0] ?? offset };
  if (isAlias(node)) return { kind: 'alias', offset: node.range?.[0] ?? offset };
  const isDeep = depth >= MAX_DEPTH;
  if (isSeq(node)) {
    const start = node.range?.[0] ?? offset;
    return {
      kind: 'list',
      items: isDeep ? [] : node.items.map((item) => valueAt(item, start, depth + 1)),
      offset: start,
    };
  }
  if (isMap(node)) {
    const start = node.range?.[0] ?? offset;
    const entries = (isDeep ? [] : node.items).map(({ key, value }) => {
      const keyValue = valueAt(key, start, depth + 1);
      return { key: keyValue, value: valueAt(value, keyValue.offset, depth + 1) };
    });
    return { kind: 'map', entries, offset: start };
  }
  return { kind: 'text', text: '', offset };
}
