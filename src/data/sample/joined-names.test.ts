import { expect, test } from 'bun:test';
import { joinedNames } from './joined-names.ts';

test('a name is added once, and a fifth not at all', () => {
  let all = 'b.example';
  for (const name of ['b.example', 'ab.example', 'b.example.org', 'example', 'ab.example', 'c.example', 'd'])
    all = joinedNames(all, name);
  expect(all).toBe('b.example ab.example b.example.org example');
});
