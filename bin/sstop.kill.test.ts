import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { FIXTURES, SSTOP } from './testing/executables.ts';
import type { RecycledReport } from './testing/recycled-pid.fixture.ts';

const NAMESPACES = ['unshare', '--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--'];

/** Whether a namespace can be made in which PIDs are chosen. */
function canChoosePids(): boolean {
  if (!existsSync('/proc/sys/kernel/ns_last_pid') || Bun.which('unshare') === null) return false;
  const tried = Bun.spawnSync([...NAMESPACES, 'ip', 'link', 'set', 'lo', 'up'], { stderr: 'ignore' });
  return tried.success;
}

test.skipIf(!canChoosePids())(
  'a PID that another process has got meanwhile is refused, and shown so (needs root, unshare, ip and ns_last_pid)',
  async () => {
    const script = 'ip link set lo up && "$@"; exit $?';
    const inside = [process.execPath, `${FIXTURES}/recycled-pid.fixture.ts`, SSTOP];
    const child = Bun.spawn([...NAMESPACES, 'sh', '-c', script, 'sh', ...inside], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const report: RecycledReport = JSON.parse(await new Response(child.stdout).text());
    expect(report.said).toMatch(/not sent: the PID was reused/);
    expect(report.isNewcomerAlive).toBe(true);
  },
  60_000,
);
