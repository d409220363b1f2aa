import { describe, expect, test } from 'bun:test';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { namespaceObstacle, runInNamespace } from '../packet/veth-pair.fixture.ts';
import type { Traffic } from './packet-ledger.fixture.ts';

const FIXTURE = `${import.meta.dir}/packet-traffic.fixture.ts`;
const obstacle = namespaceObstacle();
const TIMEOUT_MILLIS = 60_000;

interface DatagramResult extends Traffic {
  readonly family: 4 | 6;
  readonly isConnected: boolean;
  readonly bytes: number;
  readonly closed: number;
  readonly sharePorts: readonly boolean[];
}

interface ConnectionResult {
  readonly bytes: number;
  readonly counted: Traffic;
  readonly wire: Traffic;
  readonly openers: readonly number[];
  readonly lost: number;
}

const TWENTY = { 1000: { packets: 20, fragments: 1 }, 4000: { packets: 60, fragments: 3 } } as const;

/** IP bytes of twenty datagrams, in fragments where they are longer than 1,500 bytes allow. */
function ipBytes({ family, bytes }: DatagramResult): number {
  const { packets, fragments } = TWENTY[bytes === 1000 ? 1000 : 4000];
  const header = family === 4 ? 20 : 40;
  return 20 * (bytes + 8) + packets * (header + (family === 6 && fragments > 1 ? 8 : 0));
}

function expectDatagrams(
  results: readonly DatagramResult[],
  bytesOf: (result: DatagramResult) => number,
): void {
  expect(results).toHaveLength(8);
  for (const result of results) {
    const { family, isConnected, bytes, closed, sharePorts } = result;
    const { packets } = TWENTY[bytes === 1000 ? 1000 : 4000];
    const counted = {
      tx: result.tx,
      rx: result.rx,
      txPackets: result.txPackets,
      rxPackets: result.rxPackets,
    };
    const sent = { tx: bytesOf(result), txPackets: packets };
    expect({ family, isConnected, bytes, ...counted }).toEqual({
      ...{ family, isConnected, bytes },
      ...{ ...sent, rx: sent.tx, rxPackets: packets },
    });
    // An unconnected socket's one peer has a row; nothing was taken for a socket that came and went.
    expect({ closed, sharePorts }).toEqual({ closed: 0, sharePorts: isConnected ? [] : [true] });
  }
}

interface Datagrams {
  readonly results: readonly DatagramResult[];
  readonly lost: number;
}

