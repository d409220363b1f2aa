import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, rejectionOf } from '../../kit/bytes/hostile.fixture.ts';
import { withFileLock } from './atomic-file.ts';
import {
  type Profile,
  parseProfiles,
  printProfiles,
  profileNamed,
  profileNames,
  profilesPath,
  readProfiles,
  saveProfile,
  withProfile,
} from './profiles.ts';

const PROD: Profile = {
  ...{ url: 'ws://prod-host:3000/ws', tlsCaPath: undefined, verifyHostname: false, tokenFile: undefined },
  ...{ metricsIntervalMillis: undefined, processesIntervalMillis: undefined },
};
const ORIGINAL_TEXT = `{
  "profiles": {
    "prod": { "url": "ws://prod-host:3000/ws" },
    "prod-tls": {
      "url": "wss://prod-host:8443/ws",
      "tls_ca": "/home/user/certs/prod-cert.pem",
      "metrics_interval_ms": 500,
      "processes_interval_ms": 2000
    }
  },
  "version": 0
}`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'socktop-profiles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the file of profiles', () => {
  test("is the original's", () => {
    const document = parseProfiles(ORIGINAL_TEXT);
    expect(profileNames(document)).toEqual(['prod', 'prod-tls']);
    expect(profileNamed(document, 'prod')).toEqual(PROD);
    expect(profileNamed(document, 'prod-tls')).toEqual({
      ...{ url: 'wss://prod-host:8443/ws', tlsCaPath: '/home/user/certs/prod-cert.pem' },
      ...{ verifyHostname: false, tokenFile: undefined },
      ...{ metricsIntervalMillis: 500, processesIntervalMillis: 2000 },
    });
    expect(profileNamed(document, 'other')).toBeUndefined();
    expect(JSON.parse(printProfiles(document))).toEqual(JSON.parse(ORIGINAL_TEXT));
  });

  test('keeps what this program does not know', () => {
    const before = parseProfiles(
      '{"profiles":{"a":{"url":"ws://a","colour":"red"},"b":{"url":7}},"version":3,"x":[1]}',
    );
    const after = JSON.parse(printProfiles(withProfile(before, 'a', { ...PROD, tlsCaPath: '/c.pem' })));
    expect(after).toEqual({
      profiles: { a: { url: PROD.url, tls_ca: '/c.pem', colour: 'red' }, b: { url: 7 } },
      ...{ version: 3, x: [1] },
    });
  });

  test('keeps numbers as they are written, and reads them', () => {
    const text =
      '{"profiles":{"a":{"url":"ws://a","metrics_interval_ms":5e2,"seen":1e400}},"id":12345678901234567890,"x":[-0,1.50]}';
    const document = parseProfiles(text);
    expect(printProfiles(document).replaceAll(/\s/g, '')).toBe(text);
    expect(profileNamed(document, 'a')?.metricsIntervalMillis).toBe(500);
    expect(printProfiles(withProfile(document, 'a', PROD))).toContain('"seen": 1e400');
    expect(() => parseProfiles('{"profiles":1e400}')).toThrow('"profiles"');
  });

  test('takes any name, and intervals no shorter than they may be', () => {
    const document = withProfile(parseProfiles('{}'), '__proto__', PROD);
    expect(profileNames(parseProfiles(printProfiles(document)))).toEqual(['__proto__']);
    const short = parseProfiles(
      '{"profiles":{"a":{"url":"ws://a","metrics_interval_ms":1,"processes_interval_ms":1}}}',
    );
    expect(profileNamed(short, 'a')).toMatchObject({
      metricsIntervalMillis: 100,
      processesIntervalMillis: 200,
    });
    expect(profileNamed(parseProfiles('{}'), 'toString')).toBeUndefined();
  });

  test.each([
    ['{', 'not valid JSON'],
    ['[]', 'not a JSON object'],
    ['{"profiles":[]}', '"profiles"'],
  ])('that is damaged says how: %s', (text, why) => {
    expect(codeOf(() => parseProfiles(text))).toBe('DAMAGED');
    expect(() => parseProfiles(text)).toThrow(why);
  });

  test.each([
    ['{"profiles":{"a":7}}', 'not an object'],
    ['{"profiles":{"a":{}}}', '"url"'],
    ['{"profiles":{"a":{"url":"ws://a","tls_ca":7}}}', '"tls_ca"'],
    ['{"profiles":{"a":{"url":"ws://a","metrics_interval_ms":"fast"}}}', '"metrics_interval_ms"'],
  ])('with one profile damaged has the others: %s', (text, why) => {
    const document = parseProfiles(text);
    expect(() => profileNamed(document, 'a')).toThrow(why);
    expect(profileNames(document)).toEqual(['a']);
  });
});

