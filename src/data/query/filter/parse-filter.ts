import { suggestion } from '../../../kit/text/nearest-word.ts';
import { stateNames } from '../row-texts.ts';
import { FilterCaches, type FilterNames } from './filter-context.ts';
import { FilterExpression } from './filter-expression.ts';
import {
  FILTER_KEYS,
  type FilterError,
  type FilterKey,
  type FilterTest,
  type NamedKey,
  parsePrefix,
  type TextMatch,
} from './filter-term.ts';
import {
  amountOf,
  comparisonOf,
  isTextOperator,
  type Operator,
  parseTerms,
  type TermLanguage,
  type TermValue,
} from './term-language.ts';

type ParsedFilter = { readonly filter: FilterExpression } | { readonly error: FilterError };

/** Starts with a letter, so that addresses, options and paths are text. */
const KEYED = /([a-z][\w-]*)(<=|>=|[:<>=])/iy;

/**
 * Reads a filter, joined as `parseTerms` says; blank lets everything through. Upper and lower case are the same.
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
  const parsed = parseTerms(text, LANGUAGE);
  return 'error' in parsed ? parsed : { filter: new FilterExpression(parsed.alternatives, names, caches) };
}

const LANGUAGE: TermLanguage<FilterTest> = {
  keyed: KEYED,
  isKey: isFilterKey,
  // Shortest first, because a prompt shows only as much as fits.
  unknownKey: (word, operator) => {
    const meant = suggestion(word, FILTER_KEYS);
    const keys = `${meant === '' ? ':' : `${meant} Accepted:`} ${FILTER_KEYS.join(' ')}`;
    return `unknown key "${word}"${keys}; put text with ${operator} in quotes`;
  },
  keyTest: (key, operator, value) => testOf(key as FilterKey, operator, value),
  textTest: ({ text }) => ({ key: 'text', text: text.toLowerCase() }),
};

function isFilterKey(text: string): text is FilterKey {
  return (FILTER_KEYS as readonly string[]).includes(text);
}

/** Values that need no quotes. */
const PLAIN_VALUE = /^[\w.@:-]+$/;

