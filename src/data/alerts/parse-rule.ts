import { suggestion } from '../../kit/text/nearest-word.ts';
import { parseDurationMillis } from '../../kit/text/units.ts';
import {
  amountOf,
  comparisonOf,
  isTextOperator,
  type Operator,
  parseTerms,
  type TermLanguage,
  type TermValue,
} from '../query/filter/term-language.ts';
import { ALERT_KEY_NAMES, ALERT_KEYS, type AlertKey, type AlertRule, type AlertTest } from './alert-rule.ts';

/** A rule, or one line that says what is wrong with its text and what is accepted. */
type ParsedRule = { readonly rule: AlertRule } | { readonly error: string };

const TEXT_LIMIT = 500;
const HOLD_LIMIT_MILLIS = 24 * 3_600_000;
/** The duration stands last. */
const HOLD = /(?:^|\s)for\s+(\S+)\s*$/i;
const KEYED = /([a-z][\w.-]*)(<=|>=|[:<>=])/iy;
/** A key with what follows it, of a term that has no operator. */
const LEADING_WORD = /^[\w.]+/;
const NUMBER = /^\d{1,12}(?:\.\d{1,6})?$/;
const EXAMPLE = 'cpu>80% for 2m';

/**
 * Reads a rule such as `cpu>80% for 2m`: terms that are joined as those of a filter, and how long they have to hold
 * (`30s`, `2m`, `1h`, at most a day); without it the rule fires as soon as it holds. `name` is what the user calls it,
 * usually its text.
 */
export function parseRule(text: string, name: string = text.trim()): ParsedRule {
  if (text.length > TEXT_LIMIT) return { error: `longer than ${TEXT_LIMIT} characters` };
  const found = HOLD.exec(text);
  const holdMillis = found === null ? 0 : parseDurationMillis(found[1]!.toLowerCase());
  if (holdMillis === undefined || holdMillis > HOLD_LIMIT_MILLIS) {
    return { error: `invalid duration "${found?.[1]}": accepted are 30s, 2m or 1h, at most 24h` };
  }
  const parsed = parseTerms(text.slice(0, found?.index), LANGUAGE);
  if ('error' in parsed) return { error: parsed.error.message };
  const { alternatives } = parsed;
  if (alternatives.length === 0) return { error: `empty rule; accepted is ${EXAMPLE}` };
  const isBare = alternatives.some((terms) =>
    terms.every(({ test }) => ALERT_KEYS[test.key].unit === 'text'),
  );
  if (isBare) return { error: 'a name alone is no alert: add a figure, such as process.cpu>50%' };
  return { rule: { name, text: text.trim(), alternatives, holdMillis } };
}

const LANGUAGE: TermLanguage<AlertTest> = {
  keyed: KEYED,
  isKey,
  unknownKey: (word) =>
    `unknown key "${word}"${suggestion(word, ALERT_KEY_NAMES)}; accepted: ${ALERT_KEY_NAMES.join(' ')}`,
  keyTest: (key, operator, value) => testOf(key as AlertKey, operator, value),
  textTest: ({ text }) => {
    const word = LEADING_WORD.exec(text)?.[0] ?? '';
    if (word !== '' && isKey(word.toLowerCase())) return `"${text}" compares nothing; accepted is ${EXAMPLE}`;
    return `"${text}" is no condition${suggestion(word, ALERT_KEY_NAMES)}; accepted is ${EXAMPLE}`;
  },
};

function isKey(word: string): word is AlertKey {
  return Object.hasOwn(ALERT_KEYS, word);
}

function testOf(key: AlertKey, operator: Operator, value: TermValue): AlertTest | string {
  const { unit } = ALERT_KEYS[key];
  if (unit === 'text') {
    if (!isTextOperator(operator)) return `${key} takes no < or >: ${key}:TEXT`;
    if (value.text === '') return `${key} needs a value: ${key}:TEXT`;
    return { key, isWhole: operator === '=', text: value.text.toLowerCase() };
  }
  const figure = VALUES[unit].read(value.text);
  if (Number.isNaN(figure)) return `${key} takes ${VALUES[unit].accepted}: ${VALUES[unit].example(key)}`;
  return { key, comparison: comparisonOf(operator), value: figure };
}

/** How values are written, by their unit. */
const VALUES = {
  percent: {
    read: (text: string) => numberOf(text.replace(/%$/, '')),
    accepted: 'a percentage',
    example: (key: string) => `${key}>80%`,
  },
  rate: {
    read: amountOf,
    accepted: 'a rate with B, K, M, G or T, or bits',
    example: (key: string) => `${key}>50M, ${key}>100Mbit`,
  },
  bytes: {
    read: (text: string) => (/bit|\/s/i.test(text) ? Number.NaN : amountOf(text)),
    accepted: 'bytes with B, K, M, G or T',
    example: (key: string) => `${key}>4G`,
  },
  number: {
    read: numberOf,
    accepted: 'a number',
    example: (key: string) => `${key}>8`,
  },
  celsius: {
    read: (text: string) => numberOf(text.replace(/°?C$/i, '')),
    accepted: 'degrees Celsius',
    example: (key: string) => `${key}>85`,
  },
} as const;

function numberOf(text: string): number {
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}
