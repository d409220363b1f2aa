import { expect, test } from 'bun:test';
import { parseHosts, readHosts, shownHostName } from './hosts-file.ts';

test('first name of an address; loopback, blocked hosts and nonsense left out', () => {
  const text = [
    '# hosts',
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost',
    '0.0.0.0 ads.example',
    '10.0.0.7\tnas.lan nas # the box',
    '  10.0.0.7 other.lan',
    'fd00:0::1 six.lan',
    '10.0.0.8',
    '10.0.0.9 # nothing',
    'name 10.0.0.10',
    '10.0.0.11 \u001b]0;x\u0007',
    '300.0.0.1 bad',
  ].join('\n');
  expect([...parseHosts(text)]).toEqual([
    ['10.0.0.7', 'nas.lan'],
    ['fd00::1', 'six.lan'],
    ['10.0.0.11', '\u00b7]0;x\u00b7'],
  ]);
});

test('a list of 200,000 hosts costs a few milliseconds', () => {
  const text = Array.from(
    { length: 200_000 },
    (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255} h${i}`,
  ).join('\n');
  const started = process.cpuUsage();
  expect(parseHosts(text).size).toBeLessThanOrEqual(4096);
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
});

test('no file: no names', async () => {
  expect((await readHosts('/proc/nonexistent/hosts')).size).toBe(0);
});

test.each([
  [['one.one.one.one'], 'one.one.one.one'],
  [['root.example.'], 'root.example'],
  [['', '  ', '.', 'second.example'], 'second.example'],
  [['a\u001b[2Jb\u202e.example'], 'a\u00b7[2Jb\u00b7.example'],
  [['8.8.8.8', '2001:4860::1', 'real.example'], 'real.example'],
  [['10.0.0.1.'], undefined],
  [[], undefined],
] as const)('%j is shown as %j', (names, shown) => {
  expect(shownHostName(names)).toBe(shown);
});

test('at most 253 characters, and no half of one at the cut', () => {
  expect(shownHostName(['x'.repeat(5000)])).toBe('x'.repeat(253));
  expect(shownHostName([`${'x'.repeat(252)}\u{1f600}`])).toBe(`${'x'.repeat(252)}\ufffd`);
});
