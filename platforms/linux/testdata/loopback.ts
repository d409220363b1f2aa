import type { Socket, TCPSocketListener } from 'bun';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { SocketTable } from '../../../src/data/sample/socket-table.ts';

/** Never rests. */
export const WHOLE_SLICE: Slice = { due: () => false, rest: () => Promise.resolve() };

/** One end of a connection: what it received, and promises of what is to happen to it. */
export class End {
  received = 0;
  hasEnded = false;
  isClosed = false;
  socket: Socket<End> | undefined;
  #unsent = 0;
  #wake = Promise.withResolvers<void>();

  changed(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#wake.promise;
  }

  /** Writes so many bytes, as the socket takes them. */
  send(bytes: number): void {
    this.#unsent += bytes;
    this.flush();
  }

  flush(): void {
    while (this.#unsent > 0 && this.socket !== undefined) {
      const written = this.socket.write(new Uint8Array(Math.min(this.#unsent, 65536)));
      if (written <= 0) return;
      this.#unsent -= written;
    }
  }
}

const handlers = {
  data(socket: Socket<End>, data: Uint8Array) {
    socket.data.received += data.length;
    socket.data.changed();
  },
  end(socket: Socket<End>) {
    socket.data.hasEnded = true;
    socket.data.changed();
  },
  close(socket: Socket<End>) {
    socket.data.isClosed = true;
    socket.data.changed();
  },
  drain(socket: Socket<End>) {
    socket.data.flush();
  },
  error() {},
};

/** A connection of this process to itself. */
export class Pair {
  readonly client = new End();
  readonly server = new End();
  readonly listener: TCPSocketListener<End>;
  readonly #accepted = Promise.withResolvers<void>();

  private constructor(listenOn: string) {
    this.listener = Bun.listen<End>({
      hostname: listenOn,
      port: 0,
      allowHalfOpen: true,
      socket: {
        ...handlers,
        open: (socket) => {
          socket.data = this.server;
          this.server.socket = socket;
          this.#accepted.resolve();
        },
      },
    });
  }

  /** Connects to `connectTo` on a listener of `listenOn`; both stay half open when the peer ends. */
  static async open(connectTo: string, listenOn = connectTo): Promise<Pair> {
    const pair = new Pair(listenOn);
    pair.client.socket = await Bun.connect<End>({
      hostname: connectTo,
      port: pair.listener.port,
      allowHalfOpen: true,
      data: pair.client,
      socket: { ...handlers, open() {} },
    });
    await pair.#accepted.promise;
    return pair;
  }

  get clientPort(): number {
    return this.client.socket?.localPort ?? 0;
  }

  get serverPort(): number {
    return this.listener.port;
  }

  close(): void {
    this.client.socket?.terminate();
    this.server.socket?.terminate();
    this.listener.stop(true);
  }
}

/** The row of a connection, or -1. */
export function rowOf(table: SocketTable, localPort: number, remotePort: number): number {
  const { slots } = table;
  for (let i = 0; i < slots.count; i++) {
    const row = slots.rows[i]!;
    if (table.localPort[row] === localPort && table.remotePort[row] === remotePort) return row;
  }
  return -1;
}
