/**
 * Makes traffic of known size in the network namespace it is started in, with a packet counter beside, and prints
 * what was counted as JSON.
 *
 *   packet-traffic.fixture.ts SCENARIO
 */
import { monotonicMicros } from '../clock.ts';
import {
  bindSocket,
  closeDescriptor,
  NativeBuffer,
  openSocket,
  sendFrom,
  setSocketOption,
  systemCall,
} from '../libc.ts';
import { OwnedSockets } from '../owners/owned-sockets.ts';
import { ethernet, ipv4 } from '../packet/packets.fixture.ts';
import { ADDRESSES, STATIONS, VethPair } from '../packet/veth-pair.fixture.ts';
import { ProcessCollector } from '../processes/processes.ts';
import { UNHURRIED } from '../testdata/test-slices.fixture.ts';
import {
  besideNetlink,
  Client,
  type Counter,
  connection,
  everywhere,
  type Family,
  far,
  packetTier,
  settle,
} from './packet-clients.fixture.ts';
import { type LedgerEntry, RowLedger, type Traffic } from './packet-ledger.fixture.ts';
import { PacketSockets } from './sockets-packet.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** connect(2) and listen(2) by number. */
const CONNECT = process.arch === 'arm64' ? 203 : 42;
const LISTEN = process.arch === 'arm64' ? 201 : 50;
const UDP = 17;
const TCP = 6;
const DEADLINE_MILLIS = 5000;

async function datagrams(counter: Counter, pair: VethPair): Promise<unknown> {
  await counter.collect();
  const exchanges: { family: Family; isConnected: boolean; bytes: number; port: number; client: Client }[] =
    [];
  for (const family of [4, 6] as const) {
    for (const isConnected of [true, false]) {
      for (const bytes of [1000, 4000]) {
        const port = family === 4 ? pair.ports.udp4 : pair.ports.udp6;
        const client = await Client.open(everywhere(family), { address: far(family), port }, isConnected);
        await client.exchange(20, bytes);
        exchanges.push({ family, isConnected, bytes, port, client });
      }
    }
  }
  await settle(counter);
  const results = exchanges.map(({ client, port, ...exchange }) => {
    const own = (entry: LedgerEntry): boolean =>
      entry.protocol === UDP && entry.localPort === client.port && entry.family === exchange.family;
    const shares = counter.ledger.find((entry) => own(entry) && entry.isShare);
    return {
      ...exchange,
      ...counter.ledger.sum(own),
      closed: counter.ledger.find((entry) => own(entry) && entry.wasClosed).length,
      sharePorts: shares.map((entry) => entry.remotePort === port),
    };
  });
  return { results, lost: counter.lost() };
}

/** Sockets that come and go between two collections. */
async function shortLived(counter: Counter, pair: VethPair): Promise<unknown> {
  await counter.collect();
  const to = { address: ADDRESSES.far4, port: pair.ports.udp4 };
  const ports: number[] = [];
  for (let i = 0; i < 10; i++) {
    const client = await Client.open('0.0.0.0', to, i % 2 === 0);
    ports.push(client.port);
    await client.exchange(1, 500);
    client.close();
  }
  await settle(counter);
  const own = (entry: LedgerEntry): boolean => entry.protocol === UDP && ports.includes(entry.localPort);
  const entries = counter.ledger.find(own);
  const portsOf = (matches: (entry: LedgerEntry) => boolean): string =>
    [...new Set(entries.filter(matches).map((entry) => entry.localPort))].sort().join();
  return {
    ...counter.ledger.sum(own),
    areAllClosed: entries.every((entry) => entry.wasClosed),
    areAllThere:
      portsOf((entry) => entry.remotePort === pair.ports.udp4) === [...new Set(ports)].sort().join(),
    lost: counter.lost(),
  };
}

/** Connections are seen growing, and each end falls between two collections. */
async function collectUntil(over: Promise<void>, counter: Counter): Promise<void> {
  let isOver = false;
  over.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await Bun.sleep(5);
    counter.drain();
    await counter.collect();
  }
}

/** TCP both ways, beside what the queues before both devices counted. */
async function connections(counter: Counter, pair: VethPair): Promise<unknown> {
  await counter.collect();
  const [nearBefore, farBefore] = [pair.nearSent(), pair.farSent()];
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const collected = collectUntil(over, counter);
  const ports: number[] = [];
  let bytes = 0;
  for (const family of [4, 6] as const) {
    for (const each of [3_000_000, 3_000]) {
      ports.push(await connection(family, pair.ports.tcp, each));
      bytes += each;
    }
  }
  end();
  await collected;
  await settle(counter);
  const own = (entry: LedgerEntry): boolean => entry.protocol === TCP && ports.includes(entry.localPort);
  const [near, there] = [pair.nearSent(), pair.farSent()];
  return {
    bytes,
    counted: counter.ledger.sum(own),
    wire: {
      tx: near.ipBytes - nearBefore.ipBytes,
      rx: there.ipBytes - farBefore.ipBytes,
      txPackets: near.packets - nearBefore.packets,
      rxPackets: there.packets - farBefore.packets,
    },
    // A socket that was listed and gone before the ring handed its packets over has none, and no opener either.
    openers: [
      ...new Set(counter.ledger.find((entry) => own(entry) && entry.tx > 0).map((entry) => entry.opener)),
    ],
    lost: counter.lost(),
  };
}

