import { expect, test } from 'bun:test';
import { distinctNames, namesWithPorts } from './host-names.ts';

test('hosts that are called the same are told apart by a number', () => {
  expect(distinctNames(['web', 'db', 'web', 'web'])).toEqual(['web', 'db', 'web (2)', 'web (3)']);
  expect(distinctNames([])).toEqual([]);
});

test('agents on one host are told apart by their ports, unless the user named them', () => {
  const host = (name: string, hostName: string, port: number) => ({ name, hostName, port });
  const names = namesWithPorts([
    ...[host('a', 'a', 3000), host('a', 'a', 3001), host('b', 'b', 3000), host('::1', '::1', 1)],
    ...[host('::1', '::1', 2), host('prod', 'c', 3000), host('c', 'c', 3001)],
  ]);
  expect(names).toEqual(['a:3000', 'a:3001', 'b', '[::1]:1', '[::1]:2', 'prod', 'c']);
});
