import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { withoutBpf } from '../platforms/linux/bpf/ebpf.fixture.ts';
import { FAR, type LineCounts, LossyNetwork, lineObstacle, type Program } from './testing/lossy-network.ts';
import {
  BYTES_PER_SECOND,
  healthyLine,
  SINK,
  type Snapshot,
  textsOf,
  until,
  watch,
} from './testing/trouble-watch.ts';

setDefaultTimeout(60_000);

const obstacle = await lineObstacle();
if (obstacle !== undefined) process.stderr.write(`tests of network trouble are left out: ${obstacle}\n`);

const CLOSED_PORT = 1;
const FIREWALLED_PORT = 9;
const SLEEPER = 8080;
/** A round trip on this line, both ways. */
const DELAY_MILLIS = 40;

/** A counter of nstat(8), since the namespace was made. */
function nstat(network: LossyNetwork, name: string): number {
  const { kernel }: { kernel: Readonly<Record<string, number>> } = JSON.parse(
    network.run('near', `nstat --json --zeros --noupdate --ignore ${name}`),
  );
  return kernel[name] ?? Number.NaN;
}

/** What ss(8) says of the connection to the sink. */
function ssOf(network: LossyNetwork): { retransmits: number; dataSegments: number; reorderings: number } {
  const text = network.run('near', `ss -tinH state established dst ${FAR} dport = :${SINK}`);
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    retransmits: number(/ retrans:\d+\/(\d+)/),
    dataSegments: number(/ data_segs_out:(\d+)/),
    reorderings: number(/ reord_seen:(\d+)/),
  };
}

