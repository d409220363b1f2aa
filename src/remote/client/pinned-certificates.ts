import { createHash, X509Certificate } from 'node:crypto';
import { OpError } from '../../kit/errors/op-error.ts';

/** Certificates that are accepted, and no others. */
export interface PinnedCertificates {
  /** All of them, PEM. */
  readonly pem: string;
  /** SHA-256 of each, as `AB:CD:...`, in their order. */
  readonly fingerprints: readonly string[];
  /** Some may sign others: a certificate signed by one of them is accepted too. */
  readonly hasAuthority: boolean;
}

export const PEM_LIMIT_BYTES = 1 << 20;
const CERTIFICATES_LIMIT = 256;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/** Reads a PEM text; what is no certificate in it is passed over. OpError `NO_CERTIFICATE`, `BAD_CERTIFICATE`. */
export function parsePinned(pem: string): PinnedCertificates {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) throw bad('NO_CERTIFICATE', 'there is no certificate in it');
  if (blocks.length > CERTIFICATES_LIMIT) {
    throw bad('BAD_CERTIFICATE', `more than ${CERTIFICATES_LIMIT} certificates`);
  }
  const certificates = blocks.map(parseBlock);
  return {
    pem: `${blocks.join('\n')}\n`,
    fingerprints: certificates.map((certificate) => fingerprintOf(certificate.raw)),
    hasAuthority: certificates.some((certificate) => certificate.ca),
  };
}

/** SHA-256 of a certificate in DER, as openssl prints it: `AB:CD:...`. */
export function fingerprintOf(der: Uint8Array): string {
  const digest = createHash('sha256').update(der).digest('hex').toUpperCase();
  return digest.match(/../g)?.join(':') ?? '';
}

/** PEM of a certificate in DER. */
export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function parseBlock(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw new OpError({
      op: 'read certificate',
      code: 'BAD_CERTIFICATE',
      message: 'a certificate in it is damaged',
      cause,
    });
  }
}

function bad(code: string, message: string): OpError {
  return new OpError({ op: 'read certificate', code, message });
}
