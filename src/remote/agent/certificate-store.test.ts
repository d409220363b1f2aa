import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { certificateFolder, openCertificate } from './certificate-store.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const DAY = 86_400_000;
const make = () => makeCertificate('pi-3', ['192.168.1.101', 'pi.internal'], NOW);
let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agent-tls-'));
  folder = join(root, 'socktop_agent', 'tls');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const open = (nowMillis = NOW) => openCertificate(folder, make, nowMillis);

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe('a folder without a pair', () => {
  test('gets one for 397 days, closed to others, with nothing else left there', async () => {
    const opened = await open();
    expect(opened.isNew).toBe(true);
    expect(opened.warnings).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['cert.pem', 'key.pem']);
    expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const certificate = new X509Certificate(opened.certificatePem);
    expect(Date.parse(certificate.validFrom)).toBe(NOW - 5 * 60_000);
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(397 * DAY);
    expect(certificate.fingerprint256).toBe(opened.fingerprint);
    expect(certificate.subjectAltName).toContain('DNS:pi-3, DNS:localhost, IP Address:127.0.0.1');
  });

  test('is the same pair the next time', async () => {
    const first = await open();
    const second = await open(NOW + 396 * DAY);
    expect(second.isNew).toBe(false);
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.keyPem).toBe(first.keyPem);
  });

  test('gets none while the clock is not set, and one when it is', async () => {
    for (const unset of [0, -DAY, Date.UTC(2025, 11, 31)]) {
      expect(await errorOf(open(unset))).toMatchObject({ code: 'CLOCK' });
    }
    expect(existsSync(folder)).toBe(false);
    expect((await open()).isNew).toBe(true);
    // It is used whatever the clock says: the board has been started again.
    expect((await open(0)).warnings).toEqual([expect.stringContaining('check the clock')]);
  });

  test('where two agents start at once holds a pair that belongs together', async () => {
    const both = await Promise.allSettled([open(), open()]);
    expect(both.map(({ status }) => status)).toContain('fulfilled');
    expect(readdirSync(folder).sort()).toEqual(['cert.pem', 'key.pem']);
    expect((await open()).isNew).toBe(false);
  });
});

describe('openssl', () => {
  const hasOpenssl = Bun.which('openssl') !== null;
  const verify = (...options: string[]): string => {
    const path = join(folder, 'cert.pem');
    const at = String(Math.floor(NOW / 1000));
    const command = ['openssl', 'verify', '-attime', at, '-CAfile', path, ...options, path];
    const { stdout, stderr } = Bun.spawnSync(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    return `${stdout.toString()}${stderr.toString()}`;
  };

  test.skipIf(!hasOpenssl)('verifies host names and addresses, and no others (needs openssl)', async () => {
    await open();
    for (const name of ['pi-3', 'localhost', 'pi.internal']) {
      expect(verify('-verify_hostname', name)).toEndWith(': OK\n');
    }
    for (const address of ['127.0.0.1', '::1', '192.168.1.101']) {
      expect(verify('-verify_ip', address)).toEndWith(': OK\n');
    }
    expect(verify('-verify_hostname', 'elsewhere')).toContain('hostname mismatch');
    expect(verify('-verify_ip', '192.168.1.102')).toContain('IP address mismatch');
  });
});

describe('a pair that cannot serve is named and left as it is', () => {
  test('expired', async () => {
    const before = await open();
    const error = await errorOf(open(NOW + 398 * DAY));
    expect(error).toMatchObject({ code: 'EXPIRED' });
    expect(String(error)).toContain('ExpiredCertificate');
    expect(String(error)).toContain(before.certificatePath);
    expect(String(error)).toContain(before.keyPath);
    expect((await open()).fingerprint).toBe(before.fingerprint);
  });

  test('with the key of another', async () => {
    await open();
    const { keyPem } = await make();
    writeFileSync(join(folder, 'key.pem'), keyPem);
    expect(await errorOf(open())).toMatchObject({ code: 'MISMATCH' });
    expect(readFileSync(join(folder, 'key.pem'), 'utf8')).toBe(keyPem);
  });

  test('half written, or half there', async () => {
    const { certificatePem } = await open();
    writeFileSync(join(folder, 'cert.pem'), certificatePem.slice(0, 200));
    expect(await errorOf(open())).toMatchObject({ code: 'BAD_CERTIFICATE' });
    writeFileSync(join(folder, 'key.pem'), '');
    writeFileSync(join(folder, 'cert.pem'), certificatePem);
    expect(await errorOf(open())).toMatchObject({ code: 'BAD_CERTIFICATE' });
    rmSync(join(folder, 'key.pem'));
    expect(await errorOf(open())).toMatchObject({ code: 'HALF' });
  });

  test('that may not be read', async () => {
    await open();
    rmSync(join(folder, 'key.pem'));
    // A folder cannot be read as a file, not even by root.
    Bun.spawnSync(['mkdir', join(folder, 'key.pem')]);
    const error = await errorOf(open());
    expect(error).toMatchObject({ code: 'EISDIR' });
    expect(String(error)).toContain('key.pem');
  });

  test('open to others, or of the future: it serves, with a warning', async () => {
    await open();
    chmodSync(join(folder, 'key.pem'), 0o644);
    expect((await open()).warnings).toMatchObject([expect.stringContaining('chmod 600')]);
    chmodSync(join(folder, 'key.pem'), 0o600);
    expect((await open(NOW - DAY)).warnings).toMatchObject([expect.stringContaining('clock')]);
  });
});

test('names that are wanted later are not in a certificate that is there: a warning says so', async () => {
  await open();
  const names = ['localhost', '127.0.0.1', 'pi.example', '192.0.2.7', '2001:db8::1'];
  const { warnings } = await openCertificate(folder, make, NOW, names);
  expect(warnings).toEqual([expect.stringContaining('not valid for pi.example, 192.0.2.7, 2001:db8::1: ')]);
});

test('the folder is below XDG_CONFIG_HOME, else below HOME', () => {
  expect(certificateFolder({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/socktop_agent/tls');
  expect(certificateFolder({ XDG_CONFIG_HOME: 'x', HOME: '/h' })).toBe('/h/.config/socktop_agent/tls');
  expect(() => certificateFolder({})).toThrow('HOME');
});