describe.skipIf(obstacle !== undefined)('a network in trouble (needs root and /dev/net/tun)', () => {
  const TIERS = ['netlink', 'ebpf'] as const;
  let network: LossyNetwork;
  let sender: Program;
  /** Is refused. */
  let caller: Program;
  let sleeper: Program;
  const snapshots = new Map<string, Snapshot>();
  const programs = new Map<string, Program>();

  /** Of this network's `backup`: in the kernel all of the machine is seen, on which the same test may run twice. */
  const backupOf = ({ processes }: Snapshot) => processes.find(({ pid }) => pid === sender.child.pid);
  const listenerOf = ({ listen_ports }: Snapshot) =>
    listen_ports.find(({ port, pid }) => port === SLEEPER && pid === sleeper.child.pid);

  /** Everything that is wrong, as far as each tier can tell. */
  const WRONG: readonly RegExp[] = [
    /^sleeper: accept queue full, \d+ connections? dropped in \d+ s$/,
    new RegExp(`: connection refused by ${FAR}:${CLOSED_PORT}, \\d+ times in \\d+ s$`),
    new RegExp(`^walled: no reply from ${FAR}:${FIREWALLED_PORT}, (\\d+ attempts, )?SYN sent \\d+ times`),
    new RegExp(`^backup: \\d+\\.\\d % retransmitted to ${FAR}, round trip \\d+ ms, out of order`),
  ];
  const isWhole = (snapshot: Snapshot): boolean =>
    WRONG.every((pattern) => textsOf(snapshot).some((text) => pattern.test(text)));

  beforeAll(async () => {
    network = await LossyNetwork.open({
      ...{ delayMillis: DELAY_MILLIS, loss: 0.05, reorder: 0.03, droppedPort: FIREWALLED_PORT },
    });
    await network.traffic('far', 'sink', 'sink', SINK);
    for (const tier of TIERS) programs.set(tier, watch(network, tier));
    // The first snapshots are their baselines.
    for (const sstop of programs.values()) await until(sstop, () => true, 20_000);
    sleeper = await network.traffic('near', 'sleeper', 'sleeper', SLEEPER, 1);
    sender = await network.traffic('near', 'sender', 'backup', FAR, SINK, BYTES_PER_SECOND);
    caller = await network.traffic('near', 'caller', 'refused', FAR, CLOSED_PORT, 500);
    await network.traffic('near', 'caller', 'walled', FAR, FIREWALLED_PORT, 3000);
    await network.traffic('near', 'caller', 'eager', '127.0.0.1', SLEEPER, 400);
    await Promise.all(
      TIERS.map(async (tier) => snapshots.set(tier, await until(programs.get(tier)!, isWhole, 25_000))),
    );
  });

  afterAll(async () => {
    await network?.close();
  });

  test.each(TIERS)('%s names each in words, the worst first', (tier) => {
    const snapshot = snapshots.get(tier)!;
    expect(snapshot.backend).toBe(tier);
    const texts = textsOf(snapshot);
    // On netlink some refusals are those of a process that is known, and some are not.
    for (const pattern of WRONG) expect(texts.find((text) => pattern.test(text))).toBeDefined();
    // In the kernel all of the machine is seen, on which others may be in trouble.
    const ours = tier === 'ebpf' ? texts.filter((text) => WRONG.some((one) => one.test(text))) : texts;
    expect(ours[0]).toMatch(/^(sleeper|refused|unknown process): /);
    expect(ours.at(-1)).toMatch(/^(backup|the machine): /);
    const share = Number(/(\d+\.\d) % retrans/.exec(texts.join('\n'))?.[1]);
    expect(share).toBeGreaterThan(2);
    expect(share).toBeLessThan(20);
    const roundTrip = Number(/round trip (\d+) ms/.exec(texts.join('\n'))?.[1]);
    expect(roundTrip).toBeGreaterThanOrEqual(DELAY_MILLIS * 2);
  });

  test('with programs in the kernel the process of a refusal is known, and how long connecting takes', () => {
    const snapshot = snapshots.get('ebpf')!;
    const { troubles, processes } = snapshot;
    const { pid: own } = caller.child;
    const refused = troubles.find(
      ({ pid, trouble }) => pid === own && trouble.includes('connection refused'),
    );
    expect(refused?.process).toBe('refused');
    expect(refused?.place).toBe(`${FAR}:${CLOSED_PORT}`);
    const process = processes.find(({ pid }) => pid === own);
    expect(process?.refused).toBeGreaterThanOrEqual(refused?.count ?? Number.NaN);
    const backup = backupOf(snapshot);
    expect(backup?.connect_us).toBeGreaterThanOrEqual(DELAY_MILLIS * 2000);
    expect(backup?.connect_us).toBeLessThan(DELAY_MILLIS * 2000 + 1_500_000);
  });

  test('figures are those of ss, nstat and the forwarder', async () => {
    sender.child.stdin.write('stop\n');
    sender.child.stdin.flush();
    await sender.says('idle');
    const isSettled = (snapshot: Snapshot): boolean => backupOf(snapshot)?.connections[0]?.send_queue === 0;
    for (const tier of TIERS) await until(programs.get(tier)!, isSettled, 10_000);
    const ss = ssOf(network);
    const drops = nstat(network, 'TcpExtListenDrops');
    const matches = (snapshot: Snapshot): boolean => {
      const connection = backupOf(snapshot)?.connections[0];
      const listener = listenerOf(snapshot);
      return (
        connection?.retransmits === ss.retransmits &&
        connection.data_segments === ss.dataSegments &&
        connection.reorderings === ss.reorderings &&
        (listener?.drops ?? 0) >= drops
      );
    };
    for (const tier of TIERS) {
      const snapshot = await until(programs.get(tier)!, matches, 10_000);
      const connection = backupOf(snapshot)?.connections[0];
      expect(connection).toMatchObject({
        ...{ retransmits: ss.retransmits, data_segments: ss.dataSegments, reorderings: ss.reorderings },
        ...{ receive_queue: 0, send_queue: 0 },
      });
      expect(connection?.rtt_min_us).toBeGreaterThanOrEqual(DELAY_MILLIS * 2000);
      const listener = listenerOf(snapshot);
      expect(listener).toMatchObject({ accept_queue: 2, accept_queue_limit: 1 });
      // More are dropped while both are read.
      expect(listener?.drops).toBeGreaterThanOrEqual(drops);
      expect(listener?.drops).toBeLessThanOrEqual(nstat(network, 'TcpExtListenDrops'));
    }
    const counts: LineCounts = await network.counts();
    // What was lost was sent again, and some that was only late.
    expect(ss.dataSegments).toBe(counts.dataSegments);
    expect(counts.lost).toBeGreaterThan(0);
    expect(ss.retransmits).toBeGreaterThanOrEqual(counts.lost);
    expect(counts.dropped).toBeGreaterThan(0);
  });
});

