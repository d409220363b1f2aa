import { VethNetwork, vethObstacle } from '../../bin/testing/veth-network.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import { type BenchRow, type BenchTable, compare, comparedRow } from '../harness.ts';
import { row } from './accuracy-table.ts';
import { LOADS, RUNS, watched } from './watched-traffic.ts';

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
    if (reason === undefined) rows.push(...(await pairsOf(tier)));
    else rows.push(row(tier, undefined, undefined, `skipped: ${reason}`));
  }
  return { title: TITLE, rows };
}

async function pairsOf(tier: (typeof TIERS)[number]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name: protocol, bar, move } of LOADS) {
    const name = `${protocol} beside ${tier}`;
    const network = await VethNetwork.open();
    const load = (): Promise<number> => move(network);
    try {
      rows.push(comparedRow(name, await compare(watched(tier, network, load), load, RUNS), bar));
    } catch (thrown) {
      rows.push(row(name, undefined, bar, toOpError('compare', thrown).message));
    } finally {
      await network.close();
    }
  }
  return rows;
}