describe('saving', () => {
  test('makes folder and file for the user alone', async () => {
    const path = profilesPath(join(folder, 'new', 'socktop'));
    await saveProfile(path, 'prod', PROD);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new/socktop')).mode & 0o777).toBe(0o700);
    expect(profileNamed(readProfiles(path), 'prod')).toEqual(PROD);
    expect(readdirSync(join(folder, 'new/socktop'))).toEqual(['profiles.json']);
  });

  test('never overwrites a damaged file', async () => {
    const path = join(folder, 'damaged.json');
    writeFileSync(path, '{"profiles": {"prod"');
    expect(await rejectionOf(saveProfile(path, 'prod', PROD))).toBe('DAMAGED');
    expect(readFileSync(path, 'utf8')).toBe('{"profiles": {"prod"');
    expect(() => readProfiles(path)).toThrow(path);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.from('{"profiles":{},"who":"Ren\xe9"}', 'latin1'), 'not UTF-8'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'not valid JSON'],
    ['too much', Buffer.alloc((1 << 20) + 1, ' '), 'longer'],
  ])('leaves a file alone that has %s', async (_what, bytes, why) => {
    const path = join(folder, 'foreign.json');
    writeFileSync(path, bytes);
    await expect(saveProfile(path, 'prod', PROD)).rejects.toThrow(why);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('does not make the file too long to be read again', async () => {
    const path = join(folder, 'full.json');
    const url = `ws://web-1:3000/${'x'.repeat(90)}`;
    const profiles = Object.fromEntries(Array.from({ length: 8000 }, (_, at) => [`p${at}`, { url }]));
    const text = JSON.stringify({ profiles, version: 0 });
    expect(text.length).toBeLessThan(1 << 20);
    writeFileSync(path, text);
    await expect(saveProfile(path, 'prod', PROD)).rejects.toThrow('TOO_LONG');
    expect(profileNames(readProfiles(path))).toHaveLength(8000);
  });

  test('says that it cannot where the folder is closed', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    writeFileSync(join(closed, 'profiles.json'), ORIGINAL_TEXT);
    chmodSync(closed, 0o500);
    // Root may write there anyway: for it a folder that the kernel itself keeps closed.
    const path = process.getuid?.() === 0 ? '/sys/kernel/profiles.json' : join(closed, 'profiles.json');
    const failure = saveProfile(path, 'prod', PROD);
    expect(['EACCES', 'EROFS', 'EPERM']).toContain(await rejectionOf(failure));
    await expect(failure).rejects.toThrow(path);
    chmodSync(closed, 0o700);
    expect(readFileSync(join(closed, 'profiles.json'), 'utf8')).toBe(ORIGINAL_TEXT);
  });

  test('follows a link and leaves it one', async () => {
    const target = join(folder, 'target.json');
    const link = join(folder, 'link.json');
    writeFileSync(target, ORIGINAL_TEXT);
    symlinkSync(target, link);
    await saveProfile(link, 'more', PROD);
    expect(profileNames(readProfiles(target))).toEqual(['more', 'prod', 'prod-tls']);
  });

  test('loses nothing of what others save at the same time', async () => {
    const path = join(folder, 'many.json');
    const writer = `
      const { saveProfile } = await import(${JSON.stringify(`${import.meta.dir}/profiles.ts`)});
      const [, path, who] = JSON.parse(process.env.WHO);
      for (let i = 0; i < 8; i++) await saveProfile(path, who + '-' + i, ${JSON.stringify(PROD)});`;
    const writers = Array.from({ length: 5 }, (_, at) =>
      Bun.spawn([process.execPath, '-e', writer], {
        env: { ...process.env, WHO: JSON.stringify([0, path, `writer${at}`]) },
        stderr: 'inherit',
      }),
    );
    expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual([0, 0, 0, 0, 0]);
    expect(profileNames(readProfiles(path))).toHaveLength(40);
  }, 60_000);

  test.each([
    ['long ago', -86_400],
    ['in the future, before the clock was set back', 86_400],
  ])('waits for no one who died while he saved, %s', async (_when, seconds) => {
    const path = join(folder, 'dead.json');
    writeFileSync(`${path}.lock`, '');
    const then = Date.now() / 1000 + seconds;
    utimesSync(`${path}.lock`, then, then);
    await saveProfile(path, 'prod', PROD);
    expect(readdirSync(folder).filter((name) => name.startsWith('dead'))).toEqual(['dead.json']);
  });

  test('gives up on one who does not end', async () => {
    const path = join(folder, 'held.json');
    await withFileLock(path, () => expect(existsSync(`${path}.lock`)).toBe(true));
    expect(existsSync(`${path}.lock`)).toBe(false);
    writeFileSync(`${path}.lock`, '');
    expect(await rejectionOf(withFileLock(path, () => expect.unreachable(), 200))).toBe('LOCKED');
    expect(existsSync(`${path}.lock`)).toBe(true);
    rmSync(`${path}.lock`);
    symlinkSync('nowhere', `${path}.lock`);
    expect(await rejectionOf(withFileLock(path, () => expect.unreachable(), 200))).toBe('NOT_A_FILE');
  });
});

test('where there is no file there are no profiles', () => {
  expect(profileNames(readProfiles(join(folder, 'none.json')))).toEqual([]);
  expect(() => readProfiles(folder)).toThrow('not a regular file');
});
