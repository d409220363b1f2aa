import { describe, expect, test } from 'bun:test';
import { assert, property, string } from 'fast-check';
import type { Alternative, FilterError, FilterTest } from './filter-term.ts';
import { anyText } from './filter-terms.fixture.ts';
import { groupFilterText, parseFilter } from './parse-filter.ts';

function alternativesOf(text: string): readonly Alternative[] {
  const parsed = parseFilter(text);
  if ('error' in parsed) throw new TypeError(`${text}: ${parsed.error.message}`);
  return parsed.filter.alternatives;
}

function onlyTest(text: string): FilterTest {
  const [[term] = []] = alternativesOf(text);
  return term!.test;
}

function errorOf(text: string): FilterError | undefined {
  const parsed = parseFilter(text);
  return 'error' in parsed ? parsed.error : undefined;
}

test('any text is a filter or an error within the text', () => {
  assert(
    property(string({ unit: 'binary', maxLength: 40 }), (text) => {
      const error = errorOf(text);
      if (error === undefined) return;
      expect(error.from).toBeGreaterThanOrEqual(0);
      expect(error.to).toBeGreaterThan(error.from);
      expect(error.to).toBeLessThanOrEqual(text.length);
      expect(error.message).not.toBe('');
    }),
  );
});

describe('words and structure', () => {
  test.each([
    ['', []],
    [' \t ', []],
    ['curl', [['curl']]],
    ['  Curl   serve.PY ', [['curl', 'serve.py']]],
    ['a|b', [['a'], ['b']]],
    ['a b | c', [['a', 'b'], ['c']]],
    ['"a b"', [['a b']]],
    ['"a\\"b\\\\c\\d"', [['a"b\\c\\d']]],
    ['"a|b" c', [['a|b', 'c']]],
    ['a"b', [['a"b']]],
    ['--type=x /usr/bin/y=z 10:30 ::1', [['--type=x', '/usr/bin/y=z', '10:30', '::1']]],
    ['hey!', [['hey!']]],
    ['""', [['']]],
    ['日本 🦊', [['日本', '🦊']]],
  ])('%p', (text, words) => {
    const read = alternativesOf(text).map((terms) =>
      terms.map(({ test: each }) => 'text' in each && each.text),
    );
    expect(read).toEqual(words);
  });

  test('an exclamation mark negates, two do not', () => {
    const [terms] = alternativesOf('!a !!b !!!port:1 !"c d"');
    expect(terms!.map(({ isNegated }) => isNegated)).toEqual([true, false, true, true]);
  });
});

describe('keys', () => {
  test.each<[string, FilterTest]>([
    ['port:443', { key: 'port', comparison: '=', values: [443] }],
    ['port=443', { key: 'port', comparison: '=', values: [443] }],
    ['PORT:80,443', { key: 'port', comparison: '=', values: [80, 443] }],
    ['port>1024', { key: 'port', comparison: '>', values: [1024] }],
    ['pid:1', { key: 'pid', comparison: '=', values: [1] }],
    ['host:1.1.1.1', { key: 'host', match: 'contains', text: '1.1.1.1' }],
    ['host=Example.ORG', { key: 'host', match: 'equals', text: 'example.org' }],
    ['host:2001:db8::1', { key: 'host', match: 'contains', text: '2001:db8::1' }],
    ['host:"10.0.0.0/8"', { key: 'host', match: 'contains', text: '10.0.0.0/8' }],
    ['proto:UDP', { key: 'proto', protocols: ['udp'] }],
    ['proto:tcp,udp', { key: 'proto', protocols: ['tcp', 'udp'] }],
    ['state:listen', { key: 'state', states: ['LISTEN'] }],
    ['state:time_wait,close-wait', { key: 'state', states: ['TIME_WAIT', 'CLOSE_WAIT'] }],
    ['state:established,fin-wait-1', { key: 'state', states: ['ESTAB', 'FIN_WAIT1'] }],
    ['up>1M', { key: 'up', comparison: '>', value: 1024 ** 2 }],
    ['down>=500K', { key: 'down', comparison: '>=', value: 512_000 }],
    ['up<1.5kb/s', { key: 'up', comparison: '<', value: 1536 }],
    ['up<=2G', { key: 'up', comparison: '<=', value: 2 * 1024 ** 3 }],
    ['down=0', { key: 'down', comparison: '=', value: 0 }],
    ['down>7b', { key: 'down', comparison: '>', value: 7 }],
    ['up<1T', { key: 'up', comparison: '<', value: 1024 ** 4 }],
    ['up>10Mbit', { key: 'up', comparison: '>', value: 1_250_000 }],
    ['down<=8kbit/s', { key: 'down', comparison: '<=', value: 1000 }],
    ['down>16bit', { key: 'down', comparison: '>', value: 2 }],
    ['conns>10', { key: 'conns', comparison: '>', value: 10 }],
    ['rtt>100ms', { key: 'rtt', comparison: '>', value: 100_000 }],
    ['rtt<=1.5s', { key: 'rtt', comparison: '<=', value: 1_500_000 }],
    ['rtt>=20', { key: 'rtt', comparison: '>=', value: 20_000 }],
    ['rtt<310us', { key: 'rtt', comparison: '<', value: 310 }],
    ['retrans>2%', { key: 'retrans', comparison: '>', value: 0.02 }],
    ['retrans>=0.5', { key: 'retrans', comparison: '>=', value: 0.005 }],
    ['drops>0', { key: 'drops', comparison: '>', value: 0 }],
    ['user:www-data', { key: 'user', match: 'equals', text: 'www-data' }],
    ['svc:https', { key: 'svc', match: 'equals', text: 'https' }],
    ['group:nginx', { key: 'group', match: 'contains', text: 'nginx' }],
    ['group="User 1000"', { key: 'group', match: 'equals', text: 'user 1000' }],
    ['group=""', { key: 'group', match: 'equals', text: '' }],
  ])('%s', (text, expected) => {
    expect(onlyTest(text)).toEqual(expected);
  });

  test('a network is its prefix', () => {
    const read = onlyTest('host:10.0.0.0/8');
    expect(read.key === 'network' && [read.prefix.bits, [...read.prefix.words]]).toEqual([
      104,
      [0, 0, 0xffff, 0x0a000000],
    ]);
  });
});

