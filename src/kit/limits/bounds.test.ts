import { expect, test } from 'bun:test';
import { Allowance, setNewest } from './bounds.ts';

test('an allowance is a burst, then one every while', () => {
  const budget = new Allowance(40, 3000);
  const taken = (at: number, tries: number) =>
    Array.from({ length: tries }, () => budget.take(at)).filter(Boolean).length;
  expect(taken(0, 100)).toBe(40);
  expect(budget.refused).toBe(60);
  expect(taken(2999, 5)).toBe(0);
  expect(taken(9000, 5)).toBe(3);
  expect(taken(1e9, 100)).toBe(40);
});

test('while an allowance is full its clock stands still', () => {
  const budget = new Allowance(2, 1000);
  expect([budget.take(900), budget.take(900), budget.take(1000), budget.take(1900)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test('of a map with a limit the entry goes that was set longest ago', () => {
  const map = new Map<string, number>();
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    setNewest(map, key, value, 2);
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
});
