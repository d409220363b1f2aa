/**
 * A process that uses one name for an address, prints a line when it has, and keeps its connection until standard input
 * ends.
 *
 *   asking-client.fixture.ts KIND NAME DNS_ADDRESS ADDRESS PORT
 *
 * KIND: dns (a question over UDP, then a connection that says nothing), dns-tcp, tls, tls-long (a ClientHello that one
 * segment cannot hold, the name at its end), tls-split (the same in five writes), http, http-split (a head in two writes,
 * the name in the second), quic, quic-split (CRYPTO frames in two datagrams, the second part first).
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  ascii,
  clientHello,
  cryptoFrame,
  dnsName,
  joined,
  sealedInitial,
  tlsRecords,
} from './asked-bytes.fixture.ts';

const [kind = '', name = '', dnsAddress = '', address = '', portText = ''] = process.argv.slice(2);
const port = Number(portText);
const QUESTION = joined([0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], dnsName(name), [0, 1, 0, 1]);
const LONG = { paddingBytes: 1800 };
const NEXT_WRITE_MILLIS = 20;
/** Where the writes of a split ClientHello begin; one goes on with bytes that begin no record. */
const WRITES = [0, 7, 1000, 1001, 1500];

async function ask(): Promise<void> {
  const answered = Promise.withResolvers<void>();
  const socket = await Bun.udpSocket({
    connect: { hostname: dnsAddress, port: 53 },
    socket: { data: () => answered.resolve() },
  });
  socket.send(QUESTION);
  await answered.promise;
  socket.close();
}

async function askByTcp(): Promise<void> {
  const socket = connect(53, dnsAddress);
  await once(socket, 'connect');
  socket.write(joined([0, QUESTION.length], QUESTION));
  await once(socket, 'data');
  socket.destroy();
}

/** Each part is a write of its own. */
async function say(...parts: readonly Uint8Array[]): Promise<void> {
  const socket = connect({ port, host: address, noDelay: true });
  await once(socket, 'connect');
  for (const [index, part] of parts.entries()) {
    if (index > 0) await Bun.sleep(NEXT_WRITE_MILLIS);
    await new Promise((resolve) => socket.write(part, resolve));
  }
}

async function saySealed(...frames: readonly Uint8Array[]): Promise<void> {
  const socket = await Bun.udpSocket({
    hostname: address.includes(':') ? '::1' : '127.0.0.1',
    connect: { hostname: address, port },
  });
  const destination = crypto.getRandomValues(new Uint8Array(8));
  for (const [number, one] of frames.entries()) {
    socket.send(sealedInitial({ destination, number, frames: one, payloadBytes: 1162 }));
  }
}

switch (kind) {
  case 'dns':
    await ask();
    await say();
    break;
  case 'dns-tcp':
    await askByTcp();
    await say();
    break;
  case 'tls':
    await say(tlsRecords(clientHello({ name, alpn: ['h2', 'http/1.1'] })));
    break;
  case 'tls-long':
    await say(tlsRecords(clientHello({ name, ...LONG })));
    break;
  case 'tls-split': {
    const hello = tlsRecords(clientHello({ name, ...LONG }));
    await say(...WRITES.map((start, index) => hello.subarray(start, WRITES[index + 1])));
    break;
  }
  case 'http':
    await say(ascii(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`));
    break;
  case 'http-split':
    await say(ascii('GET / HTTP/1.1\r\nCookie: a=b\r\n'), ascii(`Host: ${name}\r\n\r\n`));
    break;
  case 'quic':
    await saySealed(cryptoFrame(0, clientHello({ name, alpn: ['h3'] })));
    break;
  case 'quic-split': {
    const hello = clientHello({ name, paddingBytes: 1500 });
    await saySealed(cryptoFrame(1000, hello.subarray(1000)), cryptoFrame(0, hello.subarray(0, 1000)));
    break;
  }
  default:
    throw new RangeError(`unknown kind '${kind}'`);
}
process.stdout.write('said\n');
for await (const _ of process.stdin);
process.exit(0);
