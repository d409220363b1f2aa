import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  bytesOf,
  FAR,
  grownSince,
  NEAR,
  OwnerStage,
  type RowBytes,
  tierObstacle,
} from './testing/owner-stage.ts';
import type { Puppet } from './testing/puppet.ts';
import type { Shown, SstopMonitor } from './testing/veth-monitor.ts';

const MPTCP_BYTES = 1_000_000;
/** More than the buffers of both ends hold, so that a send of it blocks. */
const BLOCKING_BYTES = 16_000_000;
const REQUEST_BYTES = 10;
const RENEWED_MILLIS = 10_000;
/** For longer than a flow of nobody is held back. */
const PINGS = 1200;
const ICMP = 1;
const UDPLITE = 136;
/** RFC 3692: for experiments. */
const EXPERIMENTAL = 253;
const ELSEWHERE = '10.99.0.2';
const ELSEWHERE_NET = '10.99.0.0/24';
const RAW_PACKETS = 100;
const PING_BYTES = 1000;
const IP_HEADER_BYTES = 20;
const STRANGERS = 8;
const STRANGER_BYTES = 50_000;
const TWICE_BYTES = 100_000;
const RING_BYTES = 1_000_000;
const MOVED_BYTES = 100_000;
const ACTIVATED_BYTES = 100_000;
const FRAMES = 300;
const FRAME_BYTES = 1000;
const UDP_HEADERS_BYTES = 28;
const NO_SOCKET = 'no socket: raw or NAT';
const GROUP = '239.1.2.3';
const RECEIVERS = 2;
const SENDERS = 8;
const DATAGRAMS = 20;
const DATAGRAM_BYTES = 1000;
const DATAGRAM_L3_BYTES = 1028;

/** Where a cgroup2 hierarchy is mounted, if any. */
const groupRoot = readFileSync('/proc/mounts', 'utf8').match(/^\S+ (\S+) cgroup2 rw/m)?.[1];
/** 0: everybody may. */
const ringsPath = '/proc/sys/kernel/io_uring_disabled';
const hasRings = existsSync(ringsPath) && readFileSync(ringsPath, 'utf8').trim() === '0';
const IN_OTHER_TIME = ['unshare', '--time', '--boottime', '100000', '--fork', '--kill-child'];
/** How far a start time may be off: what it takes to start a process, and ticks. */
const START_MILLIS = 5000;
const hasTimeNamespaces = Bun.spawnSync([...IN_OTHER_TIME, 'true']).success;
const IN_OTHER_PIDS = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const INSIDE_BYTES = 300_000;
const OUTSIDE_BYTES = 500_000;
/** Another process may take the number. */
const NUMBER_TRIES = 20;
const OUTSIDE = 'outside this PID namespace';
const canChoosePids =
  existsSync('/proc/sys/kernel/ns_last_pid') && Bun.spawnSync([...IN_OTHER_PIDS, 'true']).success;
const hasMptcp = existsSync('/proc/sys/net/mptcp');

/** Starts a program as the next process but one, by number, of the PID namespace that a process's children have. */
function numbered(pid: number, parentOf: number): string[] {
  const script = `echo ${pid - 1} >/proc/sys/kernel/ns_last_pid; "$@"; exit $?`;
  return ['nsenter', `--pid=/proc/${parentOf}/ns/pid_for_children`, '--', 'sh', '-c', script, 'sh'];
}

/** The number in its own PID namespace of the only descendant of a process that has no child. */
function innermostNumber(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  if (child !== '') return innermostNumber(Number(child));
  const numbers = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^NSpid:(.*)$/m)?.[1] ?? '';
  return Number(numbers.trim().split(/\s+/).at(-1));
}

function bytesNamed({ rows }: Shown, name: string): RowBytes {
  const own = rows.filter((row) => row.name === name);
  return {
    up: own.reduce((total, { up }) => total + up, 0),
    down: own.reduce((total, { down }) => total + down, 0),
  };
}

