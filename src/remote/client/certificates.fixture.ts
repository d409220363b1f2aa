import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type CertificatePair, makeCertificate } from '../agent/certificate.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MILLIS = 86_400_000;

/** A certificate as an agent makes it for this machine, so many days ago. */
export function selfSigned(daysAgo = 0): Promise<CertificatePair> {
  return makeCertificate('test', [], Date.now() - daysAgo * DAY_MILLIS);
}

/** An authority, and a certificate for one name that it has signed. */
export async function signedFor(
  name: string,
): Promise<{ readonly authorityPem: string; readonly pair: CertificatePair }> {
  const authorityKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const dates = { notBefore: new Date(Date.now() - DAY_MILLIS), notAfter: new Date(Date.now() + DAY_MILLIS) };
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=authority', keys: authorityKeys, signingAlgorithm: ALGORITHM },
    ...dates,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const certificate = await X509CertificateGenerator.create({
    ...{ serialNumber: '02', subject: 'CN=leaf', issuer: authority.subject },
    ...{ publicKey: keys.publicKey, signingKey: authorityKeys.privateKey, signingAlgorithm: ALGORITHM },
    ...dates,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`;
  return {
    authorityPem: `${authority.toString('pem')}\n`,
    pair: { certificatePem: `${certificate.toString('pem')}\n`, keyPem },
  };
}
