import { monotonicMicros } from '../clock.ts';
import { ADDRESSES } from '../packet/veth-pair.fixture.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { RowLedger } from './packet-ledger.fixture.ts';
import { NetlinkSockets } from './sockets-netlink.ts';
import { PacketSockets } from './sockets-packet.ts';

/** Longer than a ring keeps a block that has packets, and its timer may be late. */
const RING_MILLIS = 150;

/** A tier under test and what it has counted. */
export interface Counter {
  readonly ledger: RowLedger;
  collect(): Promise<void>;
  drain(): void;
  lost(): number;
}

export function packetTier(options: { canDescribeUdpSegments?: boolean } = {}): Counter {
  return counterOf(PacketSockets.ofAll({ clock: monotonicMicros, ...options }));
}

/** Time leaps from one collection to the next, so that the rare dump of UDP sockets is always due. */
export function besideNetlink(): Counter {
  let leapMicros = 0;
  const list = new NetlinkSockets(() => monotonicMicros() + leapMicros);
  list.hearClosings();
  const source = PacketSockets.ofDatagrams(list, { clock: monotonicMicros });
  return counterOf(source, () => {
    leapMicros += 3e6;
  });
}

function counterOf(source: PacketSockets, begin = (): void => {}): Counter {
  const ledger = new RowLedger();
  return {
    ledger,
    drain: () => source.drainClosings(),
    collect: async () => {
      begin();
      await source.collect(UNHURRIED);
      ledger.note(source.rows);
    },
    lost: () => source.lost.packets,
  };
}

/** Collects until nothing is on its way any more: the ring hands over what it has after a while at the latest. */
export async function settle(counter: Counter): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await Bun.sleep(RING_MILLIS / 2);
    await counter.collect();
  }
}

/** A UDP socket whose every datagram has been answered once `exchange` resolves. */
export class Client {
  readonly #socket: Bun.udp.Socket<'buffer'> | Bun.udp.ConnectedSocket<'buffer'>;
  readonly #send: (bytes: Uint8Array) => boolean;
  #answered = 0;
  #wake = Promise.withResolvers<void>();

  private constructor(
    socket: Bun.udp.Socket<'buffer'> | Bun.udp.ConnectedSocket<'buffer'>,
    send: (bytes: Uint8Array) => boolean,
  ) {
    this.#socket = socket;
    this.#send = send;
  }

  static async open(
    hostname: string,
    to: { address: string; port: number },
    isConnected: boolean,
  ): Promise<Client> {
    let client: Client | undefined;
    const data = (): void => client?.hear();
    if (isConnected) {
      const socket = await Bun.udpSocket({
        hostname,
        connect: { hostname: to.address, port: to.port },
        socket: { data },
      });
      client = new Client(socket, (bytes) => socket.send(bytes));
    } else {
      const socket = await Bun.udpSocket({ hostname, socket: { data } });
      client = new Client(socket, (bytes) => socket.send(bytes, to.port, to.address));
    }
    return client;
  }

  get port(): number {
    return this.#socket.port;
  }

  hear(): void {
    this.#answered++;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async exchange(datagrams: number, bytes: number): Promise<void> {
    for (let i = 0; i < datagrams; i++) {
      const before = this.#answered;
      this.#send(new Uint8Array(bytes));
      while (this.#answered === before) await this.#wake.promise;
    }
  }

  close(): void {
    this.#socket.close();
  }
}

export type Family = 4 | 6;
export const far = (family: Family): string => (family === 4 ? ADDRESSES.far4 : ADDRESSES.far6);
export const everywhere = (family: Family): string => (family === 4 ? '0.0.0.0' : '::');

/** A connection that sends so many bytes and gets as many, after `opened`, and its local port. */
export async function connection(
  family: Family,
  port: number,
  bytes: number,
  opened: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = bytes;
  const chunk = new Uint8Array(65536);
  const flush = (socket: Bun.Socket<undefined>): void => {
    while (left > 0) {
      const written = socket.write(chunk.subarray(0, Math.min(left, chunk.length)));
      if (written <= 0) return;
      left -= written;
    }
    socket.shutdown();
  };
  let received = 0;
  const socket = await Bun.connect<undefined>({
    hostname: far(family),
    port,
    allowHalfOpen: true,
    socket: {
      open: (self) => void opened().then(() => flush(self)),
      drain: (self) => {
        if (left > 0) flush(self);
      },
      data(_self, data) {
        received += data.length;
        if (received === bytes) resolve();
      },
      end: (self) => {
        self.end();
      },
      error() {},
    },
  });
  const { localPort } = socket;
  await promise;
  return localPort;
}
