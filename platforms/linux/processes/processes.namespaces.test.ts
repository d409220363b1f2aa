import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';

const isRoot = process.getuid?.() === 0;
const canChoosePids = isRoot && existsSync('/proc/sys/kernel/ns_last_pid');

const PRELUDE = `
  import { readdirSync, writeFileSync } from 'node:fs';
  import { ProcessCollector } from ${JSON.stringify(`${import.meta.dir}/processes.ts`)};
  import { UNHURRIED } from ${JSON.stringify(`${import.meta.dir}/../testdata/test-slices.fixture.ts`)};
  let micros = 0;
  const collector = new ProcessCollector({ clock: () => micros });
  const { table } = collector;
  const show = (value) => console.log(JSON.stringify(value));
  const spawn = () => Bun.spawn(['sleep', '1000']);
  const end = async (child) => { child.kill('SIGKILL'); await child.exited; };
  /** Until the kernel gives out that very pid: threads of this program may take it first. */
  const spawnAs = async (pid) => {
    for (;;) {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
      const child = spawn();
      if (child.pid === pid) return child;
      await end(child);
    }
  };
`;

/** Runs a script in a pid namespace of its own; what it shows is returned. */
async function inNamespace(command: readonly string[], script: string): Promise<unknown> {
  const child = Bun.spawn([...command, process.execPath, '-e', PRELUDE + script], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [text, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(errors).toBe('');
  return JSON.parse(text);
}

const UNSHARE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

describe.skipIf(!canChoosePids)('pids chosen in a namespace (needs root and ns_last_pid)', () => {
  test('a recycled pid is another process, with another serial and start time', async () => {
    const shown = await inNamespace(
      UNSHARE,
      `
      const first = await spawnAs(5000);
      await collector.collect(UNHURRIED);
      const slot = table.find(5000);
      const before = [table.slots.serial[slot], table.startTicks[slot]];
      await end(first);
      // A start time is counted in hundredths of a second.
      await Bun.sleep(20);
      const second = await spawnAs(5000);
      await collector.collect(UNHURRIED);
      const again = table.find(5000);
      show([again >= 0, table.slots.serial[again] !== before[0], table.startTicks[again] > before[1]]);
      await end(second);`,
    );
    expect(shown).toEqual([true, true, true]);
  });

  test('after a wrap, and after a jump too long to probe, new processes are found at once', async () => {
    const shown = await inNamespace(
      UNSHARE,
      `
      const found = [];
      for (const pid of [5000, 5003, 400, 404, 30000, 300]) {
        await collector.collect(UNHURRIED);
        const child = await spawnAs(pid);
        await collector.collect(UNHURRIED);
        found.push(table.find(pid) >= 0);
        await end(child);
      }
      show(found);`,
    );
    expect(shown).toEqual([true, true, true, true, true, true]);
  });
});

describe.skipIf(!isRoot)('processes that may not be seen (needs root to hide them)', () => {
  test.each(['invisible', 'noaccess'])('under hidepid=%s only the visible ones exist', async (mode) => {
    const shown = await inNamespace(
      [
        ...UNSHARE.slice(0, -1),
        '--mount',
        'sh',
        '-c',
        `mount -t proc -o hidepid=${mode} proc /proc && exec "$@"`,
        'sh',
      ],
      `
      const hidden = spawn();
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      await collector.collect(UNHURRIED);
      const later = Bun.spawn(['sh', '-c', 'exec sleep 1000']);
      // Between fork and exec it cannot be seen.
      while (table.find(later.pid) < 0) {
        micros += 1e6;
        await collector.collect(UNHURRIED);
        await Bun.sleep(2);
      }
      const pids = [...table.slots.rows.subarray(0, table.slots.count)].map((slot) => table.pid[slot]);
      show([pids.includes(hidden.pid), pids.includes(later.pid), pids.every((pid) => table.uid[table.find(pid)] === 65534)]);
      process.exit(0);`,
    );
    expect(shown).toEqual([false, true, true]);
  });
});
