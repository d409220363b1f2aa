import { monotonicMicros } from '../../../../platforms/linux/clock.ts';
import { SocketOwners } from '../../../../platforms/linux/owners/socket-owners.ts';
import { DescriptorScanner } from '../../../../platforms/linux/owners/socket-owners-scan.ts';
import { ProcessCollector } from '../../../../platforms/linux/processes/processes.ts';
import { NetlinkSockets } from '../../../../platforms/linux/sockets/sockets-netlink.ts';
import { OwnerBasis } from '../../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../../src/data/schema/network-columns.ts';
import { startFloor, startLoad } from '../../../build-floors.ts';
import { type BenchRow, type BenchTable, compare, comparedRow, WHOLE_SLICE } from '../../../harness.ts';

/** The bar holds where reading everything hurts. */
const BARS = [
  [300, undefined],
  [3_000, 0.1],
] as const;
const PAIRS = 500;
const HOLDERS = 16;
const CHURN = { perSecond: 20, seconds: 120, kept: 50, bytes: 100 };
const REFRESHES_BEFORE = 40;
/** Ours and the floor's by turns, so each runs once a second and meets twenty new connections, two sockets each. */
const PAUSE_MILLIS = 500;

/** Finding the owners of new sockets at 1 Hz beside C that reads the link of every descriptor of every process. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const [count, bar] of BARS) rows.push(await resolve(count, bar));
  return { title: 'socket to process, 20 new connections a second; floor: C, readlink of every fd', rows };
}

async function resolve(processCount: number, bar: number | undefined): Promise<BenchRow> {
  const loads = [
    await startLoad('idle-processes', [processCount]),
    await startLoad('tcp-pairs', [PAIRS, HOLDERS]),
  ];
  const floor = startFloor('pid-fd');
  const processes = new ProcessCollector();
  const source = new NetlinkSockets(monotonicMicros);
  source.hearClosings();
  const scanner = new DescriptorScanner();
  const watcher = { assigned: () => undefined, orphaned: () => false };
  const owners = new SocketOwners(source.rows, processes, scanner, monotonicMicros, watcher);
  const refresh = async (): Promise<number> => {
    await processes.collect(WHOLE_SLICE);
    await source.collect(WHOLE_SLICE);
    const before = process.cpuUsage();
    await owners.resolve(WHOLE_SLICE);
    const used = process.cpuUsage(before);
    return used.user + used.system;
  };
  try {
    const { perSecond, seconds, kept, bytes } = CHURN;
    loads.push(await startLoad('churner', [perSecond, seconds, kept, bytes]));
    for (let i = 0; i < REFRESHES_BEFORE; i++) await refresh();
    const compared = await compare(refresh, floor.probe, { pauseMillis: PAUSE_MILLIS });
    const name = `socket to process, ${processCount} processes`;
    return comparedRow(name, compared, bar, `${ownedShare(source)} of live sockets owned`);
  } finally {
    scanner.close();
    source.close();
    processes.close();
    floor.close();
    for (const load of loads) await load.close();
  }
}

/** Of the sockets that a process can hold. */
function ownedShare(source: NetlinkSockets): string {
  const { table } = source.rows;
  let live = 0;
  let owned = 0;
  for (let i = 0; i < table.slots.count; i++) {
    const row = table.slots.rows[i]!;
    if (table.state[row] !== TcpState.ESTABLISHED) continue;
    live++;
    if (table.ownerBasis[row] === OwnerBasis.DESCRIPTOR) owned++;
  }
  return `${((owned / live) * 100).toFixed(1)} %`;
}
