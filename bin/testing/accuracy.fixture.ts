/**
 * Runs sstop beside loopback traffic of known size and prints one JSON object with both. To be started in a network
 * namespace of its own, so that nothing else is counted.
 *
 *   accuracy.fixture.ts SSTOP long|short
 */
import { linesOf, Traffic, type TrafficReport } from './traffic.ts';

const REPLY_BYTES = 20_000;

/** What a test compares: sstop's last snapshot, and what the two ends really sent. */
export interface AccuracyRun {
  readonly snapshot: { readonly processes: readonly AccuracyRow[]; readonly errors: readonly unknown[] };
  readonly client: TrafficReport;
  readonly server: TrafficReport;
}

export interface AccuracyRow {
  readonly pid: number | null;
  readonly name: string;
  readonly cum_up: number;
  readonly cum_down: number;
  readonly inferred: boolean;
  readonly inferred_up?: number;
  readonly inferred_down?: number;
}

const [sstop = '', mode = ''] = process.argv.slice(2);
const server = new Traffic('serve', REPLY_BYTES);
const port = await server.nextLine();
const monitor = Bun.spawn([sstop, '--json', '--loopback', '--backend', 'netlink', '--interval', '250ms'], {
  stdin: 'ignore',
  stdout: 'pipe',
  stderr: 'inherit',
});
const lines = linesOf(monitor.stdout);
// The first line comes after the baseline: from here on everything is counted.
let snapshot = (await lines.next()).value ?? '';
let count = 1;
let awaited: { readonly count: number; resolve(): void } | undefined;

/** Reads on, so that the newest line is always the one at hand. */
async function follow(): Promise<void> {
  for await (const line of lines) {
    snapshot = line;
    count++;
    if (awaited !== undefined && count >= awaited.count) awaited.resolve();
  }
}

/** Two more snapshots: the one under way may have begun before. */
async function twoLooks(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  awaited = { count: count + 2, resolve };
  await promise;
}

const followed = follow();
const client =
  mode === 'long'
    ? new Traffic('send', port, 4, 12_500_000, 1500)
    : new Traffic('churn', port, 200, 3000, 7000);
if (mode === 'long') {
  await client.nextLine();
  // On a busy machine sstop may not have looked since the connections were opened.
  await twoLooks();
}
const clientReport = await client.report();
server.process.kill('SIGTERM');
const serverReport = await server.report();
await twoLooks();
monitor.kill('SIGTERM');
await followed;
const run: AccuracyRun = { snapshot: JSON.parse(snapshot), client: clientReport, server: serverReport };
process.stdout.write(`${JSON.stringify(run)}\n`);
