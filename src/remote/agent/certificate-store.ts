import { createPrivateKey, X509Certificate } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readText, removeFile, writeNew } from '../../kit/files/user-file.ts';
import { ipVersion } from '../../kit/text/network-name.ts';
import type { CertificatePair } from './certificate.ts';

/** A pair on disk that is fit to serve with. */
export interface StoredCertificate extends CertificatePair {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Of the certificate's DER, SHA-256, upper-case pairs joined by colons. */
  readonly fingerprint: string;
  readonly isNew: boolean;
  /** What is not as it should be, but does not keep the agent from serving. */
  readonly warnings: readonly string[];
}

const PEM_SIZE_LIMIT = 1 << 20;
/** A clock that is set shows no time before these programs. Boards without a clock of their own start in 1970. */
const EARLIEST_MILLIS = Date.UTC(2026, 0, 1);

/** Where the pair lives: `$XDG_CONFIG_HOME/socktop_agent/tls`, by default below `~/.config`. */
export function certificateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const configured = environment['XDG_CONFIG_HOME'] ?? '';
  const home = environment['HOME'] ?? '';
  // The base directory specification: a path that is not absolute is to be ignored.
  if (configured.startsWith('/')) return join(configured, 'socktop_agent', 'tls');
  if (home.startsWith('/')) return join(home, '.config', 'socktop_agent', 'tls');
  throw failure('EINVAL', 'no folder for the certificate: set HOME or XDG_CONFIG_HOME to a path');
}

/**
 * The pair of a folder; where there is none, one that `make` makes. Nothing that is there is ever replaced. Rejects
 * with an OpError whose message says what is wrong and what to do: `EXPIRED`, `MISMATCH`, `BAD_CERTIFICATE`, `HALF`,
 * `CLOCK`, or the code of the file system. Which of `wantedNames` the certificate lacks is a warning.
 */
export async function openCertificate(
  folder: string,
  make: () => Promise<CertificatePair>,
  nowMillis: number,
  wantedNames: readonly string[] = [],
): Promise<StoredCertificate> {
  const certificatePath = join(folder, 'cert.pem');
  const keyPath = join(folder, 'key.pem');
  const there = [certificatePath, keyPath].filter(exists);
  if (there.length === 1) {
    throw failure(
      'HALF',
      `${there[0]} exists without its other half: restore the missing file, or delete this one`,
    );
  }
  const isNew = there.length === 0;
  if (isNew && !(nowMillis >= EARLIEST_MILLIS)) {
    const today = new Date(Math.max(0, nowMillis)).toISOString().slice(0, 10);
    throw failure(
      'CLOCK',
      `no certificate is made on ${today}, as the clock says: it would have expired once the clock is set`,
    );
  }
  if (isNew) await create(folder, certificatePath, keyPath, make);
  return load(certificatePath, keyPath, nowMillis, isNew, wantedNames);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    throw fileFailure('look at', path, cause);
  }
}

/** The key first, so that a certificate always has its key. Of two agents at once one fails with EEXIST. */
async function create(
  folder: string,
  certificatePath: string,
  keyPath: string,
  make: () => Promise<CertificatePair>,
): Promise<void> {
  const { certificatePem, keyPem } = await make();
  const mark = `.new-${crypto.randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeNew(keyPath + mark, keyPem, 0o600, true);
    writeNew(certificatePath + mark, certificatePem, 0o644, true);
    linkSync(keyPath + mark, keyPath);
    renameSync(certificatePath + mark, certificatePath);
  } catch (cause) {
    throw fileFailure('write a certificate to', folder, cause);
  } finally {
    removeFile(keyPath + mark);
    removeFile(certificatePath + mark);
  }
}

function load(
  certificatePath: string,
  keyPath: string,
  nowMillis: number,
  isNew: boolean,
  wantedNames: readonly string[],
): StoredCertificate {
  const certificatePem = readPem(certificatePath);
  const keyPem = readPem(keyPath);
  const certificate = parse(certificatePath, () => new X509Certificate(certificatePem));
  const key = parse(keyPath, () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) {
    throw failure(
      'MISMATCH',
      `${keyPath} is not the key of ${certificatePath}: restore the pair, or delete both`,
    );
  }
  const expiresMillis = Date.parse(certificate.validTo);
  if (nowMillis > expiresMillis) {
    const since = new Date(expiresMillis).toISOString().slice(0, 10);
    throw failure(
      'EXPIRED',
      `ExpiredCertificate: ${certificatePath} expired on ${since}; delete it and ${keyPath} and restart to create a new pair`,
    );
  }
  return {
    ...{ certificatePem, keyPem, certificatePath, keyPath, isNew },
    fingerprint: certificate.fingerprint256,
    warnings: warningsOf(certificate, keyPath, nowMillis, wantedNames),
  };
}

function warningsOf(
  certificate: X509Certificate,
  keyPath: string,
  nowMillis: number,
  wantedNames: readonly string[],
): string[] {
  const warnings: string[] = [];
  const isNamed = (name: string) =>
    (ipVersion(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  const missing = wantedNames.filter((name) => !isNamed(name));
  if (missing.length > 0) {
    warnings.push(
      `the certificate is not valid for ${missing.join(', ')}: names are set when it is made; delete the pair to have a new one`,
    );
  }
  if (nowMillis < Date.parse(certificate.validFrom)) {
    warnings.push(
      `the certificate is not valid before ${certificate.validFrom}: check the clock of this machine`,
    );
  }
  if ((statSync(keyPath).mode & 0o077) !== 0) {
    warnings.push(`${keyPath} is readable by other users: run chmod 600 on it`);
  }
  return warnings;
}

function readPem(path: string): string {
  try {
    return readText(path, PEM_SIZE_LIMIT);
  } catch (cause) {
    const { code } = toOpError('read', cause);
    if (code === 'TOO_LONG') throw failure('EFBIG', `${path} is too large`);
    if (code === 'NOT_A_FILE') throw failure(code, `${path} is not a regular file`);
    throw fileFailure('read', path, cause);
  }
}

function parse<T>(path: string, parser: () => T): T {
  try {
    return parser();
  } catch (cause) {
    const message = `${path} is not a valid PEM file: restore it, or delete the pair`;
    throw new OpError({ op: 'open certificate', code: 'BAD_CERTIFICATE', message, cause });
  }
}

function failure(code: string, message: string): OpError {
  return new OpError({ op: 'open certificate', code, message });
}

function fileFailure(verb: string, path: string, cause: unknown): OpError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'EIO';
  return new OpError({ op: 'open certificate', code, message: `cannot ${verb} ${path} (${code})`, cause });
}
