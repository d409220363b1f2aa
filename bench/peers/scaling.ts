import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AgentProcess } from '../../bin/testing/agent-process.ts';
import { SOCKTOP, SSTOP } from '../../bin/testing/executables.ts';
import { OriginalClient } from '../../bin/testing/original-client.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { buildFloors, startLoad } from '../build-floors.ts';
import { quantile } from '../harness.ts';
import { familyCpuMillis, oneStart, type StartOptions } from './one-start.ts';
import { inOwnNetwork } from './own-network.ts';
import { type Curve, curvePlot, figure, markdown } from './plot.ts';

/**
 * What one unit more costs, from few to many: processes, sockets, cells of the terminal, clients of an agent. CPU is
 * taken once the code has been compiled; a unit's cost is what the step from the row above costs, by units.
 */

const SELF = fileURLToPath(import.meta.url);
const PLOT = fileURLToPath(new URL('../../docs/performance-scaling.svg', import.meta.url));
/** By then what runs each second is compiled. */
const SETTLED_MILLIS = 6000;
const WINDOW_MILLIS = 8000;
const USUAL = { columns: 200, rows: 60, earlyMillis: SETTLED_MILLIS };
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 48 },
  { columns: 400, rows: 100 },
];
const SOCKETS_PER_PROCESS = 200;
const ASK_MILLIS = 2000;
const CLIENTS_AT_ONCE = 50;
/** Each round measures all points once; the least of them counts, as other work only adds. */
const ROUNDS = 2;
/** The last step may cost so much of what the one before it costs, by units. */
const BAR = 1.1;

const SOCKTOP_COMMAND = [
  ...[SOCKTOP, '--local', '--metrics-interval-ms', '1000', '--processes-interval-ms', '1000'],
];
const SSTOP_COMMAND = [SSTOP, '--loopback', '--no-dns'];

interface Axis {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly number[];
  /** CPU milliseconds per second with so many. */
  measure(count: number): Promise<number>;
}

const home = mkdtempSync(`${tmpdir()}/bench-scaling-`);

async function steadyCpu(command: readonly string[], size: StartOptions = USUAL): Promise<number> {
  const { laterCpuMillis } = await oneStart(command, home, /$^/, SETTLED_MILLIS + WINDOW_MILLIS, size);
  return laterCpuMillis / (WINDOW_MILLIS / 1000);
}

async function withLoad(name: string, args: readonly number[], work: () => Promise<number>): Promise<number> {
  const load = await startLoad(name, args);
  try {
    return await work();
  } finally {
    await load.close();
  }
}

async function withClients(count: number): Promise<number> {
  const agent = await AgentProcess.start({ environment: { SOCKTOP_TOKEN: 'scaling' } });
  const clients: OriginalClient[] = [];
  let isOver = false;
  try {
    while (clients.length < count) {
      const next = Math.min(CLIENTS_AT_ONCE, count - clients.length);
      const opening = Array.from({ length: next }, () =>
        OriginalClient.open(agent.port, { token: 'scaling' }),
      );
      clients.push(...(await Promise.all(opening)));
    }
    const asking = clients.map(async (client) => {
      await Bun.sleep(Math.random() * ASK_MILLIS);
      while (!isOver) {
        await client.receive('get_metrics');
        await Bun.sleep(ASK_MILLIS);
      }
    });
    await Bun.sleep(SETTLED_MILLIS);
    const before = familyCpuMillis(agent.pid);
    await Bun.sleep(WINDOW_MILLIS);
    const spent = familyCpuMillis(agent.pid) - before;
    isOver = true;
    await Promise.all(asking);
    return spent / (WINDOW_MILLIS / 1000);
  } finally {
    for (const client of clients) client.close();
    await agent.close();
  }
}

const AXES: readonly Axis[] = [
  {
    ...{ title: 'socktop, by processes', unit: 'processes' },
    points: [100, 1000, 3000, 10_000],
    measure: (count) => withLoad('idle-processes', [count], () => steadyCpu(SOCKTOP_COMMAND)),
  },
  {
    ...{ title: 'sstop, by sockets', unit: 'sockets' },
    points: [100, 1000, 10_000, 50_000],
    measure: (count) =>
      withLoad('tcp-pairs', [count / 2, Math.ceil(count / SOCKETS_PER_PROCESS)], () =>
        steadyCpu(SSTOP_COMMAND),
      ),
  },
  {
    ...{ title: 'socktop, by cells of the terminal', unit: 'cells' },
    points: SIZES.map(({ columns, rows }) => columns * rows),
    measure: (cells) => {
      const size = SIZES.find(({ columns, rows }) => columns * rows === cells);
      return steadyCpu(SOCKTOP_COMMAND, { ...USUAL, ...size });
    },
  },
  {
    ...{ title: 'socktop-agent, by clients', unit: 'clients' },
    points: [1, 100, 1000, 2000],
    measure: withClients,
  },
];

interface Point {
  readonly x: number;
  readonly y: number;
}

async function measureAxis(axis: Axis): Promise<readonly Point[]> {
  const found: number[][] = axis.points.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, count] of axis.points.entries()) {
      found[at]!.push(await axis.measure(count));
      process.stderr.write(`${axis.title}: ${count} ${axis.unit}: ${figure(found[at]!.at(-1)!)} ms/s\n`);
    }
  }
  return axis.points.map((x, at) => ({ x, y: quantile(found[at]!, 0) }));
}

/** What a unit costs between a point and the one before it, in microseconds of CPU per second. */
function unitMicros(points: readonly Point[], at: number): number {
  const [before, point] = [points[at - 1]!, points[at]!];
  return ((point.y - before.y) / (point.x - before.x)) * 1000;
}

function tableOf({ unit }: Axis, points: readonly Point[]): string {
  const rows = points.map(({ x, y }, at) => [
    `${x} ${unit}`,
    figure(y),
    at === 0 ? '-' : figure(unitMicros(points, at)),
  ]);
  return markdown([['', 'CPU, ms per second', 'one more costs, µs per second'], ...rows]);
}

async function runInside(): Promise<void> {
  buildFloors();
  const [load] = loadavg();
  const curves: Curve[] = [];
  const lines = [
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, linux ${release()}, load ${load?.toFixed(1)} before`,
  ];
  for (const axis of AXES) {
    const points = await measureAxis(axis);
    curves.push({ title: `${axis.title}: CPU, ms per second`, unit: axis.unit, points });
    const ratio = unitMicros(points, points.length - 1) / unitMicros(points, points.length - 2);
    const verdict = ratio <= BAR ? 'met' : 'missed';
    lines.push(
      '',
      `${axis.title}; the last step costs ${figure(ratio)} of the one before, by units (bar ${BAR}, ${verdict})`,
    );
    lines.push('', tableOf(axis, points).trimEnd());
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  writeFileSync(PLOT, curvePlot('What one unit more costs', curves));
}

const args = process.argv.slice(2);
try {
  if (args[0] === '--inside') await runInside();
  else process.exitCode = await inOwnNetwork(SELF, args);
} catch (thrown) {
  process.stderr.write(`${toOpError('bench', thrown).message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
