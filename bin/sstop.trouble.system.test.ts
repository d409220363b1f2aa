/** Ten minutes on a line that works well. Needs root and /dev/net/tun. */
import { expect, test } from 'bun:test';
import { lineObstacle } from './testing/lossy-network.ts';
import { healthyLine } from './testing/trouble-watch.ts';

const MILLIS = 600_000;
const obstacle = await lineObstacle();
if (obstacle !== undefined) process.stderr.write(`the test of a healthy line is left out: ${obstacle}\n`);

test.skipIf(obstacle !== undefined)(
  'a healthy line raises no alarm in ten minutes (needs root and /dev/net/tun)',
  async () => {
    const { alarms, segments } = await healthyLine(MILLIS);
    process.stdout.write(
      `a healthy line: ${MILLIS / 1000} s, ${segments} segments with data, ${alarms.length} alarms\n`,
    );
    expect(segments).toBeGreaterThan(100_000);
    expect(alarms).toEqual([]);
  },
  MILLIS + 60_000,
);
