import { createHash, X509Certificate } from 'node:crypto';
import {
  checkServerIdentity,
  connect,
  getCACertificates,
  type PeerCertificate as NodeCertificate,
} from 'node:tls';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { ipVersion } from '../../kit/text/network-name.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { AgentUrl } from './agent-url.ts';

/** What is trusted: the system's authorities, with names checked, or the certificates that the user named. */
export type Trust =
  | { readonly kind: 'system' }
  | {
      readonly kind: 'pinned';
      readonly certificates: PinnedCertificates;
      readonly verifyHostname: boolean;
    };

/** Options of a handshake; the names are those of `tls.connect`. */
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

/** Always verifies: the handshake with an untrusted peer fails before any request is sent. */
export function tlsOptions(trust: Trust): TlsOptions {
  if (trust.kind === 'system') {
    const ca = getCACertificates('system');
    return { ca, rejectUnauthorized: true, allowPartialTrustChain: false, checkServerIdentity };
  }
  const { certificates, verifyHostname } = trust;
  const pinned = new Set(certificates.fingerprints);
  return {
    ...{ ca: certificates.pem, rejectUnauthorized: true, allowPartialTrustChain: true },
    checkServerIdentity: (host, certificate) => {
      // The chain has been verified. Without an authority among the pinned, the peer itself must be pinned.
      if (!certificates.hasAuthority && !pinned.has(fingerprintOf(certificate.raw))) {
        return new OpError({ op: 'TLS handshake', code: 'NOT_PINNED' });
      }
      return verifyHostname ? checkServerIdentity(host, certificate) : undefined;
    },
  };
}

/** Error for a refused certificate, with the fingerprints to compare. `peer`: undefined if it could not be read. */
export function refusal(
  agent: AgentUrl,
  trust: Trust,
  code: string,
  peer: PeerCertificate | undefined,
  nowMillis: number,
): OpError {
  const message = `refused: ${reasonOf(agent, trust, code, peer, nowMillis)}`;
  return new OpError({ op: 'TLS handshake', code, message });
}

function reasonOf(
  { hostName }: AgentUrl,
  trust: Trust,
  code: string,
  peer: PeerCertificate | undefined,
  nowMillis: number,
): string {
  if (peer === undefined) return `the certificate of ${hostName} is not trusted (${code})`;
  const shown = `SHA-256 ${peer.fingerprint}`;
  const isPinned = trust.kind === 'pinned' && trust.certificates.fingerprints.includes(peer.fingerprint);
  if (trust.kind === 'pinned' && !isPinned && !trust.certificates.hasAuthority) {
    const { fingerprints } = trust.certificates;
    const which = fingerprints.length === 1 ? 'the pinned one' : 'any pinned one';
    return `the certificate of ${hostName} does not match ${which}${compared(peer, fingerprints)}`;
  }
  if (peer.notAfterMillis < nowMillis) {
    return `the certificate of ${hostName} expired on ${dayOf(peer.notAfterMillis)} (${shown}); on the agent, delete it and its key, restart, and pin the new one`;
  }
  if (peer.notBeforeMillis > nowMillis) {
    return `the certificate of ${hostName} is not valid before ${dayOf(peer.notBeforeMillis)} (${shown}); check the clock`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return `the certificate is for ${peer.names.join(', ') || 'no name'}, not for ${kindOf(hostName)} ${hostName} (${shown})`;
  }
  if (trust.kind === 'pinned') {
    const { fingerprints } = trust.certificates;
    return `the certificate of ${hostName} is neither pinned nor signed by a pinned one${compared(peer, fingerprints)}`;
  }
  return `no trusted authority signed the certificate of ${hostName} (${shown}); to pin it, use --tls-ca FILE`;
}

const SHOWN_FINGERPRINTS = 4;

/** `: received SHA-256 AB:..., expected SHA-256 CD:...`; `complain` puts each fingerprint on its own line. */
function compared(peer: PeerCertificate, expected: readonly string[]): string {
  const lines = expected.slice(0, SHOWN_FINGERPRINTS).map((fingerprint) => `expected SHA-256 ${fingerprint}`);
  return `: ${[`received SHA-256 ${peer.fingerprint}`, ...lines].join(', ')}`;
}

