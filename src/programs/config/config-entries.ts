import { type AlertRule, RULES_MOST } from '../../data/alerts/alert-rule.ts';
import { parseRule } from '../../data/alerts/parse-rule.ts';
import { described, type Entry, isNothing, quoted, type Value, type YamlFile } from './yaml-file.ts';

const NAME_LENGTH_MOST = 100;

/** Parses a list of rules: each a text, or a map with `rule` and `name`. Invalid ones are reported and skipped. */
export function alertRulesOf(file: YamlFile, value: Value): readonly AlertRule[] {
  if (value.kind !== 'list') {
    if (!isNothing(value)) {
      file.report(value.offset, `expected a list such as [cpu>80% for 2m], found ${described(value)}`);
    }
    return [];
  }
  const rules = new Map<string, AlertRule>();
  for (const item of value.items) {
    const rule = alertRuleOf(file, item);
    if (rule === undefined) continue;
    if (rules.has(rule.name)) file.report(item.offset, `duplicate rule ${quoted(rule.name)}`);
    else if (rules.size === RULES_MOST) file.report(item.offset, `more than ${RULES_MOST} rules`);
    else rules.set(rule.name, rule);
  }
  return [...rules.values()];
}

function alertRuleOf(file: YamlFile, item: Value): AlertRule | undefined {
  if (item.kind !== 'map') return parsedRule(file, item, undefined);
  const parts = new Map(knownEntries(file, item.entries, ['rule', 'name'], 'key of a rule'));
  const rule = parts.get('rule');
  if (rule === undefined) {
    file.report(item.offset, "a rule needs 'rule', such as rule: cpu>80% for 2m");
    return undefined;
  }
  return parsedRule(file, rule, parts.get('name'));
}

function parsedRule(file: YamlFile, rule: Value, name: Value | undefined): AlertRule | undefined {
  if (rule.kind !== 'text') {
    file.report(rule.offset, `expected a rule such as cpu>80% for 2m, found ${described(rule)}`);
    return undefined;
  }
  const nameText = name?.kind === 'text' ? name.text : undefined;
  const isName = nameText === undefined ? name === undefined : isNameOfRule(nameText);
  if (!isName) file.report(name?.offset, `invalid name: accepted are 1 to ${NAME_LENGTH_MOST} characters`);
  const parsed = parseRule(rule.text, isName ? nameText : undefined);
  if ('rule' in parsed) return parsed.rule;
  file.report(rule.offset, `rule ${quoted(rule.text)}: ${parsed.error}`);
  return undefined;
}

function isNameOfRule(text: string): boolean {
  return text !== '' && text.length <= NAME_LENGTH_MOST && !/\p{Cc}/u.test(text);
}

/** Entries with known keys, each key once; the others are reported. */
export function knownEntries<Known extends string>(
  file: YamlFile,
  entries: readonly Entry[],
  known: readonly Known[],
  what: string,
): (readonly [Known, Value])[] {
  const lines = new Map<Known, number>();
  return entries.flatMap(({ key, value }) => {
    const name = wordOf(file, key, known, what);
    if (name === undefined) return [];
    const firstLine = lines.get(name);
    if (firstLine !== undefined) {
      file.report(key.offset, `duplicate key ${quoted(name)}: the one in line ${firstLine} applies`);
      return [];
    }
    lines.set(name, file.lineOf(key.offset));
    return [[name, value] as const];
  });
}

/** The accepted word of a value; undefined if there is none, which is reported. */
export function wordOf<Word extends string>(
  file: YamlFile,
  value: Value,
  accepted: readonly Word[],
  what: string,
): Word | undefined {
  const word = value.kind === 'text' ? accepted.find((one) => one === value.text) : undefined;
  if (word === undefined) {
    const found =
      value.kind === 'text' && value.text !== '' ? `unknown ${what} ${quoted(value.text)}` : undefined;
    file.report(
      value.offset,
      `${found ?? `expected ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}, found ${described(value)}`}. Accepted: ${accepted.join(', ')}`,
    );
  }
  return word;
}

/** The entries of a map; empty if it is not a map, which is reported. */
export function mapOf(file: YamlFile, value: Value): readonly Entry[] {
  if (value.kind === 'map') return value.entries;
  if (!isNothing(value)) file.report(value.offset, `expected names with values, found ${described(value)}`);
  return [];
}
