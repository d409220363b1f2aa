import { isIP } from 'node:net';
import { checkServerIdentity, getCACertificates, type PeerCertificate as NodeCertificate } from 'node:tls';
import { OpError } from '../../kit/errors/op-error.ts';
import type { AgentUrl } from './agent-url.ts';
import type { PeerCertificate } from './peer-certificate.ts';
import { fingerprintOf, type PinnedCertificates } from './pinned-certificates.ts';

/** Whom to believe: the system's authorities with the names checked, or certificates that the user named. */
export type Trust =
  | { readonly kind: 'system' }
  | {
      readonly kind: 'pinned';
      readonly certificates: PinnedCertificates;
      readonly verifyHostname: boolean;
    };

/** What a handshake is told; the names are those of `tls.connect`. */
interface TlsOptions {
  readonly ca: string | string[];
  readonly rejectUnauthorized: true;
  /** A certificate that is named is enough: its issuer need not be. */
  readonly allowPartialTrustChain: boolean;
  readonly checkServerIdentity: (host: string, certificate: NodeCertificate) => Error | undefined;
}

const CERTIFICATE_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether a handshake ended because of the peer's certificate. */
export function isCertificateError(code: string): boolean {
  return CERTIFICATE_CODES.has(code);
}

/** Always verifies: the handshake fails before a byte of the request is sent to whom this does not accept. */
export function tlsOptions(trust: Trust): TlsOptions {
  if (trust.kind === 'system') {
    return {
      ca: getCACertificates('system'),
      rejectUnauthorized: true,
      allowPartialTrustChain: false,
      checkServerIdentity,
    };
  }
  const { certificates, verifyHostname } = trust;
  const pinned = new Set(certificates.fingerprints);
  return {
    ca: certificates.pem,
    rejectUnauthorized: true,
    allowPartialTrustChain: true,
    checkServerIdentity: (host, certificate) => {
      // The chain holds when this is called: without an authority among the pinned, only they themselves may stand here.
      if (!certificates.hasAuthority && !pinned.has(fingerprintOf(certificate.raw))) {
        return new OpError({ op: 'TLS handshake', code: 'NOT_PINNED' });
      }
      return verifyHostname ? checkServerIdentity(host, certificate) : undefined;
    },
  };
}

/** Why the peer's certificate was refused, in one line with what there is to compare. `peer`: undefined where it could not be read. */
export function refusal(
  agent: AgentUrl,
  trust: Trust,
  code: string,
  peer: PeerCertificate | undefined,
  nowMillis: number,
): OpError {
  return new OpError({
    op: 'TLS handshake',
    code,
    message: `refused: ${reasonOf(agent, trust, code, peer, nowMillis)}`,
  });
}

function reasonOf(
  { hostName }: AgentUrl,
  trust: Trust,
  code: string,
  peer: PeerCertificate | undefined,
  nowMillis: number,
): string {
  if (peer === undefined) return `the certificate of ${hostName} is not accepted (${code})`;
  const shown = `SHA-256 ${peer.fingerprint}`;
  const isPinned = trust.kind === 'pinned' && trust.certificates.fingerprints.includes(peer.fingerprint);
  if (trust.kind === 'pinned' && !isPinned && !trust.certificates.hasAuthority) {
    const { fingerprints } = trust.certificates;
    const accepted = fingerprints.length === 1 ? 'the pinned one is' : 'the pinned ones are';
    return `the certificate of ${hostName} is another than the pinned one: it is ${shown}, ${accepted} SHA-256 ${fingerprints.slice(0, 4).join(', ')}`;
  }
  if (peer.notAfterMillis < nowMillis) {
    return `the certificate of ${hostName} expired on ${dayOf(peer.notAfterMillis)} (${shown}); delete it and its key at the agent, start the agent again, and pin the new one`;
  }
  if (peer.notBeforeMillis > nowMillis) {
    return `the certificate of ${hostName} is not valid before ${dayOf(peer.notBeforeMillis)} (${shown}); is the clock right?`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return `the certificate is made for ${peer.names.join(', ') || 'nobody'}, and not for ${kindOf(hostName)} ${hostName} (${shown})`;
  }
  if (trust.kind === 'pinned') {
    return `the certificate of ${hostName} is none of the pinned ones and not signed by one: it is ${shown}, they are SHA-256 ${trust.certificates.fingerprints.slice(0, 4).join(', ')}`;
  }
  return `this system does not trust the certificate of ${hostName} (${shown}); --tls-ca FILE accepts one that you have`;
}

function kindOf(hostName: string): string {
  return isIP(hostName) === 0 ? 'the name' : 'the address';
}

function dayOf(millis: number): string {
  return Number.isFinite(millis) ? new Date(millis).toISOString().slice(0, 10) : 'an unknown day';
}
