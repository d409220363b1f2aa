/**
 * The other end of a pair of namespaces: echoes datagrams, answers a TCP connection's bytes by as many of its own
 * once the peer has ended its direction, and sends raw frames.
 *
 *   stdout   {"udp4": PORT, "udp6": PORT, "tcp": PORT}
 *   stdin    frame INTERFACE_INDEX HEX     sends the frame; answered by `sent`
 */
import { bindSocket, NativeBuffer, openSocket, SyscallError, sendFrom } from '../libc.ts';
import { linesOf } from './lines.fixture.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;

async function echo(hostname: string): Promise<number> {
  const socket = await Bun.udpSocket({
    hostname,
    socket: {
      data(self, data, port, address) {
        self.send(data, port, address);
      },
    },
  });
  return socket.port;
}

interface Answer {
  received: number;
  left: number;
}

const CHUNK = new Uint8Array(65536);

function answer(socket: Bun.Socket<Answer>): void {
  const { data } = socket;
  while (data.left > 0) {
    const written = socket.write(CHUNK.subarray(0, Math.min(data.left, CHUNK.length)));
    if (written <= 0) return;
    data.left -= written;
  }
  socket.end();
}

const listener = Bun.listen<Answer>({
  hostname: '::',
  port: 0,
  allowHalfOpen: true,
  socket: {
    open(socket) {
      socket.data = { received: 0, left: -1 };
    },
    data(socket, data) {
      socket.data.received += data.length;
    },
    end(socket) {
      socket.data.left = socket.data.received;
      answer(socket);
    },
    drain(socket) {
      if (socket.data.left >= 0) answer(socket);
    },
    error() {},
  },
});

function sendFrame(interfaceIndex: number, frame: Uint8Array): void {
  const descriptor = openSocket(AF_PACKET, SOCK_RAW, 0);
  if (descriptor < 0) throw new SyscallError('socket', -descriptor, 'AF_PACKET');
  const address = new NativeBuffer(20);
  address.u16[0] = AF_PACKET;
  address.i32[1] = interfaceIndex;
  const bound = bindSocket(descriptor, address, 20);
  if (bound < 0) throw new SyscallError('bind', -bound, 'AF_PACKET');
  const bytes = new NativeBuffer(frame.length);
  bytes.bytes.set(frame);
  const sent = sendFrom(descriptor, bytes, frame.length, 0);
  if (sent < 0) throw new SyscallError('send', -sent, 'AF_PACKET');
}

const ports = { udp4: await echo('0.0.0.0'), udp6: await echo('::'), tcp: listener.port };
process.stdout.write(`${JSON.stringify(ports)}\n`);
for await (const line of linesOf(Bun.stdin.stream())) {
  const [, index = '', hex = ''] = line.split(' ');
  sendFrame(Number(index), Uint8Array.fromHex(hex));
  process.stdout.write('sent\n');
}
process.exit(0);
