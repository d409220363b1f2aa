import { VethNetwork, vethObstacle } from '../../bin/testing/veth-network.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { type BenchRow, type BenchTable, compare, comparedRow } from '../harness.ts';
import { row } from './accuracy-table.ts';
import { LOADS, RUNS, watched } from './watched-traffic.ts';

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
  const rows: BenchRow[] = [];
  for (const { name, move } of LOADS) {
    const network = await VethNetwork.open();
    const load = (): Promise<number> => move(network);
    const [ours, without] = [watched('ebpf', network, load), watched('ebpf', network, load, WITHOUT_NAMES)];
    try {
      rows.push(comparedRow(name, await compare(ours, without, RUNS), BAR));
    } catch (thrown) {
      rows.push(row(name, undefined, BAR, toOpError('compare', thrown).message));
    } finally {
      await network.close();
    }
  }
  return { title: TITLE, rows };
}
