import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { OpError } from '../../kit/errors/op-error.ts';
import { openCountryDatabase } from './country.ts';
import { type DatabaseSpec, databaseOf, pointerBytes, valueBytes } from './country-database.fixture.ts';
import { CountryDatabase } from './country-database.ts';

const country = (code: string) => ({ country: { iso_code: code, names: { en: code } } });

const NETWORKS: DatabaseSpec['networks'] = [
  ['1.0.0.0/24', country('AU')],
  ['5.9.0.0/16', country('DE')],
  ['8.8.8.8/32', { registered_country: { iso_code: 'US' }, is_anycast: true }],
  ['31.0.0.0/8', { country: 'PL' }],
  ['32.1.0.0/16', country('XX')],
  ['41.0.0.0/8', { country: 'Mauritius', country_code: 'MU' }],
];
const NETWORKS_6: DatabaseSpec['networks'] = [
  ['2001:200::/23', country('JP')],
  ['2a00:1450::/32', country('IE')],
];

/** What unfolds without end would take for ever. */
const MODEST_MILLIS = 1000;
const folder = mkdtempSync(join(tmpdir(), 'country-database-'));
afterAll(() => rmSync(folder, { recursive: true }));

const errorOf = (bytes: Buffer): OpError | undefined => {
  try {
    new CountryDatabase(bytes);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown;
    throw thrown;
  }
};

/** Maps of nine pointers each to the map behind them, `levels` deep: 9 ** levels values, unfolded. */
function bombOf(levels: number): Buffer {
  const keys = Array.from({ length: 9 }, (_, i) => valueBytes(`country${i === 0 ? '' : i}`));
  const mapBytes = 1 + Buffer.concat(keys).length + 9 * pointerBytes(0).length;
  const maps = Array.from({ length: levels }, (_, level) => {
    const next = pointerBytes((level + 1) * mapBytes);
    return Buffer.concat([Buffer.from([0xe9]), ...keys.flatMap((key) => [key, next])]);
  });
  return Buffer.concat([...maps, valueBytes({ iso_code: 'DE' })]);
}