function upOf(shown: Shown, name: string): number {
  return bytesNamed(shown, name).up;
}

for (const tier of ['ebpf', 'netlink', 'packet'] as const) {
  const lacking = tierObstacle(tier);
  const because = lacking === undefined ? '' : ` (here: ${lacking})`;
  describe.skipIf(lacking !== undefined)(`who a byte belongs to, ${tier}${because}`, () => {
    let stage: OwnerStage;
    let monitor: SstopMonitor;

    beforeAll(async () => {
      stage = await OwnerStage.open();
      monitor = await stage.watch(tier);
    });

    afterAll(async () => {
      await stage.close();
    });

    for (const [client, server] of [
      ['mptcp', 'mptcp'],
      ['tcp', 'mptcp'],
      ['mptcp', 'tcp'],
    ] as const) {
      const name = `${client} to ${server}: handshake and bytes belong to who opened the sockets`;
      test.skipIf(!hasMptcp)(`${name} (needs MPTCP)`, async () => {
        const far = await stage.puppet('far');
        const near = await stage.puppet('near');
        const before = stage.wire();
        const port = await near.does(`listen ${server} ${NEAR}`);
        far.begins(`connect ${client} ${NEAR} ${port}`);
        await near.does('accept');
        await far.ends('connect');
        far.begins(`send ${MPTCP_BYTES}`);
        expect(await near.does(`receive ${MPTCP_BYTES}`)).toBe(String(MPTCP_BYTES));
        await far.ends('send');
        const shown = await monitor.shown();
        const wire = grownSince(before, stage.wire());
        const own = bytesOf(shown, near.pid);
        if (shown.basis === 'payload') {
          expect(own.down).toBeGreaterThanOrEqual(MPTCP_BYTES);
          // Some of it twice: MPTCP sends again what another connection might have lost.
          expect(own.down).toBeLessThanOrEqual(wire.down);
          return;
        }
        expect(own).toEqual(wire);
        if (tier === 'ebpf') expect(bytesOf(shown, far.pid)).toEqual({ up: wire.down, down: wire.up });
      });
    }

    test('what one long call sends belongs to its caller while the call lasts', async () => {
      const far = await stage.puppet('far');
      const near = await stage.puppet('near');
      const before = stage.wire();
      const port = await near.does(`listen tcp ${NEAR}`);
      await far.does(`connect tcp ${NEAR} ${port}`);
      await near.does('accept');
      far.begins(`send ${REQUEST_BYTES}`);
      await near.does(`receive ${REQUEST_BYTES}`);
      await far.ends('send');
      await monitor.fresh();
      const request = grownSince(before, stage.wire());
      const child = Number(await near.does(`forksend ${BLOCKING_BYTES}`));
      await far.does(`receive ${BLOCKING_BYTES / 4}`);
      // The rest is in no buffer yet, and the call has not returned.
      const shown = await monitor.shown();
      const wire = grownSince(before, stage.wire());
      const ofChild = bytesOf(shown, child);
      const ofParent = bytesOf(shown, near.pid);
      expect(ofChild.up + ofParent.up).toBeGreaterThan(BLOCKING_BYTES / 4);
      // Which of the holders of a descriptor uses it only ebpf can tell.
      if (tier !== 'ebpf') return;
      expect(ofParent).toEqual(request);
      expect(ofChild.up).toBe(wire.up - request.up);
    });

    test('who only keeps a connection to an endpoint has none of what strangers send there', async () => {
      const far = await stage.puppet('far');
      const idle = await stage.puppet('near');
      const port = await far.does(`listen tcp ${FAR}`);
      await idle.does(`connect tcp ${FAR} ${port}`);
      await far.does('accept');
      await monitor.fresh();
      await monitor.fresh();
      const strangers: number[] = [];
      const before = bytesOf(await monitor.shown(), undefined).up;
      for (let i = 0; i < STRANGERS; i++) {
        const stranger = await stage.puppet('near');
        strangers.push(stranger.pid);
        await stranger.does(`connect tcp ${FAR} ${port}`);
        await far.does('accept');
        stranger.begins(`send ${STRANGER_BYTES}`);
        await far.does(`receive ${STRANGER_BYTES}`);
        await stranger.ends('send');
        await stranger.leaves();
      }
      const shown = await monitor.shown();
      const ofStrangers = bytesOf(shown, ...strangers).up;
      const ofNobody = bytesOf(shown, undefined).up - before;
      expect(bytesOf(shown, idle.pid).up).toBeLessThan(STRANGER_BYTES / 100);
      expect(ofStrangers + ofNobody).toBeGreaterThanOrEqual(STRANGERS * STRANGER_BYTES);
      if (tier === 'ebpf') expect(ofStrangers).toBeGreaterThan(STRANGERS * STRANGER_BYTES);
    });

    test('a command line that was written over is shown within ten seconds', async () => {
      const far = await stage.puppet('far');
      const near = await stage.puppet('near');
      const port = await near.does(`listen tcp ${NEAR}`);
      await far.does(`connect tcp ${NEAR} ${port}`);
      await near.does('accept');
      const commandLine = async (): Promise<string | undefined> =>
        (await monitor.shown()).rows.find(({ pid }) => pid === near.pid)?.commandLine;
      expect(await commandLine()).toContain('puppet');
      await near.does('title worker: serving alice');
      const until = performance.now() + RENEWED_MILLIS;
      while (performance.now() < until && (await commandLine()) !== 'worker: serving alice');
      expect(await commandLine()).toBe('worker: serving alice');
    });

    test.skipIf(groupRoot === undefined)(
      'bytes counted before a process is moved stay with the group of then (needs cgroup2)',
      async () => {
        const [first, second] = [
          `${groupRoot}/sstop-${tier}-1.service`,
          `${groupRoot}/sstop-${tier}-2.service`,
        ];
        const far = await stage.puppet('far');
        const near = await stage.puppet('near');
        const join = (group: string): void => {
          mkdirSync(group, { recursive: true });
          writeFileSync(`${group}/cgroup.procs`, `${near.pid}`);
        };
        try {
          join(first);
          const port = await near.does(`listen tcp ${NEAR}`);
          await far.does(`connect tcp ${NEAR} ${port}`);
          await near.does('accept');
          const receive = async (bytes: number): Promise<void> => {
            far.begins(`send ${bytes}`);
            await near.does(`receive ${bytes}`);
            await far.ends('send');
          };
          await receive(MOVED_BYTES);
          const before = bytesOf(await monitor.shown(), near.pid);
          join(second);
          const until = performance.now() + RENEWED_MILLIS;
          const { pid } = near;
          const groupNow = async () => (await monitor.shown()).rows.find((row) => row.pid === pid)?.service;
          while (performance.now() < until && (await groupNow()) !== basename(second));
          await receive(MOVED_BYTES * 2);
          const shown = await monitor.shown();
          const own = bytesOf(shown, near.pid);
          expect(own.down).toBeGreaterThan(MOVED_BYTES * 3 - 1);
          expect(shown.groups?.get(basename(first))).toEqual(before);
          expect(shown.groups?.get(basename(second))).toEqual(grownSince(before, own));
        } finally {
          near.kill();
          await near.leaves();
          rmdirSync(first);
          if (existsSync(second)) rmdirSync(second);
        }
      },
    );

    test('interfaces are known by namespace and number: what another one sends is not ours', async () => {
      const near = await stage.puppet('near');
      const narrowed = await stage.watchInside(tier, '--interface', 'veth0');
      const before = stage.wire();
      await near.does(`raw 1 ${PINGS} ${PING_BYTES} ${FAR}`);
      const shown = await narrowed.shown();
      const wire = grownSince(before, stage.wire());
      const sent = PINGS * (PING_BYTES + IP_HEADER_BYTES);
      expect(wire.up).toBeGreaterThanOrEqual(sent);
      // The other side has an interface of the same number; its answers are not sent by this one.
      expect(bytesOf(shown, undefined, near.pid).up).toBeLessThanOrEqual(wire.up);
      expect(shown.attributed ?? 0).toBeLessThanOrEqual(1);
      if (tier === 'ebpf') expect(bytesOf(shown, near.pid).up).toBe(sent);
    });

    test('what belongs to no TCP or UDP socket is on a row that says what it is', async () => {
      const near = await stage.puppet('near');
      const before = await monitor.shown();
      const wireBefore = stage.wire();
      for (const protocol of [ICMP, UDPLITE]) {
        await near.does(`raw ${protocol} ${RAW_PACKETS} ${PING_BYTES} ${FAR}`);
      }
      const shown = await monitor.shown();
      const sent = RAW_PACKETS * (PING_BYTES + IP_HEADER_BYTES);
      expect(grownSince(wireBefore, stage.wire()).up).toBeGreaterThanOrEqual(2 * sent);
      // With eBPF the raw sockets are the process's own.
      if (tier === 'ebpf') {
        expect(bytesOf(shown, near.pid).up).toBe(2 * sent);
        return;
      }
      const counted = shown.basis === 'payload' ? RAW_PACKETS * PING_BYTES : sent;
      for (const name of ['kernel: ICMP', 'kernel: UDPLITE']) {
        expect(upOf(shown, name) - upOf(before, name)).toBe(counted);
      }
    });

    test('a listener that an activator opened, and its handshakes, belong to who accepts', async () => {
      const far = await stage.puppet('far');
      const activator = await stage.puppet('near');
      const port = await activator.does(`listen tcp ${NEAR}`);
      await monitor.fresh();
      await monitor.fresh();
      const before = stage.wire();
      const service = Number(await activator.does('forkaccept'));
      await far.does(`connect tcp ${NEAR} ${port}`);
      await far.does(`send ${ACTIVATED_BYTES}`);
      const ofService = async () => {
        let wire = stage.wire();
        let shown = await monitor.shown();
        // An acknowledgment may come behind the sample.
        while (!Bun.deepEquals(wire, stage.wire())) {
          wire = stage.wire();
          shown = await monitor.shown();
        }
        const own = bytesOf(shown, service);
        const counted =
          shown.basis === 'payload' ? { up: 0, down: ACTIVATED_BYTES } : grownSince(before, wire);
        return { shown, own, counted };
      };
      const first = await ofService();
      expect(first.own).toEqual(first.counted);
      expect(bytesOf(first.shown, activator.pid)).toEqual({ up: 0, down: 0 });
      // Handshakes of connections that the service has not seen yet are its own too.
      await (await stage.puppet('far')).does(`connect tcp ${NEAR} ${port}`);
      const then = await ofService();
      expect(bytesOf(then.shown, activator.pid)).toEqual({ up: 0, down: 0 });
      // netlink lists listeners rarely.
      const until = performance.now() + RENEWED_MILLIS;
      const ports = async (): Promise<readonly number[] | undefined> =>
        (await monitor.shown()).rows.find(({ pid }) => pid === service)?.listenPorts;
      while (performance.now() < until && (await ports())?.length === 0);
      expect(await ports()).toEqual([Number(port)]);
    });

    for (const [name, address] of [
      ['one port', NEAR],
      ['one multicast group', GROUP],
    ] as const) {
      test(`receivers of ${name}: each its own, or all of them marked as inferred`, async () => {
        stage.network.run('far', 'ip route replace 239.0.0.0/8 dev veth0');
        const receivers: Puppet[] = [];
        let port = '0';
        for (let i = 0; i < RECEIVERS; i++) {
          const receiver = await stage.puppet('near');
          port = await receiver.does(`bind udp ${address} ${port}`);
          if (address === GROUP) await receiver.does(`join ${GROUP} ${NEAR}`);
          receivers.push(receiver);
        }
        // From several sockets, for the kernel chooses the receiver by both ends.
        for (let i = 0; i < SENDERS; i++) {
          const far = await stage.puppet('far');
          await far.does(`throw ${DATAGRAMS} ${DATAGRAM_BYTES} ${address} ${port}`);
        }
        const shown = await monitor.shown();
        const datagramBytes = shown.basis === 'payload' ? DATAGRAM_BYTES : DATAGRAM_L3_BYTES;
        let received = 0;
        let drained = 0;
        for (const receiver of receivers) {
          const [, datagrams] = (await receiver.does('drain')).split(' ').map(Number);
          const truth = datagrams! * datagramBytes;
          const row = shown.rows.find(({ pid }) => pid === receiver.pid);
          drained += truth;
          received += row?.down ?? 0;
          if (tier === 'ebpf' || address === GROUP) expect(row?.down).toBe(truth);
          expect(row?.isInferred).toBe(tier !== 'ebpf');
        }
        const copies = address === GROUP ? RECEIVERS : 1;
        expect(drained).toBe(copies * SENDERS * DATAGRAMS * datagramBytes);
        expect(received).toBe(drained);
      });
    }

    test('what goes out past all sockets: the process that sends it, or what is known of it', async () => {
      const near = await stage.puppet('near');
      const before = await monitor.shown();
      const wireBefore = stage.wire();
      await near.does(`frames veth0 ${FRAMES} ${FRAME_BYTES} ${NEAR} ${FAR}`);
      await monitor.fresh();
      const shown = await monitor.shown();
      const sent = grownSince(wireBefore, stage.wire()).up;
      expect(sent).toBeGreaterThanOrEqual(FRAMES * (FRAME_BYTES + UDP_HEADERS_BYTES));
      if (tier === 'ebpf') {
        expect(bytesOf(shown, near.pid).up).toBe(FRAMES * (FRAME_BYTES + UDP_HEADERS_BYTES));
        return;
      }
      const counted = FRAMES * (shown.basis === 'payload' ? FRAME_BYTES : FRAME_BYTES + UDP_HEADERS_BYTES);
      expect(upOf(shown, NO_SOCKET) - upOf(before, NO_SOCKET)).toBe(counted);
    });

    test.skipIf(!hasRings)(
      'a socket that only an io_uring has belongs to who made the ring (needs io_uring)',
      async () => {
        const far = await stage.puppet('far');
        const near = await stage.puppet('near');
        const port = await far.does(`listen tcp ${FAR}`);
        await near.does(`connect tcp ${FAR} ${port}`);
        await far.does('accept');
        await near.does('ring');
        near.begins(`ringsend ${RING_BYTES}`);
        expect(await far.does(`receive ${RING_BYTES}`)).toBe(String(RING_BYTES));
        await near.ends('ringsend');
        const shown = await monitor.shown();
        const own = bytesOf(shown, near.pid).up;
        expect(own).toBeGreaterThanOrEqual(RING_BYTES);
        expect(own).toBeLessThan(RING_BYTES * 1.05);
      },
    );

    test('of two processes with the same PID within an interval each has its own, or nobody', async () => {
      const far = await stage.puppet('far');
      const near = await stage.puppet('near');
      const port = await far.does(`listen tcp ${FAR}`);
      const pid = Number(await near.does(`twice ${TWICE_BYTES} ${FAR} ${port}`));
      const shown = await monitor.shown();
      const [first, second] = ['twice-1', 'twice-2'].map((name) => upOf(shown, name));
      const rows = shown.rows.filter((row) => row.pid === pid);
      expect(rows.every(({ name }) => name.startsWith('twice-'))).toBe(true);
      for (const own of [first, second]) expect(own).toBeLessThan(TWICE_BYTES * 1.1);
      if (tier !== 'ebpf') return;
      for (const own of [first, second]) expect(own).toBeGreaterThan(TWICE_BYTES);
    });

    test.skipIf(!hasTimeNamespaces)(
      'in a time namespace start times are right (needs time namespaces)',
      async () => {
        const far = await stage.puppet('far');
        const beganMillis = Date.now();
        const near = await stage.puppet('near');
        const moved = await stage.watchBy(tier, ...IN_OTHER_TIME);
        const port = await near.does(`listen tcp ${NEAR}`);
        await far.does(`connect tcp ${NEAR} ${port}`);
        await near.does('accept');
        far.begins(`send ${MOVED_BYTES}`);
        await near.does(`receive ${MOVED_BYTES}`);
        await far.ends('send');
        const row = (await moved.shown()).rows.find(({ pid }) => pid === near.pid);
        expect(row?.down).toBeGreaterThanOrEqual(MOVED_BYTES);
        expect(Math.abs((row?.startMillis ?? 0) - beganMillis)).toBeLessThan(START_MILLIS);
      },
    );

    test.skipIf(!canChoosePids)(
      'in a PID namespace of its own its processes have their bytes, by its numbers (needs ns_last_pid)',
      async () => {
        const far = await stage.puppet('far');
        const outside = await stage.puppet('near');
        const contained = await stage.watchDeviceBy(tier, ...IN_OTHER_PIDS);
        // The same number is another process's there.
        const start = () => stage.puppet('near', ...numbered(outside.pid, contained.pid));
        let inside = await start();
        for (let i = 0; i < NUMBER_TRIES && innermostNumber(inside.pid) !== outside.pid; i++) {
          await inside.leaves();
          inside = await start();
        }
        expect(innermostNumber(inside.pid)).toBe(outside.pid);
        const receive = async (near: Puppet, bytes: number): Promise<RowBytes> => {
          const before = stage.wire();
          const port = await near.does(`listen tcp ${NEAR}`);
          await far.does(`connect tcp ${NEAR} ${port}`);
          await near.does('accept');
          far.begins(`send ${bytes}`);
          expect(await near.does(`receive ${bytes}`)).toBe(String(bytes));
          await far.ends('send');
          return grownSince(before, stage.wire());
        };
        const ofOutside = await receive(outside, OUTSIDE_BYTES);
        const ofInside = await receive(inside, INSIDE_BYTES);
        let shown = await contained.shown();
        const counted = shown.basis === 'payload' ? { up: 0, down: INSIDE_BYTES } : ofInside;
        const isCounted = () =>
          bytesOf(shown, outside.pid).down >= counted.down &&
          (tier !== 'ebpf' || bytesNamed(shown, OUTSIDE).down >= ofOutside.down);
        // A handshake waits for somebody to accept.
        const until = performance.now() + RENEWED_MILLIS;
        while (performance.now() < until && !isCounted()) shown = await contained.shown();
        const rows = shown.rows.filter(({ pid, up, down }) => pid !== undefined && up + down > 0);
        expect(rows.map(({ pid }) => pid)).toEqual([outside.pid]);
        expect(bytesOf(shown, outside.pid)).toEqual(counted);
        if (tier === 'ebpf') expect(bytesNamed(shown, OUTSIDE)).toEqual(ofOutside);
      },
    );

    test('what this machine passes on is on a row of its own', async () => {
      const far = await stage.puppet('far');
      stage.network.run('far', `ip route add ${ELSEWHERE_NET} via ${NEAR}`);
      stage.network.run(
        'near',
        [
          'echo 1 >/proc/sys/net/ipv4/ip_forward',
          'echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects',
          'echo 0 >/proc/sys/net/ipv4/conf/veth0/send_redirects',
          `ip route add ${ELSEWHERE_NET} via ${FAR}`,
        ].join('\n'),
      );
      await far.does(`raw ${EXPERIMENTAL} ${RAW_PACKETS} ${PING_BYTES} ${ELSEWHERE}`);
      const shown = await monitor.shown();
      const counted = RAW_PACKETS * (shown.basis === 'payload' ? PING_BYTES : PING_BYTES + IP_HEADER_BYTES);
      const forwarded = shown.rows.find(({ name }) => name === 'forwarded');
      expect([forwarded?.up, forwarded?.down]).toEqual([counted, counted]);
    });
  });
}
