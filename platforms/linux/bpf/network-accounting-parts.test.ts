import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bindSocket, closeDescriptor, NativeBuffer, openSocket } from '../libc.ts';
import { bpf } from './bpf-call.ts';
import { AttachType, queryPrograms } from './bpf-program.ts';
import { openCgroupRoot } from './cgroup-root.ts';
import { NetworkAccounting, SocketHolders } from './network-accounting.ts';
import { Family } from './network-layout.ts';
import {
  ATTEMPTS,
  accountingObstacle,
  isClean,
  LineReader,
  parseLines,
  readFlows,
  type SeenFlow,
  type TrafficLine,
  TrafficProgram,
  totals,
} from './network-traffic.fixture.ts';

const obstacle = accountingObstacle();
const because = obstacle === undefined ? '' : `; here it ${obstacle}`;
const IPV4_HEADER_BYTES = 20;
const CHILD = fileURLToPath(new URL('network-accounting-child.fixture.ts', import.meta.url));
/** `enum bpf_cmd`: as `bpftool link detach` does. */
const LINK_DETACH = 34;
const AS_NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** Why nobody can run the child, or undefined. */
function nobodyObstacle(): string | undefined {
  if (Bun.which('setpriv') === null) return 'needs setpriv(1)';
  const tried = Bun.spawnSync([
    ...AS_NOBODY,
    '--inh-caps=-all',
    'test',
    '-r',
    CHILD,
    '-a',
    '-x',
    process.execPath,
  ]);
  return tried.success ? undefined : 'needs a checkout that other users may read';
}

const nobody = obstacle ?? nobodyObstacle();
const becauseNobody = nobody === undefined ? '' : `; here it ${nobody}`;

/** Another process that counts. */
class Counter {
  readonly child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #lines: LineReader;

