import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { NetworkAccounting } from './network-accounting.ts';
import {
  accountingObstacle,
  flowsAround,
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
    const lines = await program.run(...args);
    return { lines, flows: flowsAround(readFlows(accounting), lines) };
  }

  /** Segments lost on a loaded machine are sent again, and acknowledged with options: then once more. */
  async function streamWithoutLoss(...args: readonly (string | number)[]) {
    for (let tries = 1; ; tries++) {
      const run = await traffic('stream', ...args);
      if (tries === 5 || run.lines.every((line) => (line.retransmitted ?? 0) === 0)) return run;
    }
  }

  for (const family of [4, 6]) {
    for (const [place, bytes] of [
      ['loopback', 1_000_000],
      ['loopback', 10_000_000],
      ['veth', 10_000_000],
    ] as const) {
      test(`TCP over IPv${family}, ${place}, ${bytes} bytes: payload and every header, at both ends`, async () => {
        const { lines, flows } = await streamWithoutLoss(family, bytes, place);
        const client = lineOf(lines, 'client');
        const server = lineOf(lines, 'server');
        const header = ipBytes(family) + TCP_HEADER_BYTES;
        const syn = ipBytes(family) + SYN_HEADER_BYTES;
        const [sent] = by(flows, client.pid);
        const served = flows.find((flow) => flow.cookie === server.cookie);
        const listener = flows.find((flow) => flow.cookie === server.listener);
        if (sent === undefined || served === undefined || listener === undefined) throw new Error('no flow');

        expect(sent.txBytes).toBe(client.sent + (client.segmentsOut - 1) * header + syn);
        expect(sent.txPackets).toBe(client.segmentsOut);
        expect(sent.rxBytes).toBe(client.received + server.segmentsOut * header + syn);
        expect(served.tgid).toBe(server.pid);
        expect(served.rxBytes).toBe(server.received + (client.segmentsOut - 2) * header);
        expect(served.txBytes).toBe(server.sent + server.segmentsOut * header);
        // The three packets of the handshake: one and the last in, one out.
        expect(listener).toMatchObject({ rxBytes: syn + header, rxPackets: 2, txBytes: syn, txPackets: 1 });
        expect(sent.rxPackets).toBe(served.txPackets + 1);

        const all = totals(flows.filter((flow) => flow.protocol === 6));
        expect(all.rxBytes).toBe(all.txBytes);
        if (place === 'loopback') expect(all.rxBytes).toBe(lineOf(lines, 'device').rxBytes);
      });
    }
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
});
