import { ProcessCollector } from '../../../../platforms/linux/processes/processes.ts';
import { startFloor, startLoad } from '../../../build-floors.ts';
import {
  type BenchRow,
  type BenchTable,
  compare,
  comparedRow,
  inProcess,
  WHOLE_SLICE,
} from '../../../harness.ts';

const PROCESS_COUNTS = [300, 3000];
const BAR = 0.25;
/** Ours and the floor's by turns, so each runs once a second. */
const PAUSE_MILLIS = 500;
/** A monitor has run for a while: its code is compiled, every process has been seen. */
const REFRESHES_BEFORE = 200;

/** The process table's refresh at 1 Hz beside C that opens, reads and closes /proc/PID/stat of every process. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const count of PROCESS_COUNTS) rows.push(await refresh(count));
  return { title: 'process table refresh, 1 Hz; floor: C, open/read/close of every /proc/PID/stat', rows };
}

async function refresh(count: number): Promise<BenchRow> {
  const load = await startLoad('idle-processes', [count]);
  const floor = startFloor('pid-stat');
  const collector = new ProcessCollector();
  try {
    const collect = (): Promise<void> => collector.collect(WHOLE_SLICE);
    for (let i = 0; i < REFRESHES_BEFORE; i++) await collect();
    const compared = await compare(inProcess(collect), floor.probe, { pauseMillis: PAUSE_MILLIS });
    const seen = collector.table.slots.count;
    return comparedRow(`process table, ${count} processes`, compared, BAR, `${seen} seen`);
  } finally {
    collector.close();
    floor.close();
    await load.close();
  }
}
