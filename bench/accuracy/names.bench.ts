import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { SSTOP } from '../../bin/testing/executables.ts';
import { linesOf } from '../../bin/testing/traffic.ts';
import { VethNetwork, vethObstacle } from '../../bin/testing/veth-network.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import { clientHello, tlsRecords } from '../../platforms/linux/names/asked-bytes.fixture.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import { loadExecutable } from '../build-floors.ts';
import { type BenchRow, type BenchTable, comparedRow, quantile, summary } from '../harness.ts';
import { WatchedProgram } from '../programs/watched-program.ts';
import { row } from './accuracy-table.ts';
import { compareLoads, watched } from './watched-traffic.ts';

const TITLE =
  'What names cost beside sstop on ebpf, with names and without, by turns: time for the same bytes over loopback; CPU of sstop itself';
/** Names may cost no more on top. */
const BAR = 1.1;
const WITHOUT_NAMES = ['--no-sniff'];

/** New connections a second, each with a ClientHello of the length that RFC 7685 pads to. */
const CONNECTIONS = 300;
const HELLO_BYTES = 517;
const NAMES = 10;
/** Open for a tenth of a second each. */
const KEPT = 30;
const LOAD_SECONDS = 600;
/** Until the runtime has compiled what runs once a second: a monitor stays on for hours. */
const WARM_UP_MILLIS = 60_000;
const WINDOW_MILLIS = 5000;
const WINDOWS = 24;

/** Each protocol, and sstop itself. Needs root. */
export async function run(): Promise<BenchTable> {
  const obstacle = vethObstacle() ?? tierState('ebpf', tierStates()).obstacle;
  if (obstacle !== undefined) {
    return { title: TITLE, rows: [row('ebpf', undefined, undefined, `skipped: ${obstacle}`)] };
  }
  const itself = await measureItself();
  const rows = await compareLoads(
    (load) => load,
    () => BAR,
    (network, load) => [watched('ebpf', network, load), watched('ebpf', network, load, WITHOUT_NAMES)],
  );
  return { title: TITLE, rows: [itself, ...rows] };
}

/** CPU of windows that both run through at the same time, each on a terminal of its own. */
async function measureItself(): Promise<BenchRow> {
  const network = await VethNetwork.open();
  const home = mkdtempSync(`${tmpdir()}/names-bench-`);
  const load = Bun.spawn(network.command('near', [loadExecutable('churner'), ...loadArguments()]), {
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  });
  const programs: WatchedProgram[] = [];
  try {
    const { value } = await linesOf(load.stdout).next();
    if (value?.startsWith('ready') !== true) {
      throw new OpError({ op: 'start', code: 'LOAD', message: `churner did not start: ${value}` });
    }
    for (const more of [[], WITHOUT_NAMES]) {
      const sstop = [SSTOP, '--backend', 'ebpf', '--interval', '1s', '--loopback', ...more];
      programs.push(new WatchedProgram(network.command('near', sstop), home));
    }
    for (const program of programs) await program.untilShown(/churn-client/);
    await Bun.sleep(WARM_UP_MILLIS);
    const pairs: (readonly [number, number])[] = [];
    for (let window = 0; window < WINDOWS; window++) pairs.push(await cpuOfWindow(programs));
    const ratio = quantile(
      pairs.map(([ours, floor]) => ours / floor),
      0.5,
    );
    const compared = { ours: summary(pairs.map(([ours]) => ours)), floor: summary(pairs.map((p) => p[1])) };
    return comparedRow(`sstop, ${CONNECTIONS} connections a second (CPU)`, { ...compared, ratio }, BAR);
  } finally {
    for (const { pty } of programs) await pty.close();
    load.kill('SIGTERM');
    await load.exited;
    rmSync(home, { recursive: true });
    await network.close();
  }
}

/** Microseconds a second of the one with names, and of the one without. */
async function cpuOfWindow(programs: readonly WatchedProgram[]): Promise<readonly [number, number]> {
  const before = programs.map((program) => program.cpuMicros());
  const from = performance.now();
  await Bun.sleep(WINDOW_MILLIS);
  const seconds = (performance.now() - from) / 1000;
  const [ours, floor] = programs.map((program, i) => (program.cpuMicros() - before[i]!) / seconds);
  return [ours!, floor!];
}

function loadArguments(): readonly string[] {
  const hellos = Array.from({ length: NAMES }, (_, i) => {
    const hello = { name: `service-${i}.example.org`, alpn: ['h2', 'http/1.1'] };
    const paddingBytes = HELLO_BYTES - tlsRecords(clientHello({ ...hello, paddingBytes: 1 })).length + 1;
    return tlsRecords(clientHello({ ...hello, paddingBytes })).toHex();
  });
  return [...[CONNECTIONS, LOAD_SECONDS, KEPT, HELLO_BYTES].map(String), ...hellos];
}