/** A firewall that drops, and one that refuses in two ways. */
const FIREWALL = [
  'nft add table inet wall',
  "nft add chain inet wall out '{ type filter hook output priority 0 ; }'",
  'nft add rule inet wall out tcp dport 7001 drop',
  'nft add rule inet wall out tcp dport 7002 reject with tcp reset',
  'nft add rule inet wall out tcp dport 7003 reject',
].join('; ');
const hasFirewall = Bun.which('nft') !== null;
if (!hasFirewall) process.stderr.write('the test of a firewall is left out: lacks nft\n');

describe.skipIf(obstacle !== undefined || withoutBpf !== undefined)(
  'what this machine itself forbids (needs root, /dev/net/tun and the tier ebpf)',
  () => {
    let network: LossyNetwork;

    beforeAll(async () => {
      network = await LossyNetwork.open({ delayMillis: 1, loss: 0, reorder: 0, droppedPort: 0 });
    });

    afterAll(async () => {
      await network?.close();
    });

    /** Callers of these names and places until sstop has said each line, and nothing else of them. */
    async function isNamed(
      callers: readonly (readonly [string, string, number])[],
      lines: readonly RegExp[],
    ): Promise<void> {
      const sstop = watch(network, 'ebpf');
      await until(sstop, () => true, 20_000);
      for (const [name, host, port] of callers)
        await network.traffic('near', 'caller', name, host, port, 500);
      const missing = (snapshot: Snapshot): readonly RegExp[] =>
        lines.filter((line) => !textsOf(snapshot).some((text) => line.test(text)));
      const snapshot = await until(sstop, (one) => missing(one).length === 0, 20_000);
      expect(missing(snapshot)).toEqual([]);
      const names = callers.map(([name]) => name);
      const others = textsOf(snapshot).filter(
        (text) => names.includes(text.split(':')[0]!) && !lines.some((line) => line.test(text)),
      );
      expect(others).toEqual([]);
    }

    test('a blackhole, an unreachable and a prohibit route are named with the process', async () => {
      const routes = ['blackhole', 'unreachable', 'prohibit'] as const;
      for (const [i, kind] of routes.entries()) network.run('near', `ip route add ${kind} 192.0.2.${i + 1}`);
      await isNamed(
        routes.map((kind, i) => [`to-${kind}`, `192.0.2.${i + 1}`, 443] as const),
        routes.map(
          (kind, i) =>
            new RegExp(
              `^to-${kind}: cannot connect to 192\\.0\\.2\\.${i + 1}:443, \\d+ times in \\d+ s: ${kind} route$`,
            ),
        ),
      );
    });

    test.skipIf(!hasFirewall)('a firewall is named with the process (needs nft)', async () => {
      network.run('near', FIREWALL);
      await isNamed(
        [
          ['dropped', FAR, 7001],
          ['reset', FAR, 7002],
          ['rejected', FAR, 7003],
        ],
        [
          /^(dropped|reset): \d+ packets? dropped in \d+ s: firewall$/,
          // ICMP while connect(2) is at work: the socket has an error, but does not close (tcp_v4_err).
          /^rejected: \d+ packets dropped in \d+ s: firewall$/,
          new RegExp(`^dropped: no reply from ${FAR}:7001, `),
          new RegExp(`^reset: connection refused by ${FAR}:7002, \\d+ times in \\d+ s$`),
        ],
      );
    });
  },
);

describe.skipIf(obstacle !== undefined)('a healthy line (needs root and /dev/net/tun)', () => {
  test('raises no alarm', async () => {
    const { alarms, segments } = await healthyLine(6000);
    expect(segments).toBeGreaterThan(500);
    expect(alarms).toEqual([]);
  });
});
