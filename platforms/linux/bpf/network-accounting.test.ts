import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { NetworkAccounting } from './network-accounting.ts';
import {
  ATTEMPTS,
  accountingObstacle,
  flowsAround,
  isClean,
  readFlows,
  type SeenFlow,
  type TrafficLine,
  TrafficProgram,
  totals,
} from './network-traffic.fixture.ts';

const obstacle = accountingObstacle();
const because = obstacle === undefined ? '' : `; here it ${obstacle}`;
/** TCP with timestamps; a SYN has 20 bytes of options. */
const TCP_HEADER_BYTES = 32;
const SYN_HEADER_BYTES = 40;
const UDP_HEADER_BYTES = 8;
/** Destination options without anything in them. */
const OPTION_BYTES = 8;
const ipBytes = (family: number): number => (family === 4 ? 20 : 40);

function lineOf(lines: readonly TrafficLine[], role: string): TrafficLine {
  const found = lines.find((line) => line.role === role);
  if (found === undefined) throw new Error(`no line of ${role}`);
  return found;
}

function by(flows: readonly SeenFlow[], tgid: number): SeenFlow[] {
  return flows.filter((flow) => flow.tgid === tgid);
}

describe.skipIf(obstacle !== undefined)(`network accounting (needs root and eBPF${because})`, () => {
  let accounting: NetworkAccounting;
  let program: TrafficProgram;

  beforeAll(() => {
    program = new TrafficProgram();
    accounting = NetworkAccounting.open();
  });

  afterAll(() => {
    accounting.close();
    program.close();
  });

  async function traffic(...args: readonly (string | number)[]) {
    for (let tries = 1; ; tries++) {
      const lines = await program.run(...args);
      if (tries === ATTEMPTS || isClean(lines))
        return { lines, flows: flowsAround(readFlows(accounting), lines) };
    }
  }

  for (const [family, place, bytes] of [
    [4, 'loopback', 1_000_000],
    [4, 'loopback', 10_000_000],
    [4, 'veth', 10_000_000],
    [4, 'big', 10_000_000],
    [6, 'loopback', 1_000_000],
    [6, 'loopback', 10_000_000],
    [6, 'veth', 10_000_000],
    [6, 'big', 10_000_000],
    [6, 'options', 3_000_000],
  ] as const) {
    test(`TCP over IPv${family}, ${place}, ${bytes} bytes: payload and every header, at both ends`, async () => {
      const { lines, flows } = await traffic('stream', family, bytes, place);
      const client = lineOf(lines, 'client');
      const server = lineOf(lines, 'server');
      const header = ipBytes(family) + TCP_HEADER_BYTES;
      const syn = ipBytes(family) + SYN_HEADER_BYTES;
      const option = place === 'options' ? OPTION_BYTES : 0;
      const [sent] = by(flows, client.pid);
      const served = flows.find((flow) => flow.cookie === server.cookie);
      const listener = flows.find((flow) => flow.cookie === server.listener);
      if (sent === undefined || served === undefined || listener === undefined) throw new Error('no flow');

      const { segmentsOut } = client;
      expect(sent.txBytes).toBe(client.sent + (segmentsOut - 1) * header + syn + segmentsOut * option);
      expect(sent.txPackets).toBe(segmentsOut);
      expect(sent.rxBytes).toBe(client.received + server.segmentsOut * header + syn);
      expect(served.tgid).toBe(server.pid);
      expect(served.rxBytes).toBe(server.received + (segmentsOut - 2) * (header + option));
      expect(served.txBytes).toBe(server.sent + server.segmentsOut * header);
      // The three packets of the handshake: the first and the last in, one out.
      expect(listener).toMatchObject({
        rxBytes: syn + header + 2 * option,
        rxPackets: 2,
        txBytes: syn,
        txPackets: 1,
      });
      expect(sent.rxPackets).toBe(served.txPackets + 1);

      const all = totals(flows.filter((flow) => flow.protocol === 6));
      expect(all.rxBytes).toBe(all.txBytes);
      if (place !== 'loopback') return;
      // A frame of several segments is one packet for the device, with one header.
      const device = lineOf(lines, 'device');
      expect(all.rxBytes - (all.rxPackets - device.rxPackets) * header).toBe(device.rxBytes);
    });
  }

  test('1000 short connections: every byte with its process', async () => {
    const { lines, flows } = await traffic('short', 4, 1000, 100);
    const client = totals(by(flows, lineOf(lines, 'client').pid));
    const server = totals(by(flows, lineOf(lines, 'server').pid));
    const device = lineOf(lines, 'device');
    // The listener was made by the client's process: its handshakes are three packets for each connection.
    const handshakes = totals(flows.filter((flow) => flow.remotePort === 0));
    expect(handshakes.rxBytes).toBe(1000 * (60 + 52));
    expect(client.txBytes - handshakes.txBytes).toBe(1000 * (60 + 4 * 52 + 100));
    expect(server.rxBytes).toBe(1000 * (3 * 52 + 100));
    expect(client.rxBytes + server.rxBytes).toBe(device.rxBytes);
    expect(client.txBytes + server.txBytes).toBe(device.rxBytes);
    expect(accounting.lost).toEqual({ bytes: 0, packets: 0 });
  });

  test('clients and servers all at once: no byte twice, none lost, each served one with its server', async () => {
    const { lines, flows } = await traffic('storm', 4, 300, 500, 4);
    for (const server of lines.filter((line) => line.role === 'server')) {
      const served = by(flows, server.pid);
      expect(served).toHaveLength(300);
      const { rxBytes, rxPackets, txBytes, txPackets } = totals(served);
      expect(rxBytes).toBe(server.received + rxPackets * 52);
      expect(txBytes).toBe(server.sent + txPackets * 52);
    }
    const all = totals(flows);
    expect(all).toMatchObject({ rxBytes: all.txBytes, rxPackets: all.txPackets });
    expect(all.rxBytes).toBe(lineOf(lines, 'device').rxBytes);
  });

  for (const family of [4, 6]) {
    for (const kind of ['connected', 'unconnected'] as const) {
      test(`UDP over IPv${family}, ${kind} clients: a flow for each, at both ends`, async () => {
        const { lines, flows } = await traffic('datagram', family, kind, 20, 100, 3);
        const server = lineOf(lines, 'server');
        const header = ipBytes(family) + UDP_HEADER_BYTES;
        const served = by(flows, server.pid);
        expect(served).toHaveLength(3);
        for (const client of lines.filter((line) => line.role === 'client')) {
          const [flow] = by(flows, client.pid);
          if (flow === undefined) throw new Error('no flow');
          expect(flow).toMatchObject({
            cookie: client.cookie,
            hasRemoteKey: kind === 'unconnected',
            remotePort: 7777,
          });
          expect(flow).toMatchObject({
            txBytes: 20 * (100 + header),
            rxBytes: 20 * (10 + header),
            rxPackets: 20,
          });
          const other = served.find((one) => one.remotePort === flow.localPort);
          expect(other).toMatchObject({ cookie: server.cookie, hasRemoteKey: true, localPort: 7777 });
          expect(other).toMatchObject({ rxBytes: flow.txBytes, txBytes: flow.rxBytes });
          expect(other?.remoteAddress).toEqual(family === 4 ? [0, 0, 0xffff, 0x7f000001] : [0, 0, 0, 1]);
          expect(other?.localAddress).toEqual(flow.remoteAddress);
        }
        expect(totals(flows).rxBytes).toBe(lineOf(lines, 'device').rxBytes);
      });
    }
  }

  test('UDP in one piece for many datagrams (UDP_SEGMENT): the header of each', async () => {
    const { lines, flows } = await traffic('datagram', 4, 'connected', 10, 5500, 1, 1000);
    const [client] = by(flows, lineOf(lines, 'client').pid);
    const [server] = by(flows, lineOf(lines, 'server').pid);
    expect(client).toMatchObject({ txBytes: 10 * (5500 + 6 * 28), txPackets: 60 });
    expect(server).toMatchObject({ rxBytes: 10 * (5500 + 6 * 28), rxPackets: 60 });
  });

  test('a server that forks: each child has the request that waited for it, the parent the handshakes', async () => {
    const { lines, flows } = await traffic('forking', 4, 3, 20);
    const listener = lineOf(lines, 'listener');
    expect(by(flows, listener.pid)).toHaveLength(1);
    expect(totals(by(flows, listener.pid))).toMatchObject({ rxBytes: 3 * (60 + 52), txBytes: 3 * 60 });
    for (const worker of lines.filter((line) => line.role === 'worker'))
      expectServed(by(flows, worker.pid), worker);
  });

  test('a connection that waits too long for its child is shown as the listener’s, and stays it', async () => {
    const running = program.run('forking', 6, 1, 2300);
    await Bun.sleep(2100);
    const early = readFlows(accounting);
    const lines = await running;
    const flows = flowsAround(readFlows(accounting), lines);
    const { pid } = lineOf(lines, 'listener');
    const { cookie, pid: child } = lineOf(lines, 'worker');
    const held = flows.find((flow) => flow.cookie === cookie && flow.tgid === pid);
    expect(held).toMatchObject({ rxBytes: 1000 + 72, rxPackets: 1, isHeld: true, isReleased: true });
    // The child's own is there already where this process was late.
    const shown = early.filter((flow) => flow.cookie === cookie && flow.tgid !== child);
    for (const flow of shown) expect(flow).toMatchObject({ tgid: pid, rxBytes: 1000 + 72 });
    const served = flows.find((flow) => flow.cookie === cookie && flow.tgid === child);
    expect(served?.txBytes).toBeGreaterThan(50_000);
  });

  test('children that accept from their parent’s listener: each has its connection', async () => {
    const { lines, flows } = await traffic('prefork', 6, 3);
    expect(totals(by(flows, lineOf(lines, 'listener').pid))).toMatchObject({
      rxBytes: 3 * (80 + 72),
      flows: 1,
    });
    for (const worker of lines.filter((line) => line.role === 'worker'))
      expectServed(by(flows, worker.pid), worker);
  });

  test('a connection in use that changes hands: what follows is the child’s', async () => {
    const { lines, flows } = await traffic('handed', 4);
    const parent = lineOf(lines, 'parent');
    const child = lineOf(lines, 'child');
    const [before] = by(flows, parent.pid);
    const [after] = by(flows, child.pid);
    expect(before?.cookie).toBe(parent.cookie);
    expect(after?.cookie).toBe(parent.cookie);
    // The second request arrives while the parent is still the last user.
    expect(before?.rxBytes).toBe(2 * 1000 + 3 * 52);
    expect(after?.rxBytes).toBeGreaterThan(50_000);
    const client = by(flows, lineOf(lines, 'client').pid).filter((flow) => flow.remotePort !== 0);
    expect((before?.rxBytes ?? 0) + (after?.rxBytes ?? 0)).toBe(totals(client).txBytes - 60 - 52);
  });

  test('who polls a connection and reads nothing from it does not become its owner', async () => {
    const { lines, flows } = await traffic('polling', 4);
    expect(by(flows, lineOf(lines, 'poller').pid)).toHaveLength(0);
    const server = lineOf(lines, 'server');
    const [served] = by(flows, server.pid);
    expect(served).toMatchObject({ cookie: server.cookie, rxBytes: 2000 + 5 * 52 });
  });

  test('a process that begins and ends between two reads has its name and user', async () => {
    const { lines, flows } = await traffic('brief', 12_345, 'short-lived', 100);
    const brief = lineOf(lines, 'brief');
    const [flow] = by(flows, brief.pid);
    expect(flow).toMatchObject({
      comm: 'short-lived',
      uid: 12_345,
      txBytes: 128,
      txPackets: 1,
      isReleased: true,
      isNew: true,
    });
    expect(flow?.ownedSinceNanos).toBeGreaterThan(0);
  });

  test('a removed flow is gone with what it came to, and begins anew', async () => {
    const { lines } = await traffic('datagram', 4, 'connected', 5, 100, 1);
    const { pid } = lineOf(lines, 'client');
    const removed: number[] = [];
    accounting.begin();
    while (
      accounting.next(64, (flow) => {
        if (flow.tgid === pid && accounting.remove(flow)) removed.push(flow.tgid, flow.txBytes);
      })
    );
    expect(removed).toEqual([pid, 5 * 128]);
    expect(by(readFlows(accounting), pid)).toHaveLength(0);
  });
});

/** A request of 1000 bytes and a reply of 50000, with the headers of the packets that carried them. */
function expectServed(flows: readonly SeenFlow[], worker: TrafficLine): void {
  expect(flows).toHaveLength(1);
  const [flow] = flows;
  if (flow === undefined) return;
  const header = flow.family === 2 ? 52 : 72;
  expect(flow).toMatchObject({ cookie: worker.cookie, localPort: 7777, isReleased: true, isNew: true });
  expect(flow.rxBytes).toBe(1000 + flow.rxPackets * header);
  expect(flow.txBytes).toBe(50_000 + flow.txPackets * header);
}