describe.skipIf(obstacle !== undefined)(
  `packet tier (needs private namespaces: ${obstacle ?? 'there'})`,
  () => {
    test.each([
      'packet-datagrams',
      'two-rings-datagrams',
      'bridge-packet-datagrams',
      'macvlan-packet-datagrams',
    ])(
      'UDP, connected and not, whole and in fragments, is exact: %s',
      async (scenario) => {
        const { results, lost } = (await runInNamespace(FIXTURE, scenario)) as Datagrams;
        expectDatagrams(results, ipBytes);
        expect(lost).toBe(0);
      },
      TIMEOUT_MILLIS,
    );

    test.each(['packet-connections', 'two-rings-connections', 'macvlan-packet-connections'])(
      'TCP with segmentation offload is what the queues before the devices counted, to the byte: %s',
      async (scenario) => {
        const result = (await runInNamespace(FIXTURE, scenario)) as ConnectionResult;
        expect(result.counted).toEqual(result.wire);
        expect(result.counted.tx).toBeGreaterThan(result.bytes);
        expect(result.counted.rx).toBeGreaterThan(result.bytes);
        // This end sent the first SYN.
        expect(result.openers).toEqual([1]);
        expect(result.lost).toBe(0);
      },
      TIMEOUT_MILLIS,
    );

    test(
      'sockets that come and go between two collections are closed rows with their ends',
      async () => {
        expect(await runInNamespace(FIXTURE, 'packet-short')).toEqual({
          ...{ tx: 5280, rx: 5280, txPackets: 10, rxPackets: 10 },
          ...{ areAllClosed: true, areAllThere: true, lost: 0 },
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'all of it is its process’s: peers of unconnected sockets, and connections to their last packet',
      async () => {
        const result = await runInNamespace(FIXTURE, 'packet-owners');
        expect(result).toEqual({
          datagrams: { tx: 20 * 128, rx: 20 * 128, txPackets: 20, rxPackets: 20 },
          datagramsOfOthers: { tx: 0, rx: 0, txPackets: 0, rxPackets: 0 },
          connection: true,
          connectionOfOthers: 0,
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'a connection that waits to be accepted has a socket, though no process holds it',
      async () => {
        const bases = [OwnerBasis.NONE];
        expect(await runInNamespace(FIXTURE, 'packet-unaccepted')).toEqual({
          states: [0, 0],
          bases,
          isAll: true,
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'a frame with a VLAN’s number is for that VLAN’s interface; one of priority alone is for this machine',
      async () => {
        expect(await runInNamespace(FIXTURE, 'packet-tagged')).toEqual({
          plain: { heard: 1, rx: 100 },
          priority: { heard: 1, rx: 100 },
          vlan5: { heard: 0, rx: 0 },
          qInQ: { heard: 0, rx: 0 },
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'a super-packet of UDP is the segments that it is cut into',
      async () => {
        expect(await runInNamespace(FIXTURE, 'packet-segmented')).toMatchObject({
          tx: 10 * 1028,
          txPackets: 10,
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'a packet of the loopback interface counts once for each end, by whichever address',
      async () => {
        const results = (await runInNamespace(FIXTURE, 'packet-loopback')) as LoopbackResult[];
        expectLoopback(results, (address) => (address === '::1' ? 3480 : 3280));
      },
      TIMEOUT_MILLIS,
    );
  },
);

interface LoopbackResult {
  readonly address: string;
  readonly client: Traffic;
  readonly server: Traffic;
}

function expectLoopback(results: readonly LoopbackResult[], bytesOf: (address: string) => number): void {
  expect(results.map(({ address }) => address)).toEqual(['127.0.0.1', '::1', '10.78.0.1']);
  for (const { address, client, server } of results) {
    const bytes = bytesOf(address);
    expect(client).toEqual({ tx: bytes, rx: 0, txPackets: 10, rxPackets: 0 });
    expect(server).toEqual({ tx: 0, rx: bytes, txPackets: 0, rxPackets: 10 });
  }
}

describe.skipIf(obstacle !== undefined)(
  `datagrams beside netlink (needs private namespaces: ${obstacle ?? 'there'})`,
  () => {
    test(
      'UDP payload, connected and not, whole and in fragments, is exact',
      async () => {
        const { results, lost } = (await runInNamespace(FIXTURE, 'netlink-datagrams')) as Datagrams;
        expectDatagrams(results, ({ bytes }) => 20 * bytes);
        expect(lost).toBe(0);
      },
      TIMEOUT_MILLIS,
    );

    test(
      'datagrams of sockets that no dump listed become closed rows',
      async () => {
        expect(await runInNamespace(FIXTURE, 'netlink-short')).toEqual({
          ...{ tx: 5000, rx: 5000, txPackets: 10, rxPackets: 10 },
          ...{ areAllClosed: true, areAllThere: true, lost: 0 },
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'VLAN tags are as for the packet tier',
      async () => {
        expect(await runInNamespace(FIXTURE, 'netlink-tagged')).toMatchObject({
          priority: { heard: 1, rx: 72 },
          vlan5: { heard: 0, rx: 0 },
          qInQ: { heard: 0, rx: 0 },
        });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'a super-packet’s payload is the whole of it',
      async () => {
        expect(await runInNamespace(FIXTURE, 'netlink-segmented')).toMatchObject({ tx: 10_000 });
      },
      TIMEOUT_MILLIS,
    );

    test(
      'loopback counts once for each end',
      async () => {
        const results = (await runInNamespace(FIXTURE, 'netlink-loopback')) as LoopbackResult[];
        expectLoopback(results, () => 3000);
      },
      TIMEOUT_MILLIS,
    );
  },
);
