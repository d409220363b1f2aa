import { stateNames } from '../socket-names.ts';
import { parsePrefix } from './address-prefix.ts';
import type { Comparison, FilterKey, FilterTest, TextMatch } from './filter-term.ts';

/** What stands between key and value. */
export type Operator = ':' | Comparison;

/** The value as it was written, without its quotes. */
export interface TermValue {
  readonly text: string;
  readonly isQuoted: boolean;
}

const PORT_MAX = 65_535;
const PID_MAX = 2 ** 31 - 1;
/** Base 1024; what screens and tools write behind a number is understood too: `KB`, `M/s`. */
const AMOUNT = /^(\d{1,16}(?:\.\d{1,6})?)(?:([kmgt])b?|b)?(?:\/s)?$/i;
const UNITS = 'bkmgt';
const COUNT = /^\d{1,9}$/;
/** ss(8) and others write states in other ways than badges do. */
const STATE_ALIASES: Readonly<Record<string, string>> = {
  ESTABLISHED: 'ESTAB',
  FIN_WAIT_1: 'FIN_WAIT1',
  FIN_WAIT_2: 'FIN_WAIT2',
  SYN_RECEIVED: 'SYN_RECV',
  LISTENING: 'LISTEN',
};

/** The test that a key, an operator and a value make; else a line that says what the key accepts. */
export function testOf(key: FilterKey, operator: Operator, value: TermValue): FilterTest | string {
  switch (key) {
    case 'port':
      return numbersTest('port', operator, value, PORT_MAX);
    case 'pid':
      return numbersTest('pid', operator, value, PID_MAX);
    case 'up':
    case 'down':
      return rateTest(key, operator, value);
    case 'conns':
      return countTest(operator, value);
    case 'proto':
      return protocolTest(operator, value);
    case 'state':
      return stateTest(operator, value);
    case 'host':
      return hostTest(operator, value);
    case 'group':
      return textTest('group', operator, value, operator === '=' ? 'equals' : 'contains');
    case 'user':
    case 'svc':
      return textTest(key, operator, value, 'equals');
  }
}

function comparisonOf(operator: Operator): Comparison {
  return operator === ':' ? '=' : operator;
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

/** `up>1M`, `down>=500K`; bytes per second. */
function rateTest(key: 'up' | 'down', operator: Operator, value: TermValue): FilterTest | string {
  const match = AMOUNT.exec(value.text);
  const bytes =
    match === null ? Number.NaN : Number(match[1]) * 1024 ** UNITS.indexOf((match[2] ?? 'b').toLowerCase());
  if (!(bytes <= Number.MAX_SAFE_INTEGER)) {
    return `${key} takes a rate with B, K, M, G or T: ${key}>1M, ${key}<=500K, ${key}=0`;
  }
  return { key, comparison: comparisonOf(operator), value: bytes };
}

function countTest(operator: Operator, value: TermValue): FilterTest | string {
  if (!COUNT.test(value.text)) return 'conns takes a whole number: conns>10, conns=0';
  return { key: 'conns', comparison: comparisonOf(operator), value: Number(value.text) };
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
  key: 'host' | 'group' | 'user' | 'svc',
  operator: Operator,
  value: TermValue,
  match: TextMatch,
): FilterTest | string {
  if (!isTextOperator(operator)) return `${key} cannot be compared by size: ${key}:TEXT`;
  if (value.text === '' && !value.isQuoted) return `${key}: needs a value, ${key}:${EXAMPLES[key]}`;
  return { key, match, text: value.text.toLowerCase() };
}

const EXAMPLES = { host: '1.1.1.1', group: 'nginx', user: 'www-data', svc: 'https' } as const;

function isTextOperator(operator: Operator): boolean {
  return operator === ':' || operator === '=';
}