/** Whose the bytes are: connected, not connected, and a connection that was seen once. */
async function owners(pair: VethPair): Promise<unknown> {
  const source = PacketSockets.ofAll({ clock: monotonicMicros });
  const processes = new ProcessCollector();
  const owned = new OwnedSockets(source, processes, monotonicMicros);
  const ledger = new RowLedger();
  const counter: Counter = {
    ledger,
    drain: () => source.drainClosings(),
    collect: async () => {
      owned.begin(monotonicMicros());
      await processes.collect(UNHURRIED);
      await source.collect(UNHURRIED);
      await owned.findOwners(UNHURRIED);
      ledger.note(source.rows);
    },
    lost: () => source.lost.packets,
  };
  await counter.collect();
  const to = { address: ADDRESSES.far4, port: pair.ports.udp4 };
  const clients = [await Client.open('0.0.0.0', to, true), await Client.open('0.0.0.0', to, false)];
  for (const client of clients) await client.exchange(5, 100);
  await settle(counter);
  for (const client of clients) await client.exchange(5, 100);
  await settle(counter);
  const ofOther = (entry: LedgerEntry): boolean => entry.ownerPid !== process.pid;
  const ofClients = (entry: LedgerEntry): boolean =>
    entry.protocol === UDP && clients.some((client) => client.port === entry.localPort);
  // Listed once, and gone before the ring has handed over any of its packets.
  const port = await connection(4, pair.ports.tcp, 2_000_000, () => counter.collect());
  await settle(counter);
  const ofConnection = (entry: LedgerEntry): boolean => entry.protocol === TCP && entry.localPort === port;
  return {
    datagrams: ledger.sum(ofClients),
    datagramsOfOthers: ledger.sum((entry) => ofClients(entry) && ofOther(entry)),
    connection: ledger.sum(ofConnection).tx > 2_000_000,
    connectionOfOthers: ledger.sum((entry) => ofConnection(entry) && ofOther(entry)).tx,
  };
}

const TAGS = {
  plain: [],
  priority: [[0x8100, 0xa000]],
  vlan5: [[0x8100, 5]],
  qInQ: [
    [0x88a8, 7],
    [0x8100, 5],
  ],
} as const;

/** Frames with VLAN tags, sent by hand, each to a socket of its own here. */
async function tagged(counter: Counter, pair: VethPair): Promise<unknown> {
  await counter.collect();
  const sockets: { name: string; port: number; heard: number }[] = [];
  for (const [name, tags] of Object.entries(TAGS)) {
    const entry = { name, port: 0, heard: 0 };
    const socket = await Bun.udpSocket({
      hostname: ADDRESSES.near4,
      socket: {
        data() {
          entry.heard++;
        },
      },
    });
    entry.port = socket.port;
    sockets.push(entry);
    const packet = ipv4({
      source: ADDRESSES.far4,
      destination: ADDRESSES.near4,
      sourcePort: 7777,
      destinationPort: socket.port,
      payload: 72,
    });
    await pair.sendFrame(ethernet(packet, STATIONS.near, STATIONS.far, tags));
  }
  await settle(counter);
  return Object.fromEntries(
    sockets.map(({ name, port, heard }) => {
      const { rx } = counter.ledger.sum((entry) => entry.protocol === UDP && entry.localPort === port);
      return [name, { heard, rx }];
    }),
  );
}

/** Ten datagrams handed to the kernel as one, which the device is to cut (UDP_SEGMENT, linux/udp.h). */
async function segmented(counter: Counter, pair: VethPair): Promise<unknown> {
  await counter.collect();
  const descriptor = openSocket(AF_INET, SOCK_DGRAM, 0);
  const address = new NativeBuffer(16);
  address.u16[0] = AF_INET;
  address.view.setUint16(2, pair.ports.udp4);
  address.bytes.set(ADDRESSES.far4.split('.').map(Number), 4);
  const connected = systemCall(CONNECT, descriptor, address.pointer, 16);
  address.i32[0] = 1000;
  const isSet = setSocketOption(descriptor, SOL_UDP, UDP_SEGMENT, address, 4);
  const sent = sendFrom(descriptor, new NativeBuffer(10_000), 10_000, 0);
  await settle(counter);
  closeDescriptor(descriptor);
  const own = (entry: LedgerEntry): boolean => entry.protocol === UDP && entry.remotePort === pair.ports.udp4;
  return { connected, isSet, sent, ...counter.ledger.sum(own) };
}