describe('a good database', () => {
  test.each([24, 28, 32] as const)('with records of %d bits: both families, all shapes', (recordSize) => {
    const database = new CountryDatabase(databaseOf({ networks: [...NETWORKS, ...NETWORKS_6], recordSize }));
    const addresses = [
      '1.0.0.7',
      '5.9.255.255',
      '8.8.8.8',
      '31.1.2.3',
      '41.1.2.3',
      '2001:200::1',
      '2a00:1450:4001::1',
    ];
    expect(addresses.map((one) => database.code(one))).toEqual(['AU', 'DE', 'US', 'PL', 'MU', 'JP', 'IE']);
    expect(['1.0.1.0', '8.8.8.9', '2a00:1451::'].map((one) => database.code(one))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(database.type).toBe('Test-Country');
  });

  test('of IPv4 alone has nothing to say of IPv6', () => {
    const database = new CountryDatabase(databaseOf({ networks: NETWORKS, ipVersion: 4 }));
    expect([database.code('5.9.1.1'), database.code('32.1.0.1'), database.code('2001::1')]).toEqual([
      'DE',
      'XX',
      undefined,
    ]);
  });

  test('with records behind pointers, as real ones are written', () => {
    const shared = valueBytes({ iso_code: 'CH' });
    const record = Buffer.concat([Buffer.from([0xe1]), valueBytes('country'), pointerBytes(0)]);
    const networks = [
      ['9.0.0.0/8', shared],
      ['5.0.0.0/8', record],
    ] as const;
    expect(new CountryDatabase(databaseOf({ networks })).code('5.1.2.3')).toBe('CH');
  });

  test.each(['de', 'DEU', '\u001b[', '', 7, true])('%p is no country code', (code) => {
    const networks = [['5.0.0.0/8', { country: { iso_code: code } }]] as const;
    expect(new CountryDatabase(databaseOf({ networks })).code('5.1.2.3')).toBeUndefined();
  });
});

describe('a bad one', () => {
  test('is told apart: empty, foreign, of other things, cut short', () => {
    const good = databaseOf({ networks: NETWORKS });
    expect(errorOf(Buffer.alloc(0))?.code).toBe('FOREIGN');
    expect(errorOf(Buffer.from('%PDF-1.7'))).toMatchObject({
      code: 'FOREIGN',
      message: 'not a MaxMind database',
    });
    expect(errorOf(databaseOf({ networks: NETWORKS, type: 'GeoLite2-ASN' }))).toMatchObject({
      code: 'FOREIGN',
      message: 'not a country database (GeoLite2-ASN)',
    });
    expect(errorOf(good.subarray(0, good.length - 20))?.code).toBe('DAMAGED');
    expect(errorOf(good.subarray(good.length - 200))?.code).toBe('DAMAGED');
  });

  test('may lie about its tree', () => {
    const metadata = (change: Record<string, number>): Buffer =>
      valueBytes({
        database_type: 'Test-Country',
        ip_version: 6,
        node_count: 10,
        record_size: 28,
        ...change,
      });
    for (const change of [
      { node_count: 4_000_000_000 },
      { node_count: 0 },
      { record_size: 25 },
      { ip_version: 5 },
    ]) {
      expect(errorOf(databaseOf({ networks: NETWORKS, metadata: metadata(change) }))?.code).toBe('DAMAGED');
    }
    for (const value of ['metadata', 7, true, {}]) {
      expect(errorOf(databaseOf({ networks: NETWORKS, metadata: valueBytes(value) }))?.code).toBe('DAMAGED');
    }
  });

  test('may unfold without end: in its metadata, in its records, by a pointer to itself', () => {
    const bomb = bombOf(30);
    const started = process.cpuUsage();
    expect(errorOf(databaseOf({ networks: NETWORKS, metadata: bomb }))?.code).toBe('DAMAGED');
    const itself = Buffer.from([0xe1, 0x41, 0x61, 0x20, 0]);
    expect(errorOf(databaseOf({ networks: NETWORKS, metadata: itself }))?.code).toBe('DAMAGED');
    // The bomb lies at the start of the data, where its pointers count from.
    const networks = [
      ['30.0.0.0/8', bomb],
      ['77.0.0.0/8', pointerBytes(bomb.length)],
      ['88.0.0.0/8', country('DE')],
    ] as const;
    const database = new CountryDatabase(databaseOf({ networks }));
    for (const address of ['30.1.1.1', '77.1.1.1']) expect(database.code(address)).toBeUndefined();
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(MODEST_MILLIS);
    // A damaged record costs no more than itself.
    expect(database.code('88.1.1.1')).toBe('DE');
  });

  test('with any bytes changed it is refused or answers, and throws nothing else', () => {
    const good = databaseOf({ networks: [...NETWORKS, ...NETWORKS_6] });
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = Buffer.from(good);
          for (const [at, byte] of changes) bytes[at] = byte;
          for (const candidate of [bytes, bytes.subarray(0, length), bytes.subarray(length)]) {
            if (errorOf(candidate) !== undefined) continue;
            const database = new CountryDatabase(candidate);
            for (const one of [
              '1.0.0.7',
              '8.8.8.8',
              '255.255.255.255',
              '2001:200::1',
              'ffff::',
              'nonsense',
            ]) {
              expect(database.code(one) ?? 'ZZ').toMatch(/^[A-Z]{2}$/);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('files', () => {
  test('are named in the one line of the error', async () => {
    const path = join(folder, 'foreign.mmdb');
    writeFileSync(path, 'nothing of the kind');
    const messageOf = (file: string): Promise<unknown> =>
      openCountryDatabase(file).catch((error) =>
        error instanceof OpError ? [error.code, error.message] : error,
      );
    expect(await messageOf(path)).toEqual(['FOREIGN', `${path}: not a MaxMind database`]);
    expect(await messageOf(folder)).toEqual(['NOT_A_FILE', `${folder}: not a regular file`]);
    const none = join(folder, 'none');
    expect(await messageOf(none)).toEqual(['ENOENT', `cannot read '${none}': file not found`]);
    expect(await messageOf(join(path, 'beneath'))).toEqual([
      'ENOTDIR',
      `cannot read '${path}/beneath': file not found`,
    ]);
  });

  test('are read whole', async () => {
    const path = join(folder, 'good.mmdb');
    writeFileSync(path, databaseOf({ networks: NETWORKS }));
    expect((await openCountryDatabase(path)).code('5.9.1.1')).toBe('DE');
  });
});
