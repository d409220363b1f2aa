/**
 * Loopback traffic of known size, for tests that compare what sstop shows with what was really sent.
 *
 *   serve REPLY_BYTES                                   prints its port; answers each half-closed connection
 *   send PORT CONNECTIONS BYTES MILLIS                  a few long connections, BYTES on each, paced over MILLIS; says
 *                                                       "sent", and ends them when standard input ends
 *   churn PORT PER_SECOND MILLIS BYTES                  many short connections, BYTES on each
 *
 * Each prints one JSON line with the payload bytes it sent and received when it ends; `serve` ends on SIGTERM.
 */
import { connect, createServer, type Socket } from 'node:net';

const totals = { pid: process.pid, connections: 0, sentBytes: 0, receivedBytes: 0 };
const CHUNK = new Uint8Array(64 * 1024).fill(120);

function report(): void {
  process.stdout.write(`${JSON.stringify(totals)}\n`);
}

function write(socket: Socket, bytes: number): Promise<void> {
  totals.sentBytes += bytes;
  return new Promise((resolve, reject) => {
    socket.write(CHUNK.subarray(0, bytes), (error) => (error ? reject(error) : resolve()));
  });
}

async function writeAll(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) await write(socket, Math.min(left, CHUNK.length));
}

function serve(replyBytes: number): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    totals.connections++;
    socket.on('data', (chunk) => {
      totals.receivedBytes += chunk.length;
    });
    socket.on('end', async () => {
      await writeAll(socket, replyBytes);
      socket.end();
    });
    socket.on('error', (error) => process.stderr.write(`serve: ${error.message}\n`));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
  });
  process.on('SIGTERM', () => {
    report();
    process.exitCode = 0;
    server.close();
  });
}

/** Opens a connection, hands it to `use`, half-closes, and resolves when the peer has closed as well. */
function converse(port: number, use: (socket: Socket) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    totals.connections++;
    socket.on('data', (chunk) => {
      totals.receivedBytes += chunk.length;
    });
    socket.on('connect', () => {
      use(socket).then(() => socket.end(), reject);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

async function send(port: number, connections: number, bytes: number, millis: number): Promise<void> {
  const STEPS = 20;
  let unsent = connections;
  const { promise: allSent, resolve } = Promise.withResolvers<void>();
  const told = allSent.then(() => process.stdout.write('sent\n'));
  const mayEnd = Promise.all([told, Bun.stdin.text()]);
  const conversation = async (socket: Socket) => {
    for (let step = 0; step < STEPS; step++) {
      const until = Math.floor((bytes * (step + 1)) / STEPS);
      await writeAll(socket, until - Math.floor((bytes * step) / STEPS));
      await Bun.sleep(millis / STEPS);
    }
    if (--unsent === 0) resolve();
    await mayEnd;
  };
  await Promise.all(Array.from({ length: connections }, () => converse(port, conversation)));
}

async function churn(port: number, perSecond: number, millis: number, bytes: number): Promise<void> {
  const start = performance.now();
  const running: Promise<void>[] = [];
  for (let opened = 0; performance.now() - start < millis; opened++) {
    running.push(converse(port, (socket) => writeAll(socket, bytes)));
    const due = start + ((opened + 1) * 1000) / perSecond;
    if (due > performance.now()) await Bun.sleep(due - performance.now());
  }
  await Promise.all(running);
}

const [mode, ...rest] = process.argv.slice(2);
const [a = 0, b = 0, c = 0, d = 0] = rest.map(Number);
if (mode === 'serve') serve(a);
else if (mode === 'send') await send(a, b, c, d).then(report);
else if (mode === 'churn') await churn(a, b, c, d).then(report);
else process.stderr.write(`unknown mode ${mode}\n`);
