import { LinuxPlatform } from '../../../../platforms/linux/linux-platform.ts';
import { NetworkRates } from '../../../../src/data/rates/network-rates.ts';
import { LocalSource } from '../../../../src/data/source/local-source.ts';
import { type Load, startLoad } from '../../../build-floors.ts';
import { type BenchRow, type BenchTable, inProcess, measure, measuredRow } from '../../../harness.ts';

/** What stands on the machine while it is watched. */
interface Scene {
  readonly processes: number;
  readonly sockets: number;
}

const SCENES: readonly Scene[] = [
  { processes: 300, sockets: 1_000 },
  { processes: 3_000, sockets: 1_000 },
  { processes: 300, sockets: 20_000 },
];
const HOLDERS = 16;
const CHURN = { perSecond: 20, seconds: 240, kept: 50, bytes: 100 };
const PAUSE_MILLIS = 1_000;
const REFRESHES_BEFORE = 50;

/** One refresh of sstop without the screen, at 1 Hz: processes, sockets, owners, attribution and rates. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const scene of SCENES) rows.push(await refresh(scene));
  return { title: 'whole refresh, 1 Hz, 20 new connections a second', rows };
}

async function refresh(scene: Scene): Promise<BenchRow> {
  const loads: Load[] = [
    await startLoad('idle-processes', [scene.processes - HOLDERS]),
    await startLoad('tcp-pairs', [scene.sockets / 2, HOLDERS]),
    await startLoad('churner', [CHURN.perSecond, CHURN.seconds, CHURN.kept, CHURN.bytes]),
  ];
  const source = new LocalSource(new LinuxPlatform(), { tier: 'netlink' });
  const rates = new NetworkRates();
  let sockets = 0;
  const once = async (): Promise<void> => {
    const { header, network } = await source.sample({ network: true }, Number.POSITIVE_INFINITY);
    if (network === undefined) return;
    rates.update(network, header);
    sockets = network.sockets.slots.count;
  };
  try {
    for (let i = 0; i < REFRESHES_BEFORE; i++) await once();
    const measured = await measure(inProcess(once), { pauseMillis: PAUSE_MILLIS });
    const name = `refresh, ${scene.processes} processes, ${scene.sockets} sockets`;
    return measuredRow(name, measured, `${sockets} sockets seen`);
  } finally {
    source.close();
    for (const load of loads) await load.close();
  }
}
