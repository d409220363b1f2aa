import { expect, test } from 'bun:test';
import { toOpError } from '../../kit/errors/op-error.ts';
import { readAddress } from '../sample/address.ts';
import { type DnsReply, NXDOMAIN, openDnsServer } from './dns-server.fixture.ts';
import { openReverseResolver, pointerName, type ReverseLookup } from './reverse-dns.ts';

test.each([
  ['10.0.0.5', '5.0.0.10.in-addr.arpa'],
  ['255.254.253.252', '252.253.254.255.in-addr.arpa'],
  ['2001:db8::567:89ab', 'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
])('%s is asked for as %s', (address, name) => {
  const words = new Uint32Array(4);
  expect(readAddress(address, words)).toBe(true);
  expect(pointerName(words)).toBe(name);
});

const REPLIES: Readonly<Record<string, DnsReply>> = {
  '1.0.0.10.in-addr.arpa': { names: ['nas.lan', 'second.lan'] },
  '2.0.0.10.in-addr.arpa': NXDOMAIN,
  '3.0.0.10.in-addr.arpa': { names: [] },
  '4.0.0.10.in-addr.arpa': { code: 2 },
  '5.0.0.10.in-addr.arpa': { names: ['evil\u001b[2J.lan'] },
  '6.0.0.10.in-addr.arpa': { bytes: Buffer.from('garbage') },
  '7.0.0.10.in-addr.arpa': { bytes: Buffer.alloc(512, 0xc0) },
};

const outcome = ({ names }: ReverseLookup): Promise<unknown> =>
  names.then(
    (found) => found,
    (thrown) => toOpError('reverse', thrown).code,
  );

test('a real name server: names, no such name, no record, failure, hostile names, garbage', async () => {
  const server = await openDnsServer((question) => REPLIES[question]);
  const resolver = openReverseResolver(2_000, [server.address]);
  // Garbage spoils nothing but the answer to its own question.
  const outcomes = [6, 1, 2, 3, 4, 5, 7].map((host) => outcome(resolver.reverse(`10.0.0.${host}`)));
  expect(await Promise.all(outcomes)).toEqual([
    'EBADRESP',
    ['nas.lan', 'second.lan'],
    'ENOTFOUND',
    'ENOTFOUND',
    'ESERVFAIL',
    ['evil\\027[2J.lan'],
    'EBADRESP',
  ]);
  expect(new Set(server.questions).size).toBe(7);
  expect(await resolver.reverse('no address').names).toEqual([]);
  server.close();
});

test('a lost packet is sent again; an answer may be slower than those before', async () => {
  let count = 0;
  const server = await openDnsServer((question) => {
    if (question.startsWith('9.')) return count++ === 0 ? undefined : { names: ['second.attempt.lan'] };
    return question.startsWith('8.') ? { names: ['slow.lan'], afterMillis: 400 } : NXDOMAIN;
  });
  const resolver = openReverseResolver(2_000, [server.address]);
  const asked = (address: string): Promise<unknown> => outcome(resolver.reverse(address));
  for (let i = 0; i < 10; i++) expect(await asked('10.0.0.1')).toBe('ENOTFOUND');
  const late = Promise.all([asked('10.0.0.9'), asked('10.0.0.8')]);
  for (let i = 0; i < 100; i++) await asked('10.0.0.1');
  expect(await late).toEqual([['second.attempt.lan'], ['slow.lan']]);
  expect(count).toBe(2);
  server.close();
});

test('cancelled look-ups end at once', async () => {
  const asked = Promise.withResolvers<void>();
  const server = await openDnsServer(() => {
    asked.resolve();
    return undefined;
  });
  const lookup = openReverseResolver(60_000, [server.address]).reverse('10.0.0.1');
  const rejected = outcome(lookup);
  await asked.promise;
  const started = performance.now();
  lookup.cancel();
  expect(await rejected).toBe('ECANCELLED');
  expect(performance.now() - started).toBeLessThan(10_000);
  server.close();
});
