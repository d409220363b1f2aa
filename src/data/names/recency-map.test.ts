import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { RecencyMap } from './recency-map.ts';

test('the least recently used goes first, and reading is using', () => {
  const map = new RecencyMap<number>(3);
  for (const key of ['a', 'b', 'c']) map.set(key, key.charCodeAt(0));
  expect(map.get('a')).toBe(97);
  map.set('b', 1);
  map.set('d', 100);
  expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([97, 1, undefined, 100]);
  expect(map.size).toBe(3);
});

test('agrees with a list of pairs whatever is done to it', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const action = fc.oneof(
    fc.record({ kind: fc.constant('set'), key, value: fc.nat() }),
    fc.record({ kind: fc.constantFrom('get', 'take', 'clear'), key, value: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const map = new RecencyMap<number>(3);
      let pairs: (readonly [string, number])[] = [];
      for (const { kind, key: name, value } of actions) {
        const known = pairs.find(([other]) => other === name);
        const others = pairs.filter(([other]) => other !== name);
        if (kind === 'set') {
          map.set(name, value);
          pairs = [...others, [name, value] as const].slice(-3);
        } else if (kind === 'get') {
          expect(map.get(name)).toBe(known?.[1]);
          if (known !== undefined) pairs = [...others, known];
        } else if (kind === 'take') expect(map.takeNewest()).toBe(pairs.pop()?.[0]);
        else {
          map.clear();
          pairs = [];
        }
        expect(map.size).toBe(pairs.length);
      }
    }),
  );
});