/** This process talks to itself, so each packet is one end's sent and the other's received. */
async function loopback(counter: Counter): Promise<unknown> {
  await counter.collect();
  const pairs: { address: string; client: number; server: number }[] = [];
  for (const address of ['127.0.0.1', '::1', ADDRESSES.near4]) {
    let heard = 0;
    let wake = Promise.withResolvers<void>();
    const server = await Bun.udpSocket({
      hostname: address,
      socket: {
        data() {
          heard++;
          wake.resolve();
          wake = Promise.withResolvers();
        },
      },
    });
    const client = await Bun.udpSocket({
      hostname: address,
      connect: { hostname: address, port: server.port },
    });
    for (let i = 0; i < 10; i++) {
      client.send(new Uint8Array(300));
      while (heard === i) await wake.promise;
    }
    pairs.push({ address, client: client.port, server: server.port });
  }
  await settle(counter);
  const sumOf = (port: number, address: string): Traffic =>
    counter.ledger.sum(
      (entry) =>
        entry.protocol === UDP && entry.localPort === port && entry.family === (address === '::1' ? 6 : 4),
    );
  return pairs.map(({ address, client, server }) => ({
    address,
    client: sumOf(client, address),
    server: sumOf(server, address),
  }));
}

/** A connection that is not accepted, whose client goes on sending. */
async function unaccepted(counter: Counter): Promise<unknown> {
  const port = 7030;
  const descriptor = openSocket(AF_INET, SOCK_STREAM, 0);
  const address = new NativeBuffer(16);
  address.u16[0] = AF_INET;
  address.view.setUint16(2, port);
  address.bytes.set([127, 0, 0, 1], 4);
  const states = [bindSocket(descriptor, address, 16), systemCall(LISTEN, descriptor, 5)];
  await counter.collect();
  const client = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } });
  for (let i = 0; i < 3; i++) {
    client.write(new Uint8Array(100));
    await settle(counter);
  }
  const entries = counter.ledger.find((entry) => entry.localPort === port && entry.rx > 0);
  client.terminate();
  closeDescriptor(descriptor);
  const bytes = entries.reduce((sum, { rx }) => sum + rx, 0);
  return { states, bases: [...new Set(entries.map(({ ownerBasis }) => ownerBasis))], isAll: bytes > 3 * 152 };
}

async function main(scenario: string): Promise<unknown> {
  const deadline = setTimeout(() => {
    process.stderr.write('the deadline has passed\n');
    process.exit(1);
  }, DEADLINE_MILLIS * 10);
  deadline.unref();
  if (scenario.startsWith('bridge-') || scenario.startsWith('macvlan-')) return onTop(scenario);
  const pair = await VethPair.open();
  try {
    return await run(scenario, pair);
  } finally {
    await pair.close();
  }
}

/** The addresses are on an interface that is stacked on the pair, where each packet is seen a second time. */
async function onTop(scenario: string): Promise<unknown> {
  const bridge = 'ip link add br0 type bridge\nip link set near0 master br0';
  const macvlan = 'ip link add link near0 name mv0 type macvlan mode bridge';
  const isBridge = scenario.startsWith('bridge-');
  const pair = await VethPair.open({
    interface: isBridge ? 'br0' : 'mv0',
    prepare: isBridge ? bridge : macvlan,
  });
  try {
    return await run(scenario.slice(scenario.indexOf('-') + 1), pair);
  } finally {
    await pair.close();
  }
}

async function run(scenario: string, pair: VethPair): Promise<unknown> {
  switch (scenario) {
    case 'packet-datagrams':
      return datagrams(packetTier(), pair);
    case 'two-rings-datagrams':
      return datagrams(packetTier({ canDescribeUdpSegments: false }), pair);
    case 'packet-short':
      return shortLived(packetTier(), pair);
    case 'packet-connections':
      return connections(packetTier(), pair);
    case 'two-rings-connections':
      return connections(packetTier({ canDescribeUdpSegments: false }), pair);
    case 'packet-unaccepted':
      return unaccepted(packetTier());
    case 'packet-tagged':
      return tagged(packetTier(), pair);
    case 'packet-loopback':
      return loopback(packetTier());
    case 'netlink-datagrams':
      return datagrams(besideNetlink(), pair);
    case 'netlink-short':
      return shortLived(besideNetlink(), pair);
    case 'packet-owners':
      return owners(pair);
    case 'packet-segmented':
      return segmented(packetTier(), pair);
    case 'netlink-segmented':
      return segmented(besideNetlink(), pair);
    case 'netlink-tagged':
      return tagged(besideNetlink(), pair);
    default:
      return loopback(besideNetlink());
  }
}

process.stdout.write(`${JSON.stringify(await main(process.argv[2] ?? ''))}\n`);
process.exit(0);
