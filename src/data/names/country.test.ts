import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Countries, countryDatabasePaths, findCountryDatabase } from './country.ts';
import { databaseOf } from './country-database.fixture.ts';
import { CountryDatabase } from './country-database.ts';

const BYTES = databaseOf({
  networks: [
    ['8.0.0.0/8', { country: { iso_code: 'US' } }],
    ['10.0.0.0/8', { country: { iso_code: 'XX' } }],
    ['2a00::/16', { country: { iso_code: 'FR' } }],
  ],
});

const folder = mkdtempSync(join(tmpdir(), 'country-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('with a database: codes, ranges before it, the host behind NAT64', () => {
  const countries = new Countries(new CountryDatabase(BYTES));
  for (const [address, country] of [
    ['8.8.8.8', 'US'],
    ['64:ff9b::808:808', 'US'],
    ['64:ff9b::a00:1', 'private'],
    ['2a00::1', 'FR'],
    ['10.0.0.1', 'private'],
    ['9.9.9.9', undefined],
    ['nonsense', undefined],
  ] as const) {
    expect([countries.country(address), countries.country(address)]).toEqual([country, country]);
  }
});

test('without one: ranges alone', () => {
  const countries = new Countries();
  const addresses = ['127.0.0.1', '192.168.0.1', '100.64.0.1', 'fe80::1', 'ff02::fb', '192.0.2.1', '8.8.8.8'];
  expect(addresses.map((address) => countries.country(address))).toEqual([
    'loopback',
    'private',
    'cgnat',
    'link-local',
    'multicast',
    'documentation',
    undefined,
  ]);
});

test('the first that can be used is found; one that cannot is told, and those that are not there are not', async () => {
  const [none, bad, good] = ['none.mmdb', 'bad.mmdb', 'good.mmdb'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(bad, 'x');
  writeFileSync(good, BYTES);
  expect((await findCountryDatabase([none, bad, good])).database?.code('8.8.8.8')).toBe('US');
  const found = await findCountryDatabase([none, bad, `${good}/below`]);
  expect([found.database, found.problem?.message]).toEqual([undefined, `${bad}: not a MaxMind database`]);
  expect(await findCountryDatabase([none])).toEqual({});
});

test('the usual places, countries before cities', () => {
  const paths = countryDatabasePaths(['/usr/share/GeoIP', '/var/lib/GeoIP']);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toContain('/usr/share/GeoIP/GeoLite2-Country.mmdb');
  expect(paths.findLastIndex((path) => path.includes('ountry'))).toBeLessThan(
    paths.findIndex((path) => path.includes('ity')),
  );
  expect(countryDatabasePaths([])).toEqual([]);
});
