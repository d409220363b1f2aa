import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import type { AgentUrl } from './agent-url.ts';
import { fingerprintOf, pemOf } from './pinned-certificates.ts';

/** What a peer shows, for people to judge: nothing of it is verified. */
export interface PeerCertificate {
  readonly pem: string;
  /** SHA-256, `AB:CD:...`. */
  readonly fingerprint: string;
  readonly subject: string;
  /** Names and addresses that it is made for. */
  readonly names: readonly string[];
  readonly notBeforeMillis: number;
  readonly notAfterMillis: number;
}

const TEXT_LIMIT = 256;
const NAMES_LIMIT = 16;

/**
 * The certificate of whoever answers there, whoever it is. The connection ends with the handshake: not a byte of a
 * request, and so no token, is sent. OpError with the system's code, `DEADLINE`, `NO_CERTIFICATE`.
 */
export function readPeerCertificate(agent: AgentUrl, timeoutMillis: number): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>();
  const socket = connect({
    host: agent.hostName,
    port: agent.port,
    // Only looked at: whether it is trusted is decided elsewhere, on the connection that is used.
    rejectUnauthorized: false,
    ...(isIP(agent.hostName) === 0 ? { servername: agent.hostName } : {}),
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

/** A certificate in DER, in words. Throws what the parser throws. */
function described(der: Uint8Array): PeerCertificate {
  const certificate = new X509Certificate(der);
  return {
    pem: pemOf(der),
    fingerprint: fingerprintOf(der),
    subject: clean(certificate.subject),
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
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function clean(text: string): string {
  return sanitizeLine(text.replaceAll('\n', ', ').slice(0, TEXT_LIMIT));
}
