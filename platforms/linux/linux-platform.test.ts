import { expect, test } from 'bun:test';
import { currentPlatform } from '../index.ts';
import { LinuxPlatform } from './linux-platform.ts';
import { openDescriptors, UNHURRIED } from './testdata/test-slices.fixture.ts';

test('this machine is a linux platform', async () => {
  const platform = await currentPlatform();
  expect(platform).toBeInstanceOf(LinuxPlatform);
  expect(platform.userName(0)).toBe('root');
  const before = platform.monotonicMicros();
  expect(platform.monotonicMicros()).toBeGreaterThanOrEqual(before);
});

test('every tier is reported with a reason, best first', async () => {
  const platform = new LinuxPlatform();
  await platform.load('tiers');
  const reports = platform.tierReports();
  expect(reports.map((report) => report.tier)).toEqual(['ebpf', 'netlink', 'packet', 'proc']);
  for (const report of reports) expect(report.detail).not.toBe('');
  expect(reports.at(-1)?.isAvailable).toBe(true);
});

test('a network collector samples, and leaves no descriptor open', async () => {
  const platform = new LinuxPlatform();
  await platform.load('network');
  platform.openNetwork({ tier: 'auto' }).close();
  const before = openDescriptors();
  const network = platform.openNetwork({ tier: 'auto' });
  const sample = await network.collect(UNHURRIED);
  expect(sample.processes.find(process.pid)).toBeGreaterThanOrEqual(0);
  expect(sample.interfaces.slots.count).toBeGreaterThan(0);
  network.close();
  expect([...openDescriptors().difference(before)]).toEqual([]);
});

const isRoot = process.geteuid?.() === 0;
const cannotDropPrivileges = isRoot && Bun.which('setpriv') === null;

test.skipIf(cannotDropPrivileges)(
  'a tier that may not run is refused with what it needs, and leaves no descriptor open (as root it needs setpriv to try)',
  async () => {
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'];
    const asNobody = isRoot ? ['setpriv', ...user] : [];
    const script = `${import.meta.dir}/testdata/refused-tiers.ts`;
    const child = Bun.spawn([...asNobody, process.execPath, script], { stdout: 'pipe', stderr: 'inherit' });
    const refusals: unknown = JSON.parse(await new Response(child.stdout).text());
    expect(refusals).toEqual([
      {
        ...{ tier: 'ebpf', code: 'EPERM', leftOpen: 0 },
        message: expect.stringMatching(
          /^the tier ebpf is not available: .*cap_bpf and cap_net_admin.*--doctor/,
        ),
      },
      {
        ...{ tier: 'packet', code: 'EPERM', leftOpen: 0 },
        message: expect.stringMatching(/^the tier packet is not available: .*cap_net_raw.*--doctor/),
      },
    ]);
  },
);