describe('errors name the column and what is accepted', () => {
  test.each([
    ['curl foo:bar', 5, 8, /unknown key "foo": port host .*quotes/],
    ['sshd: ana', 0, 4, /unknown key "sshd": port/],
    ['rttt>1s', 0, 4, /^unknown key "rttt": did you mean rtt\? Accepted: port host .*quotes/],
    ['a Retran>2%', 2, 8, /^unknown key "Retran": did you mean retrans\?/],
    ['drop>0', 0, 4, /: did you mean drops\?/],
    ['prt:443', 0, 3, /: did you mean port\?/],
    ['port:44x', 5, 8, /from 0 to 65535.*port:443/],
    ['a port:65536', 7, 12, /65535/],
    ['port:', 0, 5, /port:443/],
    ['port:1,,2', 5, 9, /port:80,443/],
    ['port>1,2', 5, 8, /port>1024/],
    ['pid:x', 4, 5, /pid:1/],
    ['up>fast', 3, 7, /B, K, M, G or T/],
    ['up>1X', 3, 5, /up>1M/],
    ['up>-1', 3, 5, /up>1M/],
    ['down>9999999T', 5, 13, /down>1M/],
    ['conns>1.5', 6, 9, /whole number/],
    ['drops>x', 6, 7, /drops takes a whole number/],
    ['rtt>fast', 4, 8, /rtt takes a time in us, ms or s: rtt>100ms/],
    ['rtt>1e3ms', 4, 9, /rtt takes a time/],
    ['retrans>200%', 8, 12, /retrans takes a percentage of the segments: retrans>2%/],
    ['proto:icmp', 6, 10, /tcp or udp/],
    ['proto>tcp', 6, 9, /tcp or udp/],
    ['state:open', 6, 10, /estab, .*time_wait.*listen.*unconn/],
    ['host:10.0.0.0/33', 5, 16, /prefix length/],
    ['host:example.org/8', 5, 18, /prefix length/],
    ['host:', 0, 5, /host:1\.1\.1\.1/],
    ['user>root', 5, 9, /user:TEXT/],
    ['a !', 2, 3, /needs a term directly after it/],
    ['! a', 0, 1, /needs a term directly after it/],
    ['| a', 0, 1, /needs a term before it/],
    ['a || b', 3, 4, /needs a term before it/],
    ['a |  ', 2, 3, /needs a term after it/],
    ['a "b c', 2, 6, /unclosed quote/],
    ['user:"b', 5, 7, /unclosed quote/],
    ['"a"b', 3, 4, /closing quote must be followed/],
  ])('%p', (text, from, to, message) => {
    const error = errorOf(text);
    expect([error?.from, error?.to]).toEqual([from, to]);
    expect(error?.message).toMatch(message);
  });

  test('no more alternatives than there are bits, no more terms than can be afforded', () => {
    const many = Array.from({ length: 32 }, (_, i) => `a${i}`);
    expect(errorOf(many.join('|'))).toBeUndefined();
    expect(errorOf([...many, 'b'].join('|'))?.message).toMatch(/32 alternatives/);
    expect(errorOf('a '.repeat(64))).toBeUndefined();
    expect(errorOf('a '.repeat(65))?.message).toMatch(/64 terms/);
  });
});

test('the filter for a group is read as its whole name, whatever the name is', () => {
  assert(
    property(anyText, (name) => {
      expect(onlyTest(groupFilterText(name))).toEqual({ key: 'group', match: 'equals', text: name });
    }),
    { numRuns: 1000 },
  );
  expect(groupFilterText('nginx.service')).toBe('group=nginx.service');
  expect(groupFilterText('user 1000')).toBe('group="user 1000"');
  expect(groupFilterText('')).toBe('group=""');
});
