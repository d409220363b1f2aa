import { FilterCaches } from './filter-caches.ts';
import type { FilterNames } from './filter-context.ts';
import { ALTERNATIVES_LIMIT, FilterExpression } from './filter-expression.ts';
import { FILTER_KEYS, type FilterError, type FilterKey, type FilterTerm } from './filter-term.ts';
import { type Operator, type TermValue, testOf } from './term-value.ts';

type ParsedFilter = { readonly filter: FilterExpression } | { readonly error: FilterError };

type Failure = { readonly error: FilterError };

const SPACE = /\s/;
/** A letter first, so that addresses, options and paths are text. */
const KEYED = /([a-z][\w-]*)(<=|>=|[:<>=])/iy;

/**
 * Reads a filter; blank lets everything through. Upper and lower case are the same.
 *
 *     filter  = and { "|" and }                        "|" (or) binds weaker than the space (and)
 *     and     = term { SPACE term }
 *     term    = { "!" } ( word | quoted | key operator ( value | quoted ) )
 *     quoted  = '"' any text, \" and \\ for those two '"'
 *
 * A word or a quoted text is looked for in name, command line and PID. Keys are FILTER_KEYS. Terms about connections
 * (port, host, proto, state, svc) that stand together have to hold for one and the same connection; where all of them
 * are negated, for no connection may any of them hold without its "!".
 *
 * `caches` is to be shared by the filters that typing makes one after another.
 */
export function parseFilter(
  text: string,
  names: FilterNames = {},
  caches: FilterCaches = new FilterCaches(),
): ParsedFilter {
  let terms: FilterTerm[] = [];
  const alternatives = [terms];
  let at = skipSpaces(text, 0);
  if (at === text.length) return { filter: new FilterExpression([], names, caches) };
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
      const read = readTerm(text, at);
      if ('error' in read) return read;
      if (++count > TERMS_LIMIT) return failure(at, text.length, `at most ${TERMS_LIMIT} terms`);
      terms.push(read.term);
      at = read.end;
    }
    at = skipSpaces(text, at);
  }
  if (terms.length === 0) return failure(lastBar, lastBar + 1, '| (or) needs a term behind it');
  return { filter: new FilterExpression(alternatives, names, caches) };
}

/** Each term costs a pass over what there is, and some memory. */
const TERMS_LIMIT = 64;
const TOO_MANY = `at most ${ALTERNATIVES_LIMIT} alternatives joined by |`;

interface ReadTerm {
  readonly term: FilterTerm;
  readonly end: number;
}

function readTerm(text: string, from: number): ReadTerm | Failure {
  let at = from;
  let isNegated = false;
  for (; text[at] === '!'; at++) isNegated = !isNegated;
  if (isEnd(text, at)) return failure(from, at, '! (not) needs a term right behind it');
  KEYED.lastIndex = at;
  const keyed = KEYED.exec(text);
  if (keyed !== null) return readKeyed(text, at, keyed[1]!, keyed[2]!, isNegated);
  const value = readValue(text, at);
  if ('error' in value) return value;
  return { term: { isNegated, test: { key: 'text', text: value.text.toLowerCase() } }, end: value.end };
}

function readKeyed(
  text: string,
  from: number,
  writtenKey: string,
  operator: string,
  isNegated: boolean,
): ReadTerm | Failure {
  const key = writtenKey.toLowerCase();
  const valueFrom = from + writtenKey.length + operator.length;
  if (!isFilterKey(key)) {
    // Shortest first: a prompt shows as much of it as it has room for.
    const message = `no key "${writtenKey}": ${FILTER_KEYS.join(' ')}; put text with ${operator} in quotes`;
    return failure(from, from + writtenKey.length, message);
  }
  const value = readValue(text, valueFrom);
  if ('error' in value) return value;
  const test = testOf(key, operator as Operator, value);
  // A value that is missing has no column of its own.
  if (typeof test === 'string') return failure(value.end > valueFrom ? valueFrom : from, value.end, test);
  return { term: { isNegated, test }, end: value.end };
}

interface ReadValue extends TermValue {
  readonly end: number;
}

/** Up to the next space or bar, or a text in quotes. */
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
      return failure(at + 1, at + 2, 'a space or | has to stand behind a closing quote');
    }
    const isEscape = unit === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\');
    value += isEscape ? text[++at]! : unit;
  }
  return failure(from, text.length, 'the quote is not closed');
}

function isFilterKey(text: string): text is FilterKey {
  return (FILTER_KEYS as readonly string[]).includes(text);
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
