import { CASES, type TrafficCase } from '../../bin/testing/veth-cases.ts';
import { type Monitor, SstopMonitor } from '../../bin/testing/veth-monitor.ts';
import { type VethNetwork, vethObstacle } from '../../bin/testing/veth-network.ts';
import { type Session, watch } from '../../bin/testing/veth-session.ts';
import { tierState, tierStates } from '../../bin/testing/veth-tiers.ts';
import { type RowSum, rowSumOf, type Verdict, verdictsOf } from '../../bin/testing/veth-verdict.ts';
import { toOpError } from '../../src/kit/errors/op-error.ts';
import type { BenchRow, BenchTable } from '../harness.ts';
import { accuracyRows, accuracyTable, row } from './accuracy-table.ts';
import { NethogsMonitor, nethogsObstacle } from './nethogs.ts';

const TITLE =
  'Bytes of processes on both ends of a veth pair, segmentation offloaded: error in % of the truth (ratio), bar in %';
const TIERS = ['ebpf', 'netlink', 'packet'] as const;

/** All that is written beside the rows. */
interface AccuracyTable extends BenchTable {
  readonly verdicts: readonly Verdict[];
  readonly sums: readonly RowSum[];
}

/** A program that counts, and how to start it. */
interface Program {
  readonly name: string;
  readonly obstacle: string | undefined;
  start(network: VethNetwork): Promise<Monitor>;
}

function programs(): Program[] {
  const states = tierStates();
  const tiers = TIERS.map((tier) => {
    const { obstacle, countsUdp } = tierState(tier, states);
    const start = (network: VethNetwork): Promise<Monitor> =>
      SstopMonitor.start({ tier, network, countsUdp });
    return { name: tier, obstacle, start };
  });
  return [
    ...tiers,
    { name: 'nethogs', obstacle: nethogsObstacle(), start: (network) => NethogsMonitor.start(network) },
  ];
}

/** What lasts runs at once; what comes and goes has a run of its own, so that nothing else tells who owns it. */
function runs(): (readonly TrafficCase[])[] {
  const brief = CASES.filter(({ lifetime }) => lifetime !== 'long').map((spec) => [spec]);
  return [CASES.filter(({ lifetime }) => lifetime === 'long'), ...brief];
}

/** Every row of a program over all of its runs. */
function total(sums: readonly RowSum[]): RowSum[] {
  const [first] = sums;
  if (first === undefined) return [];
  const add = (pick: (sum: RowSum) => number): number => sums.reduce((soFar, sum) => soFar + pick(sum), 0);
  const truthBytes = add((sum) => sum.truthBytes);
  // Errors of one sign or the other must not make up for each other.
  const share = (percent: (sum: RowSum) => number): number =>
    add((sum) => percent(sum) * sum.truthBytes) / truthBytes;
  return [
    {
      program: first.program,
      truthBytes,
      shownBytes: add((sum) => sum.shownBytes),
      errorPercent: share((sum) => sum.errorPercent),
      foreignPercent: share((sum) => sum.foreignPercent),
      barPercent: first.barPercent === undefined ? undefined : share((sum) => sum.barPercent ?? 0),
    },
  ];
}

/** ebpf, netlink, packet and nethogs, one after the other, each beside the same traffic. Needs root. */
export async function run(): Promise<AccuracyTable> {
  const verdicts: Verdict[] = [];
  const sums: RowSum[] = [];
  const others: BenchRow[] = [];
  const obstacle = vethObstacle();
  for (const program of programs()) {
    const reason = obstacle ?? program.obstacle;
    if (reason !== undefined) {
      others.push(row(program.name, undefined, undefined, `skipped: ${reason}`));
      continue;
    }
    const ofProgram: RowSum[] = [];
    for (const cases of runs()) {
      try {
        const session: Session = await watch(cases, (network) => program.start(network));
        verdicts.push(...verdictsOf(session));
        const rowSum = rowSumOf(session);
        if (rowSum !== undefined) ofProgram.push(rowSum);
      } catch (thrown) {
        const names = cases.map(({ name }) => name).join('; ');
        others.push(row(`${program.name}: ${names}`, undefined, 0, toOpError('watch', thrown).message));
      }
    }
    sums.push(...total(ofProgram));
  }
  process.stdout.write(`\n${accuracyTable(verdicts, sums)}`);
  return { title: TITLE, rows: [...accuracyRows(verdicts, sums), ...others], verdicts, sums };
}
