import { beforeAll, describe, expect, test } from 'bun:test';
import { CASES } from './testing/veth-cases.ts';
import { SstopMonitor, type TierName } from './testing/veth-monitor.ts';
import { vethObstacle } from './testing/veth-network.ts';
import { type Session, watch } from './testing/veth-session.ts';
import { tierState, tierStates } from './testing/veth-tiers.ts';
import { rowSumOf, type Verdict, verdictsOf } from './testing/veth-verdict.ts';

const WRONG_PERCENT_MAX = 1;
/** Its listener is there all the time, and alone on its port. */
const SERVED_HERE = '1,000 short, server here';
const LEAST_INFERRED_PERCENT = 95;
const SESSION_MILLIS = 60_000;
const INTERVAL = '250ms';

const obstacle = vethObstacle();
const states = obstacle === undefined ? tierStates() : [];

function because(tier: TierName): string | undefined {
  return obstacle ?? tierState(tier, states).obstacle;
}

function reasonOf(tier: TierName): string {
  const reason = because(tier);
  return reason === undefined ? '' : `; here: ${reason}`;
}

/** All cases in one run of sstop, so that it takes seconds. */
function watchAll(tier: TierName): Promise<Session> {
  const { countsUdp } = tierState(tier, states);
  return watch(CASES, (network) => SstopMonitor.start({ tier, network, countsUdp, interval: INTERVAL }));
}

function line({ program, caseName, note, ...of }: Verdict): string {
  const figures = Number.isNaN(of.shownBytes)
    ? 'not counted'
    : `${of.shownBytes} of ${of.truthBytes} ${of.basis} bytes, worst direction off by ${of.errorBytes}, ` +
      `${of.attributedPercent.toFixed(1)} % attributed, ${of.wrongPercent.toFixed(3)} % wrong`;
  return `${program}, ${caseName}: ${figures}${note === '' || note === 'not counted' ? '' : `; ${note}`}\n`;
}

function expectBars(verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) process.stdout.write(line(verdict));
  const missed = verdicts.filter(
    ({ barPercent, errorPercent }) => barPercent !== undefined && !(errorPercent <= barPercent),
  );
  expect(missed.map(line)).toEqual([]);
}

/** A program that polls cannot know whose connection it never saw; it must not say so of anybody else. */
function expectNobodyBlamed(verdicts: readonly Verdict[]): void {
  const wrong = verdicts.filter(({ wrongPercent }) => wrongPercent > WRONG_PERCENT_MAX);
  expect(wrong.map(line)).toEqual([]);
}

function expectWhole(session: Session): void {
  const all = rowSumOf(session);
  expect(all?.errorPercent).toBeLessThanOrEqual(all?.barPercent ?? 0);
  expect(all?.foreignPercent).toBe(0);
  expectNobodyBlamed(verdictsOf(session));
}

describe.skipIf(because('netlink') !== undefined)(
  `netlink, two network namespaces (needs root, ip, tc and gcc${reasonOf('netlink')})`,
  () => {
    let session: Session;

    beforeAll(async () => {
      session = await watchAll('netlink');
    }, SESSION_MILLIS);

    test('segmentation was offloaded', () => {
      expect(session.segmentsPerFrame).toBeGreaterThan(1.5);
    });

    test('what lasts is counted within its bar, both directions', () => {
      expectBars(verdictsOf(session));
    });

    test('every byte of connections that came and went is on some row, and on nobody else’s', () => {
      expectWhole(session);
    });
  },
);

describe.skipIf(because('ebpf') !== undefined)(
  `ebpf, two network namespaces (needs root, ip, tc, gcc and eBPF${reasonOf('ebpf')})`,
  () => {
    let session: Session;

    beforeAll(async () => {
      session = await watchAll('ebpf');
    }, SESSION_MILLIS);

    test('counts IP bytes, headers included', () => {
      expect(session.shown.basis).toBe('l3');
    });

    test('both ends of every case are exact to the byte, in both namespaces', () => {
      expectBars(verdictsOf(session));
    });

    test('what a forked child serves is its own', () => {
      const forked = session.truths.find(({ spec }) => spec.protocol === 'tcp' && spec.doesFork);
      const children = forked?.server.pids.slice(0, -1) ?? [];
      const rows = session.shown.rows.filter(({ pid }) => pid !== undefined && children.includes(pid));
      expect(rows.length).toBe(children.length);
      const served = rows.reduce((total, { up }) => total + up, 0);
      expect(served).toBeGreaterThanOrEqual(forked?.server.payload.up ?? Number.NaN);
    });
  },
);

describe.skipIf(because('packet') !== undefined)(
  `packet, two network namespaces (needs root, ip, tc and gcc${reasonOf('packet')})`,
  () => {
    let session: Session;

    beforeAll(async () => {
      session = await watchAll('packet');
    }, SESSION_MILLIS);

    test('what lasts is counted within its bar, UDP of unconnected sockets too', () => {
      expectBars(verdictsOf(session));
    });

    test('every byte of connections that came and went is on some row, and on nobody else’s', () => {
      expectWhole(session);
    });

    test('connections that a listener here accepted are inferred to be its own', () => {
      const served = verdictsOf(session).find(({ caseName }) => caseName === SERVED_HERE);
      expect(served?.attributedPercent).toBeGreaterThan(LEAST_INFERRED_PERCENT);
    });
  },
);

describe.skipIf(because('proc') !== undefined)(
  `proc, two network namespaces (needs root, ip, tc and gcc${reasonOf('proc')})`,
  () => {
    test(
      'says that it counts nothing, and shows no number',
      async () => {
        const long = CASES.filter(({ name }) => name === 'TCP v4');
        const session = await watch(long, (network) =>
          SstopMonitor.start({ tier: 'proc', network, countsUdp: false, interval: INTERVAL }),
        );
        expect(session.shown.basis).toBe('none');
        expect(session.shown.rows.filter(({ up, down }) => !Number.isNaN(up) || !Number.isNaN(down))).toEqual(
          [],
        );
      },
      SESSION_MILLIS,
    );
  },
);
