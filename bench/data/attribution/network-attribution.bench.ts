import { NetworkAttribution } from '../../../src/data/attribution/network-attribution.ts';
import { ProcessRows } from '../../../src/data/query/process-rows.ts';
import { NetworkRates } from '../../../src/data/rates/network-rates.ts';
import { SampleWorld } from '../../../src/data/sample/sample-world.fixture.ts';
import { type BenchRow, type BenchTable, inProcess, measure, measuredRow } from '../../harness.ts';

const SOCKETS = 20_000;
const PROCESSES = 3_000;
const REFRESHES = 40;
const VISIBLE_ROWS = 50;

/** 20,000 connections of 3,000 processes to 12,500 hosts, of which `growing` move bytes in every refresh. */
class Load {
  readonly world = new SampleWorld();
  readonly attribution = new NetworkAttribution({
    commandLine: () => undefined,
    cgroup: () => undefined,
    userName: String,
  });
  readonly rates = new NetworkRates();
  readonly rows = new ProcessRows();
  readonly #growing: readonly number[];
  readonly #window = new Int32Array(VISIBLE_ROWS);

  constructor(growing: number) {
    for (let i = 0; i < PROCESSES; i++) this.world.addProcess(i + 10);
    const sockets: number[] = [];
    for (let i = 0; i < SOCKETS; i++) {
      const remote = `198.51.${i % 50}.${i % 250}`;
      sockets.push(this.world.addSocket({ pid: (i % PROCESSES) + 10, remote, bornBeforeStart: true }));
    }
    this.#growing = sockets.slice(0, growing);
  }

  /** What a refresh costs after the collector: `depth` says how far down the line it goes. */
  refresh(depth: 'attribution' | 'rates' | 'rows'): void {
    for (const slot of this.#growing) this.world.grow(slot, 1000, 2000);
    const section = this.attribution.absorb(this.world.sample());
    if (depth === 'attribution') return;
    this.rates.update(section, this.world.header());
    if (depth === 'rates') return;
    this.rows.build(section, this.rates, { interfaceIndex: undefined, includeLoopback: false });
    this.rows.window({ key: 'rate', isReversed: false }, 0, VISIBLE_ROWS, this.#window);
  }
}

/** CPU of a refresh from owned sockets to the visible rows, without the collector; nothing stands beside it. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const growing of [200, SOCKETS]) {
    for (const depth of ['attribution', 'rates', 'rows'] as const) {
      const load = new Load(growing);
      const measured = await measure(inProcess(() => load.refresh(depth), REFRESHES));
      rows.push(measuredRow(`${depth}, ${growing} of ${SOCKETS} growing`, measured, 'cumulative'));
    }
  }
  return { title: `A refresh after the collector, ${SOCKETS} sockets, ${PROCESSES} processes`, rows };
}
