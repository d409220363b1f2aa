import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError } from '../../kit/errors/op-error.ts';
import { databaseOf } from './country-database.fixture.ts';
import { openDnsServer } from './dns-server.fixture.ts';
import { openNames } from './names.ts';
import type { ReverseResolver } from './reverse-dns.ts';

const folder = mkdtempSync(join(tmpdir(), 'names-'));
const geoipPath = join(folder, 'country.mmdb');
writeFileSync(geoipPath, databaseOf({ networks: [['8.0.0.0/8', { country: { iso_code: 'US' } }]] }));
writeFileSync(join(folder, 'services'), 'mine 4000/tcp');
writeFileSync(join(folder, 'hosts'), '10.0.0.7 nas.lan');
afterAll(() => rmSync(folder, { recursive: true }));

const paths = {
  servicesPath: join(folder, 'services'),
  hostsPath: join(folder, 'hosts'),
  countryFolders: [],
};

const answering: ReverseResolver = {
  reverse: (address) => ({ names: Promise.resolve([`h${address}`]), cancel: () => undefined }),
};

test('services, hosts and countries; hosts only while DNS is on', async () => {
  const { names, problem } = await openNames({ ...paths, isDnsOn: false, geoipPath, resolver: answering });
  expect(problem).toBeUndefined();
  expect([names.service(4000, 'tcp'), names.service(443, 'udp'), names.service(4000, 'udp')]).toEqual([
    'mine',
    'quic',
    undefined,
  ]);
  expect(['8.8.8.8', '10.0.0.7', '9.9.9.9'].map((one) => names.country(one))).toEqual([
    'US',
    'private',
    undefined,
  ]);
  expect([names.isDnsOn, names.host('10.0.0.7')]).toEqual([false, undefined]);
  names.setDns(true);
  const changed = new Promise<void>((resolve) => {
    names.onChange = resolve;
  });
  expect([names.host('10.0.0.7'), names.host('8.8.8.8')]).toEqual(['nas.lan', undefined]);
  const waiting = setInterval(() => undefined, 1_000);
  await changed;
  clearInterval(waiting);
  expect(names.host('8.8.8.8')).toBe('h8.8.8.8');
  names.setDns(false);
  expect(names.host('8.8.8.8')).toBeUndefined();
  names.close();
});

test('a database that was asked for must be usable; one that was found need not', async () => {
  const bad = join(folder, 'bad.mmdb');
  writeFileSync(bad, 'x');
  const error = await openNames({ ...paths, isDnsOn: false, geoipPath: bad }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(OpError);
  expect(error).toMatchObject({ code: 'FOREIGN', message: `${bad}: not a MaxMind database` });
  const countryFolders = [join(folder, 'GeoIP')];
  mkdirSync(join(folder, 'GeoIP'));
  writeFileSync(join(folder, 'GeoIP', 'GeoLite2-Country.mmdb'), 'x');
  const { names, problem } = await openNames({ ...paths, isDnsOn: false, countryFolders });
  expect(problem?.code).toBe('FOREIGN');
  expect(names.country('10.0.0.1')).toBe('private');
});

test('everything works with code generation from strings switched off', async () => {
  const server = await openDnsServer(() => ({ names: ['dns.example'] }));
  const child = Bun.spawn(
    [
      process.execPath,
      '--disallow-code-generation-from-strings=strict',
      `${import.meta.dir}/names.fixture.ts`,
      geoipPath,
      server.address,
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  );
  expect(await new Response(child.stdout).text()).toBe('dns.example US quic');
  expect(await child.exited).toBe(0);
  server.close();
});
