/**
 * Programs of a network in trouble, each by its first argument; the second is its task name. Prints `ready`, then what
 * its kind says.
 *
 *   sink PORT                     reads all that comes
 *   sender HOST PORT BYTES_PER_S  sends until a line comes on standard input; then says `idle`, and keeps its connection
 *   caller HOST PORT MILLIS       connects again and again, and closes what it gets
 *   sleeper PORT BACKLOG          listens, and accepts nothing
 */
import { writeFileSync } from 'node:fs';
import { bindSocket, NativeBuffer, openSocket, systemCall } from '../../platforms/linux/libc.ts';

const [kind, name, ...rest] = process.argv.slice(2);
writeFileSync('/proc/self/comm', name ?? '');
const AF_INET = 2;
const SOCK_STREAM = 1;
const SYS_LISTEN = process.arch === 'arm64' ? 201 : 50;
const TICK_MILLIS = 20;

function sink(port: number): void {
  Bun.listen({ hostname: '0.0.0.0', port, socket: { data() {} } });
}

async function sender(hostname: string, port: number, bytesPerSecond: number): Promise<void> {
  const socket = await Bun.connect({ hostname, port, socket: { data() {}, error() {} } });
  const chunk = new Uint8Array(Math.round((bytesPerSecond * TICK_MILLIS) / 1000));
  const timer = setInterval(() => void socket.write(chunk), TICK_MILLIS);
  process.stdin.once('data', () => {
    clearInterval(timer);
    process.stdout.write('idle\n');
  });
}

function caller(hostname: string, port: number, millis: number): void {
  setInterval(() => {
    Bun.connect({
      hostname,
      port,
      socket: { open: (socket) => void socket.end(), data() {}, connectError() {}, error() {} },
    }).catch(() => undefined);
  }, millis);
}

function sleeper(port: number, backlog: number): void {
  const descriptor = openSocket(AF_INET, SOCK_STREAM, 0);
  const address = new NativeBuffer(16);
  address.u16[0] = AF_INET;
  address.bytes[2] = port >> 8;
  address.bytes[3] = port & 0xff;
  const result = bindSocket(descriptor, address, 16) || systemCall(SYS_LISTEN, descriptor, backlog);
  if (result < 0) throw new Error(`listen: errno ${-result}`);
}

const numbers = rest.map(Number);
if (kind === 'sink') sink(numbers[0]!);
else if (kind === 'sender') await sender(rest[0]!, numbers[1]!, numbers[2]!);
else if (kind === 'caller') caller(rest[0]!, numbers[1]!, numbers[2]!);
else if (kind === 'sleeper') sleeper(numbers[0]!, numbers[1]!);
// Until its starter closes the pipe, or ends in whatever way.
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
process.stdout.write('ready\n');
