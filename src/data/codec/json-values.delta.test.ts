import { describe, expect, test } from 'bun:test';
import { applyJsonDelta, type JsonValue, jsonDelta } from './json-values.ts';

const PAIRS: readonly (readonly [string, JsonValue, JsonValue])[] = [
  ['equal', { a: 1, b: [1, 2] }, { a: 1, b: [1, 2] }],
  ['counters', { a: 1, b: [1, 2, 3] }, { a: 9, b: [1, 5, 3] }],
  ['fractions', [0.1, 1e300], [0.3, 1]],
  ['unknown comes and goes', { a: null, b: 2, list: [null, 1] }, { a: 4, b: null, list: [7, null] }],
  ['fields come and go', { a: 1, gone: { x: 1 } }, { a: 1, fresh: { y: [1] } }],
  ['lengths change', [1, 2, 3], [1, 2]],
  ['kinds change', { a: [1] }, { a: { b: 'text' } }],
  ['texts like the signs', { a: '-', b: '=' }, { a: '=', b: '-' }],
  ['nothing', null, null],
  ['nested', { list: [{ name: 'sda', bytes: 5 }] }, { list: [{ name: 'sda', bytes: 8 }] }],
];

describe('a change of JSON', () => {
  test.each(PAIRS)('%s', (_, before, after) => {
    const copy = structuredClone(before);
    const change = JSON.parse(JSON.stringify(jsonDelta(before, after))) as unknown;
    expect(applyJsonDelta(before, change)).toEqual(after);
    expect(before).toEqual(copy);
  });

  test('says only what changed', () => {
    const before = { cpu: { user: 100, idle: 900 }, name: 'a long name that stays' };
    expect(jsonDelta(before, { ...before, cpu: { user: 107, idle: 900 } })).toEqual({ cpu: { user: 7 } });
    expect(jsonDelta(before, structuredClone(before))).toBe(0);
  });

  test.each<[string, JsonValue, unknown]>([
    ['a number to a text', 'text', 1],
    ['a list to a shorter one', [1], [1, 2]],
    ['an object to a number', 1, { a: 1 }],
    ['no change at all', 1, true],
    ['a difference to nothing', { a: 1 }, { b: 1 }],
  ])('that does not fit is refused: %s', (_, before, change) => {
    expect(() => applyJsonDelta(before, change)).toThrow('does not fit');
  });

  test('cannot reach what objects inherit', () => {
    const changed = applyJsonDelta({}, JSON.parse('{"__proto__":{"=":{"polluted":1}}}'));
    expect(Object.getPrototypeOf(changed)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
