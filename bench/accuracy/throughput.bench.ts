import { vethObstacle } from '../../bin/testing/veth-network.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import type { BenchRow, BenchTable } from '../harness.ts';
import { row } from './accuracy-table.ts';
import { compareLoads, watched } from './watched-traffic.ts';

const TITLE =
  'What watching costs the traffic: time for the same bytes over loopback, with sstop and without, by turns';
const TIERS = ['ebpf', 'netlink', 'packet'] as const;

/** Each tier by each protocol. Needs root; sstop refreshes as it does by default. */
export async function run(): Promise<BenchTable> {
  const obstacle = vethObstacle();
  const states = tierStates();
  const rows: BenchRow[] = [];
  for (const tier of TIERS) {
    const reason = obstacle ?? tierState(tier, states).obstacle;
    if (reason === undefined) {
      const named = (load: string): string => `${load} beside ${tier}`;
      rows.push(
        ...(await compareLoads(
          named,
          (bar) => bar,
          (network, load) => [watched(tier, network, load), load],
        )),
      );
    } else rows.push(row(tier, undefined, undefined, `skipped: ${reason}`));
  }
  return { title: TITLE, rows };
}