  constructor(...as: readonly string[]) {
    this.child = Bun.spawn([...as, process.execPath, CHILD], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    this.#lines = new LineReader(this.child.stdout);
  }

  async said(): Promise<unknown> {
    return JSON.parse(await this.#lines.next());
  }

  async ask(command: string): Promise<unknown> {
    this.child.stdin.write(`${command}\n`);
    await this.child.stdin.flush();
    return this.said();
  }

  async flows(): Promise<SeenFlow[]> {
    return (await this.ask('read')) as SeenFlow[];
  }

  async end(): Promise<void> {
    this.child.stdin.write('end\n');
    await this.child.stdin.end();
    await this.child.exited;
  }
}

/** Empty for a file that is no longer there: readdir's own descriptor is listed, and closed since. */
function textUnlessGone(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return '';
  }
}

/** Ids of the programs whose descriptors a process holds. */
function programIdsOf(pid: number | 'self'): number[] {
  const ids: number[] = [];
  for (const name of readdirSync(`/proc/${pid}/fdinfo`)) {
    const id = /^prog_id:\t(\d+)$/m.exec(textUnlessGone(`/proc/${pid}/fdinfo/${name}`))?.[1];
    if (id !== undefined) ids.push(Number(id));
  }
  return ids;
}

/** Those of them that are attached to the root of the control groups. */
function attachedOf(ids: readonly number[]): number[] {
  const { descriptor } = openCgroupRoot();
  const { CGROUP_INET_INGRESS, CGROUP_INET_EGRESS, CGROUP_INET_SOCK_CREATE, CGROUP_INET_SOCK_RELEASE } =
    AttachType;
  const attached: number[] = [];
  for (const type of [
    CGROUP_INET_INGRESS,
    CGROUP_INET_EGRESS,
    CGROUP_INET_SOCK_CREATE,
    CGROUP_INET_SOCK_RELEASE,
  ]) {
    attached.push(...queryPrograms(descriptor, type).ids.filter((id) => ids.includes(id)));
  }
  closeDescriptor(descriptor);
  return attached;
}

/** As getsockname(2) has it in /proc/net/udp. */
function portOf(descriptor: number): number {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[0];
  const line = readFileSync('/proc/net/udp', 'latin1')
    .split('\n')
    .find((one) => one.trim().split(/\s+/)[9] === inode);
  return Number.parseInt(/:([0-9A-F]{4}) /.exec(line ?? '')?.[1] ?? '', 16);
}

const by = (flows: readonly SeenFlow[], tgid: number): SeenFlow[] =>
  flows.filter((flow) => flow.tgid === tgid);

function lineOf(lines: readonly TrafficLine[], role: string): TrafficLine {
  const found = lines.find((line) => line.role === role);
  if (found === undefined) throw new Error(`no line of ${role}`);
  return found;
}

let program: TrafficProgram;
if (obstacle === undefined) {
  beforeAll(() => {
    program = new TrafficProgram();
  });
  afterAll(() => program.close());
}

describe.skipIf(obstacle !== undefined)(`beginning and end (needs root and eBPF${because})`, () => {
  test('a connection from before counts from 0, with its owner, and is not new', async () => {
    const traffic = program.start('held', 4);
    const lines = new LineReader(traffic.stdout);
    const ends = parseLines(`${await lines.next()}\n${await lines.next()}`);
    traffic.stdin.write('send 50000\n');
    await traffic.stdin.flush();
    const before = parseLines(await lines.next())[0]!.retransmitted;
    const accounting = NetworkAccounting.open();
    try {
      const holders = new Map<string, number>();
      accounting.holders((low, high, tgid) => holders.set(`${high}:${low}`, tgid));
      for (const end of ends) expect(holders.get(`0:${end.cookie}`)).toBe(end.pid);
      traffic.stdin.write('send 100000\n');
      await traffic.stdin.flush();
      const retransmitted = parseLines(await lines.next())[0]!.retransmitted - before;
      const client = lineOf(ends, 'client');
      const server = lineOf(ends, 'server');
      let sent: SeenFlow | undefined;
      let received: SeenFlow | undefined;
      do {
        // The acknowledgement of the answer comes late, and may be between the two ends.
        await Bun.sleep(1);
        const flows = readFlows(accounting);
        sent = flows.find((flow) => flow.cookie === client.cookie);
        received = flows.find((flow) => flow.cookie === server.cookie);
      } while (sent?.txPackets !== received?.rxPackets);
      expect(sent).toMatchObject({
        tgid: client.pid,
        uid: 0,
        comm: 'network-traffic',
        isHeld: false,
        isNew: false,
      });
      expect(received).toMatchObject({ tgid: server.pid, isNew: false, rxBytes: sent?.txBytes });
      expect(received?.rxBytes).toBe(100_008 + retransmitted + (received?.rxPackets ?? 0) * 52);
      expect(received?.netns).toBe(sent?.netns);
      expect(received?.netns).not.toBe('0');
    } finally {
      accounting.close();
      traffic.stdin.end();
      await traffic.exited;
    }
  });

  test('a socket made between the list of holders and the counting has its maker, though nobody uses it', () => {
    const holders = SocketHolders.open();
    const SOCK_DGRAM = 2;
    const socket = openSocket(Family.INET, SOCK_DGRAM, 0);
    let listed = 0;
    try {
      holders.visit(() => listed++);
      expect(listed).toBeGreaterThan(0);
      const address = new NativeBuffer(16);
      address.u16[0] = Family.INET;
      const later = openSocket(Family.INET, SOCK_DGRAM, 0);
      // 127.0.0.1, and a port of the kernel's choice, which it then tells.
      address.bytes.set([127, 0, 0, 1], 4);
      expect(bindSocket(later, address, 16)).toBe(0);
      const port = portOf(later);
      const accounting = NetworkAccounting.after(holders);
      const sender = Bun.spawnSync(['bash', '-c', `echo hello > /dev/udp/127.0.0.1/${port}`]);
      expect(sender.success).toBe(true);
      const received = readFlows(accounting).find((flow) => flow.localPort === port && flow.rxBytes > 0);
      expect(received).toMatchObject({ tgid: process.pid, rxBytes: IPV4_HEADER_BYTES + 8 + 6 });
      closeDescriptor(later);
    } finally {
      closeDescriptor(socket);
      holders.close();
    }
  });

  test('a full map: first by process and interface, then as lost; in all, every byte', async () => {
    for (let tries = 1; ; tries++) {
      const accounting = NetworkAccounting.open({ flows: 1, peers: 1, sums: 4096 });
      const tiny = NetworkAccounting.open({ flows: 1, peers: 1, sums: 1 });
      try {
        const lines = await program.run('short', 4, 50, 100);
        if (!isClean(lines) && tries < ATTEMPTS) continue;
        const pids = ['client', 'server'].map((role) => lineOf(lines, role).pid);
        const flows = readFlows(accounting).filter((flow) => pids.includes(flow.tgid));
        const device = lineOf(lines, 'device');
        expect(flows.length).toBeLessThanOrEqual(3);
        expect(flows.some((flow) => flow.cookie === '0' && flow.interfaceIndex === 1)).toBe(true);
        expect(totals(flows)).toMatchObject({ rxBytes: device.rxBytes, txBytes: device.rxBytes });
        for (const pid of pids)
          expect(by(flows, pid).every((flow) => flow.comm === 'network-traffic')).toBe(true);
        readFlows(tiny);
        // Of the whole machine, on which others may send small datagrams meanwhile.
        expect(tiny.lost.packets).toBeGreaterThan(100);
        expect(tiny.lost.bytes).toBeGreaterThanOrEqual(tiny.lost.packets * IPV4_HEADER_BYTES);
        return;
      } finally {
        accounting.close();
        tiny.close();
      }
    }
  });

  test('peers without room are counted with their socket', async () => {
    const accounting = NetworkAccounting.open({ peers: 1 });
    try {
      const lines = await program.run('datagram', 4, 'unconnected', 10, 100, 3);
      const server = lineOf(lines, 'server');
      const flows = by(readFlows(accounting), server.pid);
      const whole = flows.find((flow) => !flow.hasRemoteKey);
      expect(whole).toMatchObject({ cookie: server.cookie, localPort: 7777, remotePort: 0 });
      expect(totals(flows)).toMatchObject({ rxBytes: 3 * 10 * 128, txBytes: 3 * 10 * 38 });
    } finally {
      accounting.close();
    }
  });

  test('a program that another one detaches: what is read then would be too little, and is refused', () => {
    const accounting = NetworkAccounting.open();
    try {
      accounting.begin();
      const attributes = new NativeBuffer(4);
      const results = accounting.handed.kept.map((descriptor) => {
        attributes.u32[0] = descriptor;
        return bpf(LINK_DETACH, attributes, 4);
      });
      expect(results).toContain(0);
      expect(() => accounting.begin()).toThrow(expect.objectContaining({ code: 'DETACHED' }));
    } finally {
      accounting.close();
    }
  });

  test('after close nothing is attached', () => {
    const before = programIdsOf('self');
    const accounting = NetworkAccounting.open();
    const own = programIdsOf('self').filter((id) => !before.includes(id));
    expect(attachedOf(own)).toHaveLength(accounting.parts.release ? 4 : 3);
    accounting.close();
    expect(attachedOf(own)).toEqual([]);
    expect(programIdsOf('self')).toEqual(before);
  });

  test('after SIGKILL nothing is attached', async () => {
    const counter = new Counter();
    expect(await counter.said()).toMatchObject({ scope: expect.any(String) });
    const own = programIdsOf(counter.child.pid);
    expect(attachedOf(own).length).toBeGreaterThanOrEqual(3);
    counter.child.kill('SIGKILL');
    await counter.child.exited;
    // The kernel closes the descriptors of a dead process in its own time.
    const end = performance.now() + 20_000;
    while (attachedOf(own).length > 0 && performance.now() < end) await Bun.sleep(5);
    expect(attachedOf(own)).toEqual([]);
  });
});

describe.skipIf(nobody !== undefined)(`rights (needs root, eBPF and setpriv${becauseNobody})`, () => {
  const withCapabilities = (...names: readonly string[]): Counter => {
    const list = ['-all', ...names.map((name) => `+${name}`)].join(',');
    return new Counter(...AS_NOBODY, `--inh-caps=${list}`, `--ambient-caps=${list}`);
  };

  test('without any: refused with EPERM', async () => {
    const counter = withCapabilities();
    expect(await counter.said()).toMatchObject({ error: { code: 'EPERM' } });
    await counter.child.exited;
  });

  test('CAP_BPF and CAP_NET_ADMIN: packets by who made the socket', async () => {
    const counter = withCapabilities('bpf', 'net_admin');
    expect(await counter.said()).toMatchObject({ lastUser: 'none', seeded: false });
    const lines = await program.run('forking', 4, 2, 20);
    const flows = await counter.flows();
    const listener = by(flows, lineOf(lines, 'listener').pid);
    // The listener and two connections: nobody tells the children.
    expect(totals(listener)).toMatchObject({ flows: 3, txPackets: expect.any(Number) });
    expect(totals(listener).rxBytes + totals(by(flows, lineOf(lines, 'client').pid)).rxBytes).toBe(
      lineOf(lines, 'device').rxBytes,
    );
    await counter.end();
  });

  test('CAP_PERFMON too: everything', async () => {
    const counter = withCapabilities('bpf', 'net_admin', 'perfmon');
    const said = await counter.said();
    const own = NetworkAccounting.open();
    expect(said).toMatchObject({ lastUser: own.parts.lastUser, seeded: own.parts.seeded });
    own.close();
    await counter.end();
  });

  test('all rights given up after opening: it goes on', async () => {
    const counter = new Counter();
    expect(await counter.said()).toMatchObject({ scope: expect.any(String) });
    expect(await counter.ask('drop')).toBe('0000000000000000');
    const lines = await program.run('short', 4, 10, 100);
    const flows = await counter.flows();
    expect(by(flows, lineOf(lines, 'client').pid).length).toBeGreaterThanOrEqual(10);
    expect(await counter.ask('holders')).toBeNumber();
    expect(await counter.ask('remove')).toBeGreaterThanOrEqual(20);
    expect(by(await counter.flows(), lineOf(lines, 'client').pid)).toHaveLength(0);
    await counter.end();
  });
});
