import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { CertificatePair } from '../agent/certificate.ts';

/** Whoever sits there with a certificate of his own, and counts what he is told. */
export class TlsPeer {
  /** Handshakes that were completed on this side, and bytes of application data that came. */
  handshakes = 0;
  bytes = 0;
  readonly #server: Server;

  private constructor({ certificatePem, keyPem }: CertificatePair) {
    this.#server = createServer({ cert: certificatePem, key: keyPem }, (socket) => {
      this.handshakes++;
      socket.on('data', (chunk) => {
        this.bytes += chunk.length;
      });
      socket.on('error', () => socket.destroy());
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  static async listen(pair: CertificatePair): Promise<TlsPeer> {
    const peer = new TlsPeer(pair);
    peer.#server.listen(0, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
  }
}
