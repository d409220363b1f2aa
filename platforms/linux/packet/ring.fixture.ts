/**
 * Tries packet rings on traffic of its own, in the network namespace it is started in, and prints what they saw.
 *
 *   ring.fixture.ts open | filters | flood | rest
 */
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { openLinkSource } from '../machine/interface-collector.ts';
import { PacketCapture } from './capture.ts';
import { NETWORK_HEADER, packetFilter, type WantedProtocol } from './filter.ts';
import { IpHeader } from './ip-header.ts';
import { PacketRing, type PacketRingOptions } from './ring.ts';

const FLOOD_DATAGRAMS = 2000;
/** Until the ring hands over what it has for certain, on a busy machine too. */
const RING_MILLIS = 200;

function open(wanted: WantedProtocol, options: Partial<PacketRingOptions> = {}): PacketRing {
  const withSegmentSizes = options.withSegmentSizes ?? false;
  return new PacketRing({
    filter: packetFilter(wanted, withSegmentSizes ? NETWORK_HEADER : 0),
    blockBytes: 1 << 16,
    blockCount: 8,
    retireMillis: 20,
    withSegmentSizes,
    ...options,
  });
}

/** Which packets arrive: protocol, family, TCP flags or UDP payload. */
async function filters(): Promise<unknown> {
  const plans = (['any', 'tcp', 'not-tcp'] as const).flatMap((wanted) =>
    [false, true].map((withSegmentSizes) => ({ wanted, withSegmentSizes })),
  );
  const rings = plans.map((plan) => ({ plan, ring: open(plan.wanted, plan) }));
  for (const hostname of ['127.0.0.1', '::1']) {
    const server = await Bun.udpSocket({ hostname });
    const client = await Bun.udpSocket({ hostname, connect: { hostname, port: server.port } });
    client.send(new Uint8Array(100));
    const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } });
    const connected = await Bun.connect({ hostname, port: listener.port, socket: { data() {} } });
    await Bun.sleep(20);
    connected.terminate();
    listener.stop(true);
    client.close();
    server.close();
  }
  await Bun.sleep(RING_MILLIS);
  return rings.map(({ plan, ring }) => {
    const header = new IpHeader();
    const seen = new Set<string>();
    ring.drain(({ view, at, captured, length, interfaceIndex, type }) => {
      const isRead = header.parse(view, at, captured, length);
      const name = header.protocol === 17 ? 'udp' : 'tcp';
      seen.add(
        isRead ? `${name}${header.isIpv6 ? 6 : 4} type ${type} interface ${interfaceIndex}` : 'not read',
      );
    });
    const again = drained(ring);
    ring.close();
    return { ...plan, seen: [...seen].sort(), again, afterwards: drained(ring) };
  });
}

/** How many packets it hands over. */
function drained(ring: PacketRing): number {
  let packets = 0;
  ring.drain(() => packets++);
  return packets;
}

/** More than a tiny ring holds: what is not handed over is counted as dropped. */
async function flood(): Promise<unknown> {
  const ring = open('not-tcp', { blockBytes: 4096, blockCount: 4 });
  const socket = await Bun.udpSocket({ hostname: '127.0.0.1' });
  const { port } = await Bun.udpSocket({ hostname: '127.0.0.1' });
  for (let i = 0; i < FLOOD_DATAGRAMS; i++) socket.send(new Uint8Array(10), port, '127.0.0.1');
  await Bun.sleep(RING_MILLIS);
  const [first, dropped] = [drained(ring), ring.readDropped()];
  // The ring is free again.
  for (let i = 0; i < 10; i++) socket.send(new Uint8Array(10), port, '127.0.0.1');
  await Bun.sleep(RING_MILLIS);
  const [second, droppedLater] = [drained(ring), ring.readDropped()];
  return { sent: FLOOD_DATAGRAMS, first, dropped, second, droppedLater };
}

/** A capture at rest is not looked at until there are packets, and then by the clock again. */
async function rest(): Promise<unknown> {
  let woken = Promise.withResolvers<void>();
  const capture = PacketCapture.ofDatagrams({
    links: openLinkSource('/sys'),
    clock: monotonicMicros,
    onQueued: () => woken.resolve(),
  });
  const socket = await Bun.udpSocket({ hostname: '127.0.0.1' });
  const { port } = await Bun.udpSocket({ hostname: '127.0.0.1' });
  const rounds: { resting: boolean; packets: number; usual: boolean }[] = [];
  for (let round = 1; round <= 3; round++) {
    while (capture.drainWithinMillis() !== Number.POSITIVE_INFINITY) capture.drain();
    woken = Promise.withResolvers();
    const resting = capture.drainWithinMillis() === Number.POSITIVE_INFINITY;
    socket.send(new Uint8Array(10), port, '127.0.0.1');
    await woken.promise;
    capture.drain();
    rounds.push({
      resting,
      packets: capture.flows.rxPackets.reduce((sum, count) => sum + count, 0),
      usual: capture.drainWithinMillis() < 100,
    });
  }
  capture.close();
  return rounds;
}

function tryToOpen(): unknown {
  try {
    open('not-tcp').close();
    return 'opened';
  } catch (thrown) {
    const { op, code, message } = toOpError('open', thrown);
    return { op, code, message };
  }
}

async function main(scenario: string | undefined): Promise<unknown> {
  if (scenario === 'filters') return filters();
  if (scenario === 'rest') return rest();
  return scenario === 'flood' ? flood() : tryToOpen();
}

process.stdout.write(`${JSON.stringify(await main(process.argv[2]))}\n`);
process.exit(0);
