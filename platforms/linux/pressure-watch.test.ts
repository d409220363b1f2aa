import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinuxPressureWatch, pressureObstacle } from './pressure-watch.ts';

const obstacle = pressureObstacle();

describe('triggers of pressure', () => {
  test('a kernel that measures none is told in one line', () => {
    const root = mkdtempSync(join(tmpdir(), 'pressure-'));
    expect(pressureObstacle(root)).toContain('does not measure pressure (PSI)');
    const watch = new LinuxPressureWatch(() => undefined, root);
    expect(watch.obstacle).toContain('CONFIG_PSI');
    watch.close();
    rmSync(root, { recursive: true });
  });

  test.skipIf(obstacle !== undefined)(
    `report when more runs than there are cores (needs triggers: ${obstacle ?? 'there are'})`,
    async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watch = new LinuxPressureWatch(resolve);
      const busy = Array.from({ length: navigator.hardwareConcurrency * 3 }, () =>
        Bun.spawn(['sh', '-c', 'while :; do :; done'], { stdin: 'ignore' }),
      );
      try {
        await promise;
      } finally {
        for (const each of busy) each.kill('SIGKILL');
        watch.close();
      }
    },
  );
});
