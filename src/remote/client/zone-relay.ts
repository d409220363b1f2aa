import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A way to an address with a zone (`fe80::1%eth0`, RFC 4007), which no URL of a WebSocket can hold: a port of loopback
 * whose first connection goes on to that address, byte by byte; the port is closed then.
 */
export class ZoneRelay {
  readonly port: number;
  /** Why there is no way on; undefined: there is, or nobody knows yet. */
  failure: { readonly message: string; readonly code: string } | undefined;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(host: string, port: number) {
    this.#server = createServer((near) => {
      this.#server.close();
      if (this.#sockets.length > 0) near.destroy();
      else this.#join(near, connect({ host, port }));
    });
    this.#server.listen(0, '127.0.0.1');
    const { port: own } = this.#server.address() as AddressInfo;
    this.port = own;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    this.#sockets.push(near, far);
    near.pipe(far);
    far.pipe(near);
    far.on('error', ({ message, code = 'UNKNOWN' }: NodeJS.ErrnoException) => {
      this.failure ??= { message, code };
      near.destroy();
    });
    near.on('error', () => far.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }
}
