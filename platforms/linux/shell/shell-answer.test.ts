import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { TimeSlice } from '../../../src/data/source/source.ts';
import { filesOf, forEachStat, MARK_PLACE, SHELL_LOOP } from './shell-answer.ts';

const SHELLS = [['sh'], ['bash'], ['dash'], ['busybox', 'sh']].filter(([name]) => Bun.which(name!) !== null);
const NUMBERS =
  'S 1 1 1 0 -1 4194560 2 3 0 5 7 11 13 17 20 0 3 0 31 57257984 551 18446744073709551615 1 1 0 0';

async function namesOf(text: string): Promise<string[]> {
  const names: string[] = [];
  await forEachStat(Buffer.from(text), new TimeSlice(), ({ pid, nameStart, nameEnd }, line) =>
    names.push(`${pid} ${Buffer.from(line.subarray(nameStart, nameEnd)).toString()}`),
  );
  return names;
}

describe('texts of /proc/PID/stat behind one another', () => {
  test('are told apart, whatever their names look like', async () => {
    const names = ['plain', 'a) S 1', '\n7 (a) S 1 1', ') ', '', '(((', '\n\n\n', '1 (x) S 1 1 1'];
    const text = names.map((name, at) => `${at + 10} (${name}) ${NUMBERS}\n`).join('');
    expect(await namesOf(text)).toEqual(names.map((name, at) => `${at + 10} ${name}`));
  });

  test('one that is cut short is passed over, and so is what is none', async () => {
    const text = `noise\n11 (b) ${NUMBERS}\n12 (c) ${NUMBERS.slice(0, 30)}`;
    expect(await namesOf(text)).toEqual(['11 b']);
  });
});

test('lines of files come back as files', () => {
  const files = filesOf(Buffer.from('stat:cpu  1 2\nstat:cpu0 1\nnet/dev:eth0: 5\nno file\n'));
  expect([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([
    ['stat', 'cpu  1 2\ncpu0 1\n'],
    ['net/dev', 'eth0: 5\n'],
  ]);
});

describe.each(SHELLS)('the loop, read by %s', (...shell) => {
  test('answers line by line, and ends with its input', async () => {
    const child = Bun.spawn(shell, { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    let said = '';
    const reader = child.stdout.getReader();
    const until = async (marks: number): Promise<string[]> => {
      while (said.split('\nMARK\n').length <= marks) {
        const { done, value } = await reader.read();
        if (done) break;
        said += Buffer.from(value).toString('latin1');
      }
      return said.split('\nMARK\n');
    };
    child.stdin.write(SHELL_LOOP.replaceAll(MARK_PLACE, 'MARK'));
    child.stdin.flush();
    expect(await until(1)).toEqual(['', '']);
    child.stdin.write(
      [
        'g uptime loadavg missing',
        `c ${child.pid}/stat`,
        `n ${child.pid}`,
        'e [s]tat',
        'f /',
        'l self',
        't',
        '',
      ].join('\n'),
    );
    child.stdin.flush();
    const [, files, stat, owner, glob, space, link, times] = await until(8);
    expect(files).toMatch(/^uptime:[\d.]+ [\d.]+\nloadavg:/);
    expect(stat).toStartWith(`${child.pid} (`);
    expect(owner?.trim().split(/ +/).at(2)).toBe(String(process.geteuid?.()));
    expect(glob).toBe('stat\n');
    expect(space).toMatch(/\n\S+ +\d+ +\d+ +\d+ +\d+% \/\n$/);
    expect(link).toMatch(/ self -> \d+\n$/);
    expect(times).toMatch(/^\d+m[\d.]+s \d+m[\d.]+s\n\d+m[\d.]+s \d+m[\d.]+s\n$/);
    child.stdin.end();
    expect(await child.exited).toBe(0);
    expect(await new Response(child.stderr).text()).toBe('');
  });
});

test('the shell of this machine is there', () => expect(existsSync('/bin/sh')).toBe(true));
