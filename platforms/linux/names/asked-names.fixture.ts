/**
 * Learns names in the network namespace it is started in, from processes that it starts, and prints what the rows of
 * each process say.
 *
 *   asked-names.fixture.ts TIER KIND...
 */
import { createServer } from 'node:net';
import { addressText } from '../../../src/data/sample/address-text.ts';
import { TIERS } from '../../../src/data/sample/network-sample.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { openLinuxNetwork } from '../network/network.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import { dnsReply, joined } from './asked-bytes.fixture.ts';

const DNS_ADDRESS = '127.0.0.53';
const ADDRESS = '127.0.0.2';
const PORT = 4433;
const DEADLINE_MILLIS = 10_000;
const CLIENT = `${import.meta.dir}/asking-client.fixture.ts`;

const [tierText = '', ...kinds] = process.argv.slice(2);
const tier = TIERS.find((one) => one === tierText);
if (tier === undefined) throw new RangeError(`unknown tier '${tierText}'`);

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

const dns = await Bun.udpSocket({
  ...{ hostname: DNS_ADDRESS, port: 53 },
  socket: { data: (socket, question, port, address) => void socket.send(replyTo(question), port, address) },
});
const dnsByTcp = createServer((socket) => {
  socket.on('data', (bytes: Buffer) => {
    const reply = replyTo(bytes.subarray(2));
    socket.write(joined([reply.length >> 8, reply.length & 0xff], reply));
  });
  socket.on('error', () => undefined);
}).listen(53, DNS_ADDRESS);
const server = createServer((socket) => void socket.on('error', () => undefined).resume()).listen(
  PORT,
  ADDRESS,
);
const sink = await Bun.udpSocket({ hostname: ADDRESS, port: PORT });
await Promise.all(
  [dnsByTcp, server].map(
    (one) => one.listening || new Promise((listening) => one.once('listening', listening)),
  ),
);

const network = openLinuxNetwork({ tier, sniff: true });
await network.collect(UNHURRIED);
const clients = kinds.flatMap((kind) =>
  ['first', 'second'].map((which) => {
    const name = `${which}.${kind}.example`;
    const command = [process.execPath, CLIENT, kind, name, DNS_ADDRESS, ADDRESS, String(PORT)];
    return { kind, name, child: Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }) };
  }),
);
await Promise.all(clients.map(({ child }) => child.stdout.getReader().read()));

const seen = new Map<string, { name: string | undefined; basis: number; offered: string | undefined }>();
const deadline = performance.now() + DEADLINE_MILLIS;
let parts: unknown;
while (seen.size < clients.length && performance.now() < deadline) {
  const { sockets, parts: sampled } = await network.collect(UNHURRIED);
  parts = sampled;
  for (const slot of sockets.slots.rows.subarray(0, sockets.slots.count)) {
    const client = clients.find(({ child }) => child.pid === sockets.ownerPid[slot]);
    if (client === undefined || sockets.nameBasis[slot] === 0) continue;
    if (addressText(sockets.remoteAddress, slot * ADDRESS_WORDS) !== ADDRESS) continue;
    const [name, basis] = [sockets.remoteName[slot], sockets.nameBasis[slot]!];
    seen.set(client.name, { name, basis, offered: sockets.offeredProtocols[slot] });
  }
  await Bun.sleep(100);
}
for (const { child } of clients) child.stdin.end();
await Promise.all(clients.map(({ child }) => child.exited));
network.close();
for (const one of [dns, sink]) one.close();
process.stdout.write(JSON.stringify({ parts, seen: Object.fromEntries(seen) }));
process.exit(0);
