import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { MESSAGE_PROGRAMS, messagesMarkdown, messagesPath } from './message-lists.ts';
import { literalsOf } from './source-literals.ts';

const lists = new Map(MESSAGE_PROGRAMS.map((program) => [program, messagesMarkdown(program)]));

test.each([...lists])(
  'docs/messages/%s.md is what the sources say (else: npm run bun bin/dev/message-lists.ts)',
  (program, list) => {
    expect(readFileSync(messagesPath(program), 'utf8')).toBe(list);
  },
);

test('a message stands once in the list of each program that can print it, with its code', () => {
  const rows = (message: string) =>
    [...lists.values()].map((list) => list.split(`| \`${message}\` |`).length - 1);
  expect(rows('--by needs --totals')).toEqual([1, 0, 0]);
  expect(rows('--until is not later than --at')).toEqual([1, 1, 1]);
  expect(rows('Works only in the tree: t shows it.')).toEqual([1, 1, 0]);
  expect(rows('the agent cannot run on <name>: it needs Linux')).toEqual([0, 0, 1]);
  expect(lists.get('sstop')).toContain("| `cannot record to '<path>'` |");
  expect(lists.get('sstop')).toContain('| `file exists; refusing to overwrite` | `EEXIST` |');
  expect(lists.get('socktop-agent')).toContain(
    '| `<where> is in use: choose another one with --port` | `EADDRINUSE` |',
  );
  expect(lists.get('socktop-agent')).toContain('| `client-connected` | info | address protocol |');
});

test('literals have their escapes resolved and names for their expressions', () => {
  const texts = (source: string) => literalsOf(source).map(({ text }) => text);
  const hole = (expression: string) => `$${'{'}${expression}}`;
  expect(texts(`'it\\'s' + ' one'`)).toEqual(["it's one"]);
  expect(texts(`\`a ${hole('error.message')} b ${hole('count(rows)')} c\``)).toEqual([
    'a <message> b <rows> c',
  ]);
  expect(texts(`\`x ${hole("isOn ? 'on' : 'off'")}\``)).toEqual(['x <on | off>']);
  expect(texts(`\`${hole("a ?? 'none'")} \\u2026\`, // 'no'\n'y'`)).toEqual(['<a> \u2026', 'none', 'y']);
});
