import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type NetworkName, networkNameOf } from '../../kit/text/network-name.ts';

const MILLIS_PER_DAY = 86_400_000;
const VALID_DAYS = 397;
/** Clocks of clients go late: the certificate is valid a little earlier than it was made. */
const EARLIER_MILLIS = 5 * 60_000;
const SERIAL_BYTES = 16;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** RFC 5280: ub-common-name. */
const COMMON_NAME_LENGTH = 64;
const PEM_LINE = /.{1,64}/g;

/** A certificate and its private key, PEM. */
export interface CertificatePair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Self-signed (ECDSA P-256, 397 days) for this host name, `localhost`, both loopback addresses and `extraNames`. */
export async function makeCertificate(
  hostName: string,
  extraNames: readonly string[],
  nowMillis: number,
): Promise<CertificatePair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const notBeforeMillis = nowMillis - EARLIER_MILLIS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [hostName.slice(0, COMMON_NAME_LENGTH)] }],
    notBefore: new Date(notBeforeMillis),
    notAfter: new Date(notBeforeMillis + VALID_DAYS * MILLIS_PER_DAY),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(alternativeNames(hostName, extraNames)),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(PEM_LINE)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Names without repetition, each once, as what it is. A host may be called what no certificate can hold. */
function alternativeNames(hostName: string, extraNames: readonly string[]): NetworkName[] {
  const names = [hostName, 'localhost', '127.0.0.1', '::1', ...extraNames].flatMap(
    (name) => networkNameOf(name) ?? [],
  );
  return [...new Map(names.map((name) => [name.value, name])).values()];
}

/** RFC 5280, 4.1.2.2: positive, at most 20 octets; the first byte is neither negative nor zero. */
function serialNumber(): string {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return Buffer.from(serial).toString('hex');
}
