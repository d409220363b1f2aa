import { describe, expect, test } from 'bun:test';
import { accessSync, constants } from 'node:fs';
import type { AccuracyRow, AccuracyRun } from './testing/accuracy.fixture.ts';
import { FIXTURES, SSTOP } from './testing/executables.ts';
import { namespaceObstacle } from './testing/traffic.ts';

/** What is sent may be shown wrong by so much. */
const TOLERANCE = 0.001;
const WRONG_SHARE_MAX = 0.01;
const SERVED_MISSED_MAX = 0.02;
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `; here it ${reason}`;
}

const obstacle = namespaceObstacle();
const nobodyObstacle = obstacle ?? otherUserObstacle();

function otherUserObstacle(): string | undefined {
  try {
    accessSync(process.execPath, constants.R_OK);
    const tried = Bun.spawnSync([
      ...NOBODY,
      'test',
      '-x',
      process.execPath,
      '-a',
      '-r',
      `${FIXTURES}/traffic.ts`,
    ]);
    return tried.success ? undefined : 'needs setpriv(1) and a checkout that other users may read';
  } catch {
    return 'needs setpriv(1)';
  }
}

/** Both ends and sstop, alone in a network namespace. */
async function runBeside(mode: 'long' | 'short', as: readonly string[]): Promise<AccuracyRun> {
  const inside = [...as, process.execPath, `${FIXTURES}/accuracy.fixture.ts`, SSTOP, mode];
  const script = 'ip link set lo up && exec "$@"';
  const child = Bun.spawn(['unshare', '--net', 'sh', '-c', script, 'sh', ...inside], {
    cwd: '/',
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
    env: { ...process.env, HOME: '/dev/null' },
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text);
}

function expectClose(shown: number, truth: number): void {
  expect(Math.abs(shown - truth)).toBeLessThanOrEqual(truth * TOLERANCE);
}

function rowOf(run: AccuracyRun, pid: number): AccuracyRow | undefined {
  return run.snapshot.processes.find((row) => row.pid === pid);
}

function expectLongConnections(run: AccuracyRun): void {
  const { client, server } = run;
  expectClose(rowOf(run, client.pid)?.cum_up ?? 0, client.sentBytes);
  expectClose(rowOf(run, client.pid)?.cum_down ?? 0, client.receivedBytes);
  expectClose(rowOf(run, server.pid)?.cum_down ?? 0, server.receivedBytes);
  expectClose(rowOf(run, server.pid)?.cum_up ?? 0, server.sentBytes);
}

/** Every byte is on some row; how many of them on the right one, and how, is printed. */
function expectShortConnections(run: AccuracyRun, who: string): void {
  const { client, server, snapshot } = run;
  const sum = (pick: (row: AccuracyRow) => number, of: readonly AccuracyRow[]) =>
    of.reduce((total, row) => total + pick(row), 0);
  const up = (row: AccuracyRow) => row.cum_up;
  expectClose(sum(up, snapshot.processes), client.sentBytes + server.sentBytes);
  expectClose(
    sum((row) => row.cum_down, snapshot.processes),
    client.receivedBytes + server.receivedBytes,
  );
  const truth = client.sentBytes + server.sentBytes;
  const named = snapshot.processes.filter((row) => row.pid !== null);
  const inferred = sum(
    up,
    named.filter((row) => row.inferred),
  );
  const wrong =
    sum(
      up,
      named.filter((row) => row.pid !== client.pid && row.pid !== server.pid),
    ) +
    Math.max(0, (rowOf(run, client.pid)?.cum_up ?? 0) - client.sentBytes) +
    Math.max(0, (rowOf(run, server.pid)?.cum_up ?? 0) - server.sentBytes);
  const percent = (bytes: number) => `${((100 * bytes) / truth).toFixed(1)} %`;
  process.stdout.write(
    `${client.connections} short connections, ${who}: ${percent(sum(up, named))} attributed, ` +
      `${percent(inferred)} on rows with inferred bytes, ${percent(wrong)} wrong\n`,
  );
  expect(wrong).toBeLessThanOrEqual(truth * WRONG_SHARE_MAX);
  // The listener of the port tells the serving end, but for a connection that a dump caught before it was accepted.
  const servedUp = rowOf(run, server.pid)?.cum_up ?? 0;
  expect(server.sentBytes - servedUp).toBeLessThanOrEqual(server.sentBytes * SERVED_MISSED_MAX);
}

describe.skipIf(obstacle !== undefined)(
  `as this user (needs a network namespace${because(obstacle)})`,
  () => {
    test.concurrent('long connections: both ends exact', async () => {
      expectLongConnections(await runBeside('long', []));
    });

    test.concurrent('200 short connections a second: every byte on some row, the serving end its own', async () => {
      expectShortConnections(await runBeside('short', []), 'as this user');
    });
  },
);

describe.skipIf(nobodyObstacle !== undefined)(
  `as an ordinary user (needs a network namespace${because(nobodyObstacle)})`,
  () => {
    test.concurrent('long connections of that user’s own processes: both ends exact', async () => {
      expectLongConnections(await runBeside('long', NOBODY));
    });

    test.concurrent('200 short connections a second: every byte on some row', async () => {
      expectShortConnections(await runBeside('short', NOBODY), 'as an ordinary user');
    });
  },
);
