import type { Comparison, FilterError } from './filter-term.ts';

/** Maximum number of alternatives joined by `|`: one bit each. */
const ALTERNATIVES_LIMIT = 32;
/** Maximum number of terms: each costs time and memory. */
const TERMS_LIMIT = 64;
const TOO_MANY = `at most ${ALTERNATIVES_LIMIT} alternatives joined by |`;
const SPACE = /\s/;

/** Operators between key and value. */
export type Operator = ':' | Comparison;

/** A value as written, without its quotes. */
export interface TermValue {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** One term; `test` is without its `!`. */
export interface Term<Test> {
  readonly isNegated: boolean;
  readonly test: Test;
}

/** Vocabulary of a language of terms, such as that of filters. */
export interface TermLanguage<Test> {
  /** Sticky; matches key (group 1) and operator (group 2) at the start of a term. */
  readonly keyed: RegExp;
  /** Whether a word, in lower case, is a key. */
  isKey(word: string): boolean;
  /** Message for a word that is not a key. */
  unknownKey(word: string, operator: string): string;
  /** Returns the test of a key (lower case) with a value, or a line with what the key accepts. */
  keyTest(key: string, operator: Operator, value: TermValue): Test | string;
  /** Returns the test of a term without a key, or a line with what is accepted. */
  textTest(value: TermValue): Test | string;
}

type Failure = { readonly error: FilterError };

/**
 * Reads an expression; blank has no alternatives. Upper and lower case of keys are the same.
 *
 *     expression = and { "|" and }                     "|" (or) binds weaker than the space (and)
 *     and        = term { SPACE term }
 *     term       = { "!" } ( word | quoted | key operator ( value | quoted ) )
 *     quoted     = '"' any text, \" and \\ for those two '"'
 */
export function parseTerms<Test>(
  text: string,
  language: TermLanguage<Test>,
): { readonly alternatives: readonly (readonly Term<Test>[])[] } | Failure {
  let terms: Term<Test>[] = [];
  const alternatives = [terms];
  let at = skipSpaces(text, 0);
  if (at === text.length) return { alternatives: [] };
  let lastBar = 0;
  let count = 0;
  while (at < text.length) {
    if (text[at] === '|') {
      if (terms.length === 0) return failure(at, at + 1, '| (or) needs a term before it');
      if (alternatives.length === ALTERNATIVES_LIMIT) return failure(at, text.length, TOO_MANY);
      terms = [];
      alternatives.push(terms);
      lastBar = at++;
    } else {
      const read = readTerm(text, at, language);
      if ('error' in read) return read;
      if (++count > TERMS_LIMIT) return failure(at, text.length, `at most ${TERMS_LIMIT} terms`);
      terms.push(read.term);
      at = read.end;
    }
    at = skipSpaces(text, at);
  }
  if (terms.length === 0) return failure(lastBar, lastBar + 1, '| (or) needs a term after it');
  return { alternatives };
}

interface ReadTerm<Test> {
  readonly term: Term<Test>;
  readonly end: number;
}

function readTerm<Test>(text: string, from: number, language: TermLanguage<Test>): ReadTerm<Test> | Failure {
  let at = from;
  let isNegated = false;
  for (; text[at] === '!'; at++) isNegated = !isNegated;
  if (isEnd(text, at)) return failure(from, at, '! (not) needs a term directly after it');
  const { keyed } = language;
  keyed.lastIndex = at;
  const found = keyed.exec(text);
  const written = found?.[1] ?? '';
  const operator = found?.[2] ?? '';
  const key = written.toLowerCase();
  const valueFrom = at + written.length + operator.length;
  if (found !== null && !language.isKey(key)) {
    return failure(at, at + written.length, language.unknownKey(written, operator));
  }
  const value = readValue(text, valueFrom);
  if ('error' in value) return value;
  const test = found === null ? language.textTest(value) : language.keyTest(key, operator as Operator, value);
  // A missing value has no column of its own.
  if (typeof test === 'string') return failure(value.end > valueFrom ? valueFrom : at, value.end, test);
  return { term: { isNegated, test }, end: value.end };
}

interface ReadValue extends TermValue {
  readonly end: number;
}

/** Reads up to the next space or bar, or a quoted text. */
function readValue(text: string, from: number): ReadValue | Failure {
  if (text[from] === '"') return readQuoted(text, from);
  let end = from;
  while (!isEnd(text, end)) end++;
  return { text: text.slice(from, end), isQuoted: false, end };
}

function readQuoted(text: string, from: number): ReadValue | Failure {
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const unit = text[at]!;
    if (unit === '"') {
      if (isEnd(text, at + 1)) return { text: value, isQuoted: true, end: at + 1 };
      return failure(at + 1, at + 2, 'a closing quote must be followed by a space or |');
    }
    const isEscape = unit === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\');
    value += isEscape ? text[++at]! : unit;
  }
  return failure(from, text.length, 'unclosed quote');
}

function isEnd(text: string, at: number): boolean {
  return at >= text.length || text[at] === '|' || SPACE.test(text[at]!);
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text[at]!)) at++;
  return at;
}

function failure(from: number, to: number, message: string): Failure {
  return { error: { from, to, message } };
}

/** Base 1024; also accepts the units that screens and tools print: `KB`, `M/s`. */
const AMOUNT = /^(\d{1,16}(?:\.\d{1,6})?)(?:([kmgt])?(bit)|([kmgt])b?|b)?(?:\/s)?$/i;
const UNITS = 'bkmgt';

/** Bytes of `1.5M`, `500KB/s` (base 1024) or `10Mbit` (base 1000); NaN for anything else. */
export function amountOf(text: string): number {
  const match = AMOUNT.exec(text);
  if (match === null) return Number.NaN;
  const [, amount, bitUnit, bit, byteUnit] = match;
  const bytes =
    bit === undefined
      ? Number(amount) * 1024 ** UNITS.indexOf((byteUnit ?? 'b').toLowerCase())
      : (Number(amount) * 1000 ** UNITS.indexOf((bitUnit ?? 'b').toLowerCase())) / 8;
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : Number.NaN;
}

export function comparisonOf(operator: Operator): Comparison {
  return operator === ':' ? '=' : operator;
}

export function isTextOperator(operator: Operator): boolean {
  return operator === ':' || operator === '=';
}
