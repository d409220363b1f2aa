import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttachType, queryPrograms } from '../platforms/linux/bpf/bpf-program.ts';
import { openCgroupRoot } from '../platforms/linux/bpf/cgroup-root.ts';
import { examinePrograms } from '../platforms/linux/doctor/doctor-tiers.ts';
import { canReadWithoutPrivileges } from '../platforms/linux/handed-programs.ts';
import { closeDescriptor } from '../platforms/linux/libc.ts';
import { threadTexts } from '../platforms/linux/testdata/test-slices.fixture.ts';
import { SSTOP } from './testing/executables.ts';
import { objectsOf, objectsOfMachine } from './testing/kernel-objects.ts';
import { linesOf } from './testing/traffic.ts';

const isRoot = process.geteuid?.() === 0;
const canCount = isRoot && examinePrograms().counting === undefined;
const canTellUsers = canCount && examinePrograms().parts?.lastUser !== 'none';

let home = '';

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sstop-privileges-'));
  chmodSync(home, 0o755);
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** As nobody with these capabilities and no others. */
function withCapabilities(...names: readonly string[]): string[] {
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  if (names.length === 0) return ['setpriv', ...user, '--'];
  const set = names.map((name) => `+${name}`).join(',');
  return ['setpriv', ...user, '--inh-caps', set, '--ambient-caps', set, '--'];
}

async function outcomeOf(command: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' };
  const child = Bun.spawn([...command], { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [exitCode, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode, stdout, stderr };
}

async function snapshotOf(prefix: readonly string[], ...options: readonly string[]) {
  const outcome = await outcomeOf([...prefix, SSTOP, '--json', '--once', '--interval', '100ms', ...options]);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  return JSON.parse(outcome.stdout);
}

describe.skipIf(!isRoot)('the tier is what the privileges allow (needs root)', () => {
  test('none: netlink, TCP payload alone, without an error', async () => {
    const snapshot = await snapshotOf(withCapabilities());
    expect(snapshot).toMatchObject({ backend: 'netlink', counted: 'payload', errors: [] });
    expect(snapshot.parts).toMatchObject({ tcp: 'tcp_info', udp: 'none', processes: 'proc', exited: false });
  });

  test('cap_net_raw: netlink with UDP by its packets', async () => {
    const snapshot = await snapshotOf(withCapabilities('net_raw'));
    expect(snapshot).toMatchObject({ backend: 'netlink', counted: 'payload', errors: [] });
    expect(snapshot.parts).toMatchObject({ tcp: 'tcp_info', udp: 'packets' });
  });

  test.skipIf(!canCount)('cap_bpf and cap_net_admin: ebpf by who opened a socket (needs eBPF)', async () => {
    const snapshot = await snapshotOf(withCapabilities('bpf', 'net_admin'));
    expect(snapshot).toMatchObject({ backend: 'ebpf', counted: 'l3', errors: [] });
    expect(snapshot.parts).toMatchObject({ tcp: 'ebpf', udp: 'ebpf', owners: 'creator', exited: false });
  });

  test.skipIf(!canTellUsers)(
    'with cap_perfmon: by the last user, exits seen (needs eBPF and BTF)',
    async () => {
      const snapshot = await snapshotOf(withCapabilities('bpf', 'net_admin', 'perfmon'));
      expect(snapshot).toMatchObject({ backend: 'ebpf', counted: 'l3', errors: [] });
      expect(snapshot.parts).toMatchObject({ owners: 'last user', exited: true, scope: 'machine' });
    },
  );

  test('a tier asked for by name that cannot run says what it lacks, with exit code 1', async () => {
    const ebpf = await outcomeOf([...withCapabilities(), SSTOP, '--json', '--once', '--backend', 'ebpf']);
    expect(ebpf).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ebpf.stderr).toMatch(/^sstop: [^\n]*ebpf[^\n]*cap_bpf[^\n]*\n$/);
    const packet = await outcomeOf([...withCapabilities(), SSTOP, '--json', '--once', '--backend', 'packet']);
    expect(packet).toMatchObject({ exitCode: 1, stdout: '' });
    expect(packet.stderr).toMatch(/^sstop: [^\n]*packet[^\n]*cap_net_raw[^\n]*\n$/);
  });

  test('--doctor names the tier and what is missing at every step', async () => {
    const taken = async (...names: readonly string[]) => {
      const outcome = await outcomeOf([...withCapabilities(...names), SSTOP, '--doctor', '--json']);
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
      const { tier, programs } = JSON.parse(outcome.stdout);
      return { tier, ring: programs.ring };
    };
    expect(await taken()).toEqual({ tier: 'netlink', ring: 'EPERM' });
    expect(await taken('net_raw')).toEqual({ tier: 'netlink', ring: 'ok' });
    if (canCount) expect(await taken('bpf', 'net_admin')).toEqual({ tier: 'ebpf', ring: 'EPERM' });
  });
});

/** Capabilities that are permitted to a process's threads, each set once; 16 hexadecimal digits. */
function permittedTo(pid: number): readonly string[] {
  const statuses = threadTexts(pid, 'status').values();
  return [...new Set(Array.from(statuses, (status) => /^CapPrm:\t(\w+)$/m.exec(status)?.[1] ?? ''))];
}

/** Sends so many bytes over loopback, from this process to itself. */
async function sendBytes(bytes: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = 0;
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: (socket, data) => {
        received += data.length;
        if (received === bytes) resolve();
        socket.end();
      },
    },
  });
  const client = await Bun.connect({ hostname: '127.0.0.1', port: listener.port, socket: { data() {} } });
  client.write(new Uint8Array(bytes));
  await promise;
  client.end();
  listener.stop(true);
}

