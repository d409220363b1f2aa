import { expect, test } from 'bun:test';
import { parsePasswd } from './passwd.ts';

test('names by uid, the first of two, and nothing from lines that are no entries', () => {
  const text = [
    'root:x:0:0:root:/root:/bin/sh',
    'toor:x:0:0::/root:/bin/sh',
    '# comment:x:5:5',
    '+nis:x:6:6',
    '+::::::',
    ':x:7:7:::',
    'negative:x:-1:1:::',
    'huge:x:4294967295:1:::',
    'words:x:abc:1:::',
    'cut:x',
    'www data:x:33:33:::',
    'last:x:4294967294:1',
  ].join('\n');
  expect([...parsePasswd(text)]).toEqual([
    [0, 'root'],
    [33, 'www data'],
    [4294967294, 'last'],
  ]);
  expect(parsePasswd('').size).toBe(0);
});
