import { monotonicMicros } from '../../../../platforms/linux/clock.ts';
import { NetlinkSockets } from '../../../../platforms/linux/sockets/sockets-netlink.ts';
import { startFloor, startLoad } from '../../../build-floors.ts';
import {
  type BenchRow,
  type BenchTable,
  compare,
  comparedRow,
  inProcess,
  WHOLE_SLICE,
} from '../../../harness.ts';

const SOCKET_COUNTS = [1_000, 20_000];
const HOLDERS = 16;
const BAR = 1.15;
/** A monitor has run for a while: its code is compiled, every socket has its row. */
const DUMPS_BEFORE = 60;
/** Cold caches, as a monitor at 1 Hz finds them: ours and the floor's by turns. */
const PAUSE_MILLIS = 200;

/** The netlink tier's dump into the socket table, closings drained, beside C that makes the same system calls. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const count of SOCKET_COUNTS) rows.push(await dump(count));
  return { title: 'socket dump; floor: C making the same netlink calls, keeping nothing', rows };
}

async function dump(sockets: number): Promise<BenchRow> {
  const load = await startLoad('tcp-pairs', [sockets / 2, HOLDERS]);
  const floor = startFloor('sock-diag');
  // Time stands still after the first dump, so that the rarer one of listeners and UDP sockets is not due again.
  const start = monotonicMicros();
  const source = new NetlinkSockets(() => start);
  source.hearClosings();
  try {
    const collect = (): Promise<void> => source.collect(WHOLE_SLICE);
    for (let i = 0; i < DUMPS_BEFORE; i++) await collect();
    const compared = await compare(inProcess(collect), floor.probe, { pauseMillis: PAUSE_MILLIS });
    const seen = source.rows.table.slots.count;
    return comparedRow(`socket dump, ${sockets} sockets`, compared, BAR, `${seen} rows`);
  } finally {
    source.close();
    floor.close();
    await load.close();
  }
}
