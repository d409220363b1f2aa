import { beforeAll, describe, expect, test } from 'bun:test';
import { type ChurnReport, watchChurn } from './testing/churn.ts';
import type { Bytes } from './testing/veth-cases.ts';
import type { TierName } from './testing/veth-monitor.ts';
import { vethObstacle } from './testing/veth-network.ts';
import { tierState, tierStates } from './testing/veth-tiers.ts';

const CHURN = {
  perSecond: 5000,
  seconds: Number(process.env['SSTOP_CHURN_SECONDS'] ?? 30),
  bytes: 1000,
  bytesBack: 300,
};
/** Less would not be the load that the test is named after. */
const PER_SECOND_LEAST = 4000;
const POLLED_SHARE = 0.001;
/** Of memory, from the middle third to the last. */
const GROWTH = 1.15;
const PATIENCE_MILLIS = (CHURN.seconds + 60) * 1000;

const obstacle = vethObstacle();
const states = obstacle === undefined ? tierStates() : [];
const TITLE = `${CHURN.perSecond} connections a second, each reset by its client`;

function because(tier: TierName): string | undefined {
  return obstacle ?? tierState(tier, states).obstacle;
}

function reasonOf(tier: TierName): string {
  const reason = because(tier);
  return reason === undefined ? '' : `; here: ${reason}`;
}

function rowOf(report: ChurnReport, pid: number): Bytes {
  const rows = report.shown.rows.filter((row) => row.pid === pid);
  return { up: sum(rows, ({ up }) => up), down: sum(rows, ({ down }) => down) };
}

function sum<T>(of: readonly T[], bytes: (one: T) => number): number {
  return of.reduce((total, one) => total + bytes(one), 0);
}

function say(tier: TierName, report: ChurnReport): void {
  const { client, server, memoryKilobytes, shown } = report;
  const ofClient = rowOf(report, client.pid);
  const ofServer = rowOf(report, server.pid);
  const nobody = shown.rows.filter(({ pid }) => pid === undefined);
  process.stdout.write(
    `${tier}, ${client.connections} connections, ${report.perSecond.toFixed(0)} a second (${shown.basis}): ` +
      `client ${ofClient.up} up, ${ofClient.down} down; server ${ofServer.up} up, ${ofServer.down} down; ` +
      `nobody's ${sum(nobody, ({ up }) => up)} up, ${sum(nobody, ({ down }) => down)} down; ` +
      `lost and counted ${shown.lostBytes}; payload ${client.sentBytes} and ${client.receivedBytes}, ` +
      `IP ${server.ipReceivedBytes} and ${server.ipSentBytes}; ` +
      `anonymous memory ${memoryKilobytes[0]} to ${Math.max(...memoryKilobytes)} kB; ` +
      `longest gap ${report.longestGapMillis.toFixed(0)} ms; ${shown.remarks.join('; ')}\n`,
  );
}

/** Garbage comes and goes: the most of one time against the most of the time before. */
function expectBoundedMemory({ memoryKilobytes }: ChurnReport): void {
  const third = Math.floor(memoryKilobytes.length / 3);
  const middle = Math.max(...memoryKilobytes.slice(third, 2 * third));
  expect(Math.max(...memoryKilobytes.slice(2 * third))).toBeLessThanOrEqual(middle * GROWTH);
}

function expectStrangersWithout({ client, server, shown }: ChurnReport): void {
  const own = [client.pid, server.pid];
  const strangers = shown.rows.filter(({ pid }) => pid !== undefined && !own.includes(pid));
  expect(strangers.filter(({ up, down }) => up + down > 0)).toEqual([]);
}

describe.skipIf(because('netlink') !== undefined)(
  `netlink: ${TITLE} (needs root and gcc${reasonOf('netlink')})`,
  () => {
    let report: ChurnReport;

    beforeAll(async () => {
      report = await watchChurn('netlink', CHURN);
      say('netlink', report);
    }, PATIENCE_MILLIS);

    test('the load was what it is called', () => {
      expect(report.perSecond).toBeGreaterThan(PER_SECOND_LEAST);
    });

    test('the end that is reset has every byte, but for those of endings that are counted as lost', () => {
      const { up, down } = rowOf(report, report.server.pid);
      const { sentBytes, receivedBytes } = report.server;
      const { lostClosings } = report.shown;
      expect(Math.abs(up - sentBytes)).toBeLessThanOrEqual(
        sentBytes * POLLED_SHARE + lostClosings * CHURN.bytesBack,
      );
      expect(Math.abs(down - receivedBytes)).toBeLessThanOrEqual(
        receivedBytes * POLLED_SHARE + lostClosings * CHURN.bytes,
      );
    });

    // tcp_disconnect() clears the counters of the end that resets before its end is announced: no more can be known.
    test('the end that resets is given nothing that it did not send, and nobody else is', () => {
      const { up, down } = rowOf(report, report.client.pid);
      expect(up).toBeLessThanOrEqual(report.client.sentBytes);
      expect(down).toBeLessThanOrEqual(report.client.receivedBytes);
      expectStrangersWithout(report);
    });

    test('memory is bounded', () => {
      expectBoundedMemory(report);
    });
  },
);

describe.skipIf(because('ebpf') !== undefined)(
  `ebpf: ${TITLE} (needs root, gcc and eBPF${reasonOf('ebpf')})`,
  () => {
    let report: ChurnReport;

    beforeAll(async () => {
      report = await watchChurn('ebpf', CHURN);
      say('ebpf', report);
    }, PATIENCE_MILLIS);

    test('the load was what it is called', () => {
      expect(report.perSecond).toBeGreaterThan(PER_SECOND_LEAST);
    });

    test('what is on the rows and what is counted as lost is every byte that was sent', () => {
      const { ipSentBytes, ipReceivedBytes } = report.server;
      const ofServer = rowOf(report, report.server.pid);
      const ofClient = rowOf(report, report.client.pid);
      const missing = [
        ipSentBytes - ofServer.up,
        ipReceivedBytes - ofServer.down,
        ipReceivedBytes - ofClient.up,
        ipSentBytes - ofClient.down,
      ];
      expect(Math.min(...missing)).toBeGreaterThanOrEqual(0);
      // Others on this machine may lose bytes as well: what is lost here is a part of what was lost.
      expect(sum(missing, (bytes) => bytes)).toBeLessThanOrEqual(report.shown.lostBytes);
    });

    test('memory is bounded', () => {
      expectBoundedMemory(report);
    });
  },
);
