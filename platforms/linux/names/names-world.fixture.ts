import { createServer, type Server } from 'node:net';
import { dnsReply, joined } from './asked-bytes.fixture.ts';

const DNS_ADDRESS = '127.0.0.53';
const ADDRESS = '127.0.0.2';
const ADDRESS_6 = '::1';
/** What clients connect to, whatever name they use. */
export const WORLD_ADDRESSES = [ADDRESS, ADDRESS_6];
const PORT = 4433;
const CLIENT = `${import.meta.dir}/asking-client.fixture.ts`;

/** A process that has used a name. */
export interface AskingClient {
  readonly kind: string;
  readonly name: string;
  readonly pid: number;
}

/** The name of a question, as DNS writes it. */
function nameIn(question: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 12; question[at] !== 0; at += question[at]! + 1) {
    labels.push(new TextDecoder().decode(question.subarray(at + 1, at + 1 + question[at]!)));
  }
  return labels.join('.');
}

/** Every name has the same address. */
function replyTo(question: Uint8Array): Uint8Array {
  const name = nameIn(question);
  const address = Uint8Array.from(ADDRESS.split('.').map(Number));
  return dnsReply({
    id: (question[0]! << 8) | question[1]!,
    question: name,
    answers: [[name, 1, 1, address]],
  });
}

/** A name server and servers of TCP and UDP in this network namespace, where nothing else has port 53. */
export class NamesWorld {
  readonly #servers: Server[] = [];
  readonly #sockets: { close(): void }[] = [];
  readonly #children: Bun.Subprocess<'pipe', 'pipe', 'inherit'>[] = [];

  static async open(): Promise<NamesWorld> {
    const world = new NamesWorld();
    const dns = await Bun.udpSocket({
      ...{ hostname: DNS_ADDRESS, port: 53 },
      socket: {
        data: (socket, question, port, address) => void socket.send(replyTo(question), port, address),
      },
    });
    const sinks = await Promise.all(
      WORLD_ADDRESSES.map((hostname) => Bun.udpSocket({ hostname, port: PORT })),
    );
    world.#sockets.push(dns, ...sinks);
    const dnsByTcp = createServer((socket) => {
      socket.on('data', (bytes: Buffer) => {
        const reply = replyTo(bytes.subarray(2));
        socket.write(joined([reply.length >> 8, reply.length & 0xff], reply));
      });
      socket.on('error', () => undefined);
    }).listen(53, DNS_ADDRESS);
    const silent = WORLD_ADDRESSES.map((host) =>
      createServer((socket) => void socket.on('error', () => undefined).resume()).listen(PORT, host),
    );
    world.#servers.push(dnsByTcp, ...silent);
    const isListening = (one: Server): Promise<unknown> | undefined =>
      one.listening ? undefined : new Promise((listening) => one.once('listening', () => listening(one)));
    await Promise.all(world.#servers.map(isListening));
    return world;
  }

  /** Two processes of each kind, `first` and `second`, which all have said their name. */
  async startClients(kinds: readonly string[]): Promise<readonly AskingClient[]> {
    const clients = kinds.flatMap((kind) =>
      ['first', 'second'].map((which) => {
        const name = `${which}.${kind}.example`;
        const to = kind.endsWith('-v6') ? ADDRESS_6 : ADDRESS;
        const command = [
          process.execPath,
          CLIENT,
          kind.replace('-v6', ''),
          name,
          DNS_ADDRESS,
          to,
          String(PORT),
        ];
        const child = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
        this.#children.push(child);
        return { kind, name, child };
      }),
    );
    await Promise.all(clients.map(({ child }) => child.stdout.getReader().read()));
    return clients.map(({ kind, name, child }) => ({ kind, name, pid: child.pid }));
  }

  async close(): Promise<void> {
    for (const child of this.#children) void child.stdin.end();
    await Promise.all(this.#children.map(({ exited }) => exited));
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.close();
  }
}
