import { expect, test } from 'bun:test';
import { parseServices, readServiceNames, ServiceNames } from './services.ts';

test('reads services(5): first name of a port, comments and nonsense left out', () => {
  const text = [
    '# services',
    'http\t\t80/tcp\t\twww # WorldWideWeb',
    'www 80/tcp',
    'domain 53/udp',
    'bad 99999/tcp',
    'line without a port',
    '\u001b[2J 81/tcp',
    `${'x'.repeat(40)} 82/tcp`,
  ].join('\n');
  expect([...parseServices(text)]).toEqual([
    ['80/tcp', 'http'],
    ['53/udp', 'domain'],
  ]);
});

test('the table wins over the built-in names, which fill its gaps', () => {
  const names = new ServiceNames('mydb 5432/tcp');
  expect(names.name(5432, 'tcp')).toBe('mydb');
  expect(names.name(22, 'tcp')).toBe('ssh');
  expect([names.name(443, 'tcp'), names.name(443, 'udp')]).toEqual(['https', 'quic']);
  expect(names.name(1, 'tcp')).toBeUndefined();
});

test('no table: the built-in names', () => {
  expect(readServiceNames('/nonexistent/services').name(443, 'tcp')).toBe('https');
});
