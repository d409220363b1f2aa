import { expect, test } from 'bun:test';
import { parseServices, readServiceNames, ServiceNames, serviceKey } from './services.ts';

test('reads services(5): first name of a port, comments and nonsense left out', () => {
  const text = [
    '# services',
    'http\t\t80/tcp\t\twww # WorldWideWeb',
    'www 80/tcp',
    'domain 53/udp',
    'whois++ 63/tcp',
    '914c/g 211/tcp',
    'bad 99999/tcp',
    'other 81/sctp',
    'tcpx 81/tcpx',
    ' indented 81/tcp',
    'line without a port',
    '\u001b[2J 81/tcp',
    'n\u00e4me 81/tcp',
    `${'x'.repeat(33)} 82/tcp`,
    'last 83/tcp',
  ].join('\n');
  expect([...parseServices(text)]).toEqual([
    [serviceKey(80, 'tcp'), 'http'],
    [serviceKey(53, 'udp'), 'domain'],
    [serviceKey(63, 'tcp'), 'whois++'],
    [serviceKey(211, 'tcp'), '914c/g'],
    [serviceKey(83, 'tcp'), 'last'],
  ]);
});

test('hostile text is bounded: 100,000 names, one line of a megabyte', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `s${i} ${i % 65_536}/${i < 65_536 ? 'tcp' : 'udp'}`);
  expect(parseServices(many.join('\n')).size).toBe(20_000);
  const started = process.cpuUsage();
  expect(parseServices(`${'x'.repeat(1 << 20)}\n${`a${' '.repeat(1 << 20)}`}\nhttp 80/tcp`).size).toBe(1);
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
});

test('the table wins over the built-in names, which fill its gaps; 443/udp is quic whatever it says', () => {
  const names = new ServiceNames('mydb 5432/tcp\nhttps 443/udp');
  expect(names.name(5432, 'tcp')).toBe('mydb');
  expect(names.name(22, 'tcp')).toBe('ssh');
  expect([names.name(443, 'tcp'), names.name(443, 'udp')]).toEqual(['https', 'quic']);
  expect([names.name(53, 'tcp'), names.name(53, 'udp')]).toEqual(['domain', 'domain']);
  expect([names.name(22, 'udp'), names.name(1, 'tcp'), names.name(0, 'tcp')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(['/proc/nonexistent/services', '/', '/dev/zero'])(
  'no table at %s: the built-in names',
  async (path) => {
    expect((await readServiceNames(path)).name(443, 'tcp')).toBe('https');
  },
);

test('the table of this system is read where there is one', async () => {
  expect((await readServiceNames('/etc/services')).name(22, 'tcp')).toBe('ssh');
});