/** A filter that matches exactly the group of this name; empty: processes without a known group. */
export function groupFilterText(name: string, key: NamedKey = 'group'): string {
  const text = name.toLowerCase();
  return `${key}=${PLAIN_VALUE.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`}`;
}

const PORT_MAX = 65_535;
const PID_MAX = 2 ** 31 - 1;
const COUNT = /^\d{1,9}$/;
const TIME = /^(\d{1,9}(?:\.\d{1,6})?)(us|ms|s)?$/i;
const MICROS_OF: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6 };
const PERCENT = /^(\d{1,3}(?:\.\d{1,6})?)%?$/;
/** ss(8) and other tools spell some states differently. */
const STATE_ALIASES: Readonly<Record<string, string>> = {
  ESTABLISHED: 'ESTAB',
  FIN_WAIT_1: 'FIN_WAIT1',
  FIN_WAIT_2: 'FIN_WAIT2',
  SYN_RECEIVED: 'SYN_RECV',
  LISTENING: 'LISTEN',
};

/** Returns the test of a key, an operator and a value, or a line with what the key accepts. */
function testOf(key: FilterKey, operator: Operator, value: TermValue): FilterTest | string {
  switch (key) {
    case 'port':
      return numbersTest('port', operator, value, PORT_MAX);
    case 'pid':
      return numbersTest('pid', operator, value, PID_MAX);
    case 'up':
    case 'down':
      return rateTest(key, operator, value);
    case 'conns':
    case 'drops':
      return countTest(key, operator, value);
    case 'rtt':
      return timeTest(operator, value);
    case 'retrans':
      return shareTest(operator, value);
    case 'proto':
      return protocolTest(operator, value);
    case 'state':
      return stateTest(operator, value);
    case 'host':
      return hostTest(operator, value);
    case 'group':
    case 'program':
    case 'container':
    case 'unit':
      return textTest(key, operator, value, operator === '=' ? 'equals' : 'contains');
    case 'user':
    case 'svc':
      return textTest(key, operator, value, 'equals');
  }
}

/** `port:443`, `port:80,443`, `port>1024`. */
function numbersTest(
  key: 'port' | 'pid',
  operator: Operator,
  value: TermValue,
  max: number,
): FilterTest | string {
  const example = key === 'port' ? 'port:443, port:80,443 or port>1024' : 'pid:1, pid:1,2 or pid>1000';
  const accepted = `${key} takes numbers from 0 to ${max}: ${example}`;
  const comparison = comparisonOf(operator);
  const parts = value.text.split(',');
  if (parts.length > 1 && comparison !== '=') return accepted;
  if (!parts.every((part) => /^\d{1,10}$/.test(part) && Number(part) <= max)) return accepted;
  return { key, comparison, values: parts.map(Number) };
}

/** `up>1M`, `down>=500K`, `up>10Mbit`; bytes per second. */
function rateTest(key: 'up' | 'down', operator: Operator, value: TermValue): FilterTest | string {
  const bytes = amountOf(value.text);
  if (Number.isNaN(bytes)) {
    return `${key} takes a rate with B, K, M, G or T, or bits: ${key}>1M, ${key}<=500K, ${key}>10Mbit`;
  }
  return { key, comparison: comparisonOf(operator), value: bytes };
}

function countTest(key: 'conns' | 'drops', operator: Operator, value: TermValue): FilterTest | string {
  if (!COUNT.test(value.text)) return `${key} takes a whole number: ${key}>10, ${key}=0`;
  return { key, comparison: comparisonOf(operator), value: Number(value.text) };
}

/** `rtt>100ms`; microseconds. */
function timeTest(operator: Operator, value: TermValue): FilterTest | string {
  const [, amount, unit = 'ms'] = TIME.exec(value.text) ?? [];
  if (amount === undefined) return 'rtt takes a time in us, ms or s: rtt>100ms, rtt<=2s';
  const micros = Number(amount) * MICROS_OF[unit.toLowerCase()]!;
  return { key: 'rtt', comparison: comparisonOf(operator), value: micros };
}

/** `retrans>2%`; a share of 1. */
function shareTest(operator: Operator, value: TermValue): FilterTest | string {
  const percent = PERCENT.exec(value.text)?.[1];
  if (percent === undefined || Number(percent) > 100) {
    return 'retrans takes a percentage of the segments: retrans>2%, retrans>=0.5%';
  }
  return { key: 'retrans', comparison: comparisonOf(operator), value: Number(percent) / 100 };
}

function protocolTest(operator: Operator, value: TermValue): FilterTest | string {
  const accepted = 'proto is tcp or udp: proto:udp';
  if (!isTextOperator(operator)) return accepted;
  const protocols: ('tcp' | 'udp')[] = [];
  for (const part of value.text.toLowerCase().split(',')) {
    if (part !== 'tcp' && part !== 'udp') return accepted;
    protocols.push(part);
  }
  return { key: 'proto', protocols };
}

function stateTest(operator: Operator, value: TermValue): FilterTest | string {
  const known = stateNames();
  const states = value.text.split(',').map((part) => {
    const name = part.toUpperCase().replaceAll('-', '_');
    return STATE_ALIASES[name] ?? name;
  });
  if (isTextOperator(operator) && states.every((state) => known.includes(state)))
    return { key: 'state', states };
  return `state is one of ${known.join(', ').toLowerCase()}`;
}

function hostTest(operator: Operator, value: TermValue): FilterTest | string {
  const isNetwork = value.text.includes('/') && !value.isQuoted && operator === ':';
  if (!isNetwork) return textTest('host', operator, value, operator === '=' ? 'equals' : 'contains');
  const prefix = parsePrefix(value.text);
  return prefix === undefined
    ? 'host takes an address, a name, or a network with its prefix length: host:10.0.0.0/8'
    : { key: 'network', prefix };
}

function textTest(
  key: keyof typeof EXAMPLES,
  operator: Operator,
  value: TermValue,
  match: TextMatch,
): FilterTest | string {
  if (!isTextOperator(operator)) return `${key} takes no < or >: ${key}:TEXT`;
  if (value.text === '' && !value.isQuoted) return `${key}: needs a value, ${key}:${EXAMPLES[key]}`;
  return { key, match, text: value.text.toLowerCase() };
}

const EXAMPLES = {
  ...{ host: '1.1.1.1', group: 'nginx', user: 'www-data', svc: 'https' },
  ...{ program: 'nginx', container: 'web', unit: 'nginx.service' },
} as const;
