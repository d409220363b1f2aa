import { vethObstacle } from '../../bin/testing/veth-network.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import type { BenchTable } from '../harness.ts';
import { row } from './accuracy-table.ts';
import { compareLoads, watched } from './watched-traffic.ts';

const TITLE =
  'What names cost the traffic: time for the same bytes over loopback beside sstop on ebpf, with names and without, by turns';
/** Names may cost no more on top. */
const BAR = 1.1;
const WITHOUT_NAMES = ['--no-sniff'];

/** Each protocol. Needs root. */
export async function run(): Promise<BenchTable> {
  const obstacle = vethObstacle() ?? tierState('ebpf', tierStates()).obstacle;
  if (obstacle !== undefined) {
    return { title: TITLE, rows: [row('ebpf', undefined, undefined, `skipped: ${obstacle}`)] };
  }
  const rows = await compareLoads(
    (load) => load,
    () => BAR,
    (network, load) => [watched('ebpf', network, load), watched('ebpf', network, load, WITHOUT_NAMES)],
  );
  return { title: TITLE, rows };
}
