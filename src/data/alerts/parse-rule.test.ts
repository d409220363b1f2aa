import { describe, expect, test } from 'bun:test';
import { ALERT_KEY_NAMES, ALERT_KEYS } from './alert-rule.ts';
import { parseRule } from './parse-rule.ts';

function ruleOf(text: string) {
  const parsed = parseRule(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.rule;
}

describe('a rule', () => {
  test.each([
    ['cpu>80% for 2m', 'cpu', '>', 80, 120_000],
    ['net.up>50M for 30s', 'net.up', '>', 50 * 2 ** 20, 30_000],
    ['net.down>=100Mbit', 'net.down', '>=', 12.5e6, 0],
    ['psi.memory>20%', 'psi.memory', '>', 20, 0],
    ['disk.used>90%', 'disk.used', '>', 90, 0],
    ['process.rss>4G FOR 1h', 'process.rss', '>', 4 * 2 ** 30, 3_600_000],
    ['LOAD>8', 'load', '>', 8, 0],
    ['temp>85°C for 1m', 'temp', '>', 85, 60_000],
  ])('%p', (text, key, comparison, value, holdMillis) => {
    expect(ruleOf(text)).toEqual({
      ...{ name: text, text, holdMillis },
      alternatives: [[{ isNegated: false, test: { key, comparison, value } }]],
    } as ReturnType<typeof ruleOf>);
  });

  test('joins terms as a filter does', () => {
    const { alternatives } = ruleOf('process.rss>4G process.name:"My App" | !cpu<50% for 10s');
    expect(alternatives.map((terms) => terms.map(({ test, isNegated }) => [test.key, isNegated]))).toEqual([
      [
        ['process.rss', false],
        ['process.name', false],
      ],
      [['cpu', true]],
    ]);
    expect(alternatives[0]![1]!.test).toEqual({ key: 'process.name', isWhole: false, text: 'my app' });
  });

  test('can ask for every key', () => {
    for (const key of ALERT_KEY_NAMES) {
      const text = ALERT_KEYS[key].unit === 'text' ? `cpu>1 ${key}:x` : `${key}>1`;
      expect(ruleOf(text).alternatives[0]!.at(-1)!.test.key).toBe(key);
    }
  });

  test.each([
    ['cpuu>80%', 'unknown key "cpuu": did you mean cpu?; accepted: cpu '],
    ['net.upp>1M', 'did you mean net.up?'],
    ['process.ress>1G', 'did you mean process.rss?'],
    ['nonsense>80%', 'unknown key "nonsense"; accepted: '],
    ['cpu>80% for 2x', 'invalid duration "2x": accepted are 30s, 2m or 1h, at most 24h'],
    ['cpu>80% for 25h', 'invalid duration "25h"'],
    ['cpu>lots', 'cpu takes a percentage: cpu>80%'],
    ['cpu>-1', 'cpu takes a percentage'],
    ['process.rss>4Gbit', 'process.rss takes bytes with B, K, M, G or T'],
    ['net.up>fast', 'net.up takes a rate'],
    ['cpu', '"cpu" compares nothing; accepted is cpu>80% for 2m'],
    ['cpu > 80%', '"cpu" compares nothing'],
    ['mem', '"mem" is no condition; accepted is'],
    ['memry', 'did you mean memory?'],
    ['', 'empty rule; accepted is cpu>80% for 2m'],
    ['for 2m', 'empty rule'],
    ['process.name:java', 'a name alone is no alert'],
    ['process.name>x cpu>1', 'process.name takes no < or >'],
    ['cpu>1 |', '| (or) needs a term after it'],
    ['process.name:"x', 'unclosed quote'],
    ['x'.repeat(501), 'longer than 500 characters'],
  ])('%p is refused in one line', (text, message) => {
    const parsed = parseRule(text);
    expect('error' in parsed && parsed.error).toContain(message);
    expect('error' in parsed && parsed.error).not.toContain('\n');
  });
});