const DAC_OVERRIDE_ALONE = '0000000000000002';
const NONE = '0000000000000000';
const SENT_BYTES = 1000;
/** In the form of a handover, but descriptor 3 is no map. */
const FORGED_DESCRIPTORS = JSON.stringify({
  accounting: {
    maps: { storage: 3, flows: 3, peers: 3, sums: 3, lost: 3 },
    holders: null,
    kept: [],
    parts: { lastUser: 'none', seeded: true, release: false, scope: 'machine' },
  },
  tasks: null,
  exits: null,
});

describe.skipIf(!canTellUsers || !canReadWithoutPrivileges())(
  'a stream on the tier ebpf has no privilege once it is set up (needs root, eBPF and Linux 6.1)',
  () => {
    test.each([
      ['an ordinary user with capabilities', withCapabilities('bpf', 'net_admin', 'perfmon', 'kill'), NONE],
      ['root, but for other users’ files', [], DAC_OVERRIDE_ALONE],
    ] as const)('%s: in no thread, and it goes on counting', async (_who, prefix, left) => {
      const child = Bun.spawn([...prefix, SSTOP, '--json', '--interval', '100ms', '--loopback'], {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
        env: { PATH: process.env['PATH'] ?? '', HOME: home },
      });
      try {
        const lines = linesOf(child.stdout);
        expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({ backend: 'ebpf', errors: [] });
        expect(permittedTo(child.pid)).toEqual([left]);
        await sendBytes(SENT_BYTES);
        for await (const line of lines) {
          const { processes, parts, errors } = JSON.parse(line);
          expect({ parts, errors }).toMatchObject({ parts: { processes: 'ebpf', exited: true }, errors: [] });
          const own = processes.find((row: { pid: number | null }) => row.pid === process.pid);
          if (own?.cum_up >= SENT_BYTES) break;
        }
        expect(permittedTo(child.pid)).toEqual([left]);
      } finally {
        child.kill('SIGTERM');
        await child.exited;
      }
    });

    test.each([
      ['names too little', '{"accounting":{"maps":{}}}'],
      ['names what is no map', FORGED_DESCRIPTORS],
    ])('a text in the environment that %s is not believed', async (_what, forged) => {
      const prefix = withCapabilities('bpf', 'net_admin', 'perfmon', 'kill');
      const child = Bun.spawn([...prefix, SSTOP, '--json', '--interval', '100ms'], {
        env: { PATH: process.env['PATH'] ?? '', HOME: home, SSTOP_HANDED: forged },
        stdio: ['ignore', 'pipe', 'inherit', Bun.file('/dev/null')],
      });
      try {
        const lines = linesOf(child.stdout);
        expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({ backend: 'ebpf', errors: [] });
        expect(permittedTo(child.pid)).toEqual([NONE]);
      } finally {
        child.kill('SIGTERM');
        expect(await child.exited).toBe(143);
      }
    });
  },
);

/** An RCU grace period and the kernel's workers, on a loaded machine. */
const PATIENCE_MILLIS = 15_000;
const LIMIT_MILLIS = 60_000;

describe.skipIf(!canCount)('what was loaded is gone with the program (needs root and eBPF)', () => {
  const attachments = (): readonly number[] => {
    const { descriptor } = openCgroupRoot();
    const { CGROUP_INET_INGRESS, CGROUP_INET_EGRESS, CGROUP_INET_SOCK_CREATE, CGROUP_INET_SOCK_RELEASE } =
      AttachType;
    try {
      return [CGROUP_INET_INGRESS, CGROUP_INET_EGRESS, CGROUP_INET_SOCK_CREATE, CGROUP_INET_SOCK_RELEASE]
        .flatMap((type) => queryPrograms(descriptor, type).ids)
        .sort();
    } finally {
      closeDescriptor(descriptor);
    }
  };

  /** Other programs may come and go meanwhile: only those that this one has descriptors of count. */
  async function leftBy(end: (child: Bun.Subprocess) => void): Promise<readonly string[]> {
    const child = Bun.spawn([SSTOP, '--json', '--interval', '100ms', '--backend', 'ebpf'], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const reader = child.stdout.getReader();
    await reader.read();
    const objects = objectsOf(child.pid);
    const during = attachments().filter((id) => objects.has(`prog ${id}`));
    expect(during.length).toBeGreaterThanOrEqual(3);
    for (const kind of ['prog', 'map', 'link']) expect([...objects].join()).toContain(`${kind} `);
    const listed = objectsOfMachine();
    expect([...objects].filter((object) => !listed.has(object))).toEqual([]);
    end(child);
    await child.exited;
    reader.releaseLock();
    return remaining(during, objects);
  }

  /** What of it is still attached or there; the kernel frees links and programs a moment later. */
  async function remaining(ids: readonly number[], objects: ReadonlySet<string>): Promise<readonly string[]> {
    for (const deadline = performance.now() + PATIENCE_MILLIS; ; await Bun.sleep(10)) {
      const attached = new Set(attachments());
      const left = [
        ...ids.filter((id) => attached.has(id)).map((id) => `attached ${id}`),
        ...[...objectsOfMachine()].filter((object) => objects.has(object)),
      ];
      if (left.length === 0 || performance.now() > deadline) return left;
    }
  }

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s',
    async (signal) => {
      expect(await leftBy((child) => child.kill(signal))).toEqual([]);
    },
    LIMIT_MILLIS,
  );
});