function kindOf(hostName: string): string {
  return ipVersion(hostName) === 0 ? 'the name' : 'the address';
}

function dayOf(millis: number): string {
  return Number.isFinite(millis) ? new Date(millis).toISOString().slice(0, 10) : 'an unknown day';
}

/** The only certificates that are trusted. */
export interface PinnedCertificates {
  /** All of them, PEM. */
  readonly pem: string;
  /** SHA-256 of each, as `AB:CD:...`, in their order. */
  readonly fingerprints: readonly string[];
  /** At least one is an authority: certificates signed by it are trusted too. */
  readonly hasAuthority: boolean;
}

export const PEM_LIMIT_BYTES = 1 << 20;
const CERTIFICATES_LIMIT = 256;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/** Parses the certificates in a PEM text and ignores the rest. Throws OpError `NO_CERTIFICATE`, `BAD_CERTIFICATE`. */
export function parsePinned(pem: string): PinnedCertificates {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) throw bad('NO_CERTIFICATE', 'contains no certificate');
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

function pemOf(der: Uint8Array): string {
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
    throw bad('BAD_CERTIFICATE', 'contains a damaged certificate', cause);
  }
}
function bad(code: string, message: string, cause?: unknown): OpError {
  return new OpError({ op: 'read certificate', code, message, cause });
}

/** What a peer shows, for people to judge: nothing of it is verified. */
export type PeerCertificate = Readonly<ReturnType<typeof described>>;

const TEXT_LIMIT = 256;
const NAMES_LIMIT = 16;

/**
 * Returns the certificate of the peer, trusted or not. The connection ends with the handshake: not a byte of a
 * request, and so no token, is sent. OpError with the system's code, `DEADLINE`, `NO_CERTIFICATE`.
 */
export function readPeerCertificate(agent: AgentUrl, timeoutMillis: number): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>();
  const socket = connect({
    host: agent.hostName,
    port: agent.port,
    // Only looked at: whether it is trusted is decided elsewhere, on the connection that is used.
    rejectUnauthorized: false,
    ...(ipVersion(agent.hostName) === 0 ? { servername: agent.hostName } : {}),
  });
  const timer = setTimeout(() => fail(new OpError({ op: 'TLS handshake', code: 'DEADLINE' })), timeoutMillis);
  const fail = (error: OpError): void => {
    clearTimeout(timer);
    socket.destroy();
    reject(error);
  };
  socket.once('error', (thrown) => fail(toOpError('TLS handshake', thrown)));
  socket.once('close', () => fail(new OpError({ op: 'TLS handshake', code: 'ECONNRESET' })));
  socket.once('secureConnect', () => {
    try {
      const { raw } = socket.getPeerCertificate();
      if (raw === undefined) throw new OpError({ op: 'TLS handshake', code: 'NO_CERTIFICATE' });
      resolve(described(raw));
    } catch (thrown) {
      reject(toOpError('TLS handshake', thrown));
    } finally {
      clearTimeout(timer);
      socket.destroy();
    }
  });
  return promise;
}

/** Describes a certificate in DER. Throws the errors of the parser. */
function described(der: Uint8Array) {
  const certificate = new X509Certificate(der);
  return {
    pem: pemOf(der),
    /** SHA-256, `AB:CD:...`. */
    fingerprint: fingerprintOf(der),
    subject: clean(certificate.subject),
    /** Names and addresses that it is made for. */
    names: namesOf(certificate),
    notBeforeMillis: Date.parse(certificate.validFrom),
    notAfterMillis: Date.parse(certificate.validTo),
  };
}

function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName
    .split(', ')
    .filter((name) => name !== '')
    .slice(0, NAMES_LIMIT)
    .map((name) => clean(shortened(name.replace(/^(DNS|IP Address):/, ''))));
}

/** IPv6 as people write it (RFC 5952): the parser gives all eight groups. */
function shortened(name: string): string {
  return ipVersion(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function clean(text: string): string {
  return sanitizeLine(text.replaceAll('\n', ', ').slice(0, TEXT_LIMIT));
}
