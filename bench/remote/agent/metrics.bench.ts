import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import { CpuTable } from '../../../src/data/schema/cpu-sample.ts';
import { MetricsPage, type MetricsRequest } from '../../../src/remote/agent/metrics/metrics-page.ts';
import {
  blockDevice,
  cpuSample,
  disksSection,
  fileSystem,
  HEADER,
  interfaceTable,
  machineSection,
  part,
  processSection,
} from '../../../src/remote/agent/metrics/metrics-world.fixture.ts';
import type { MetricsFormat } from '../../../src/remote/agent/metrics/negotiate.ts';
import { type BenchRow, type BenchTable, inProcess, measure, measuredRow } from '../../harness.ts';

const CORES = 16;
/** Of all processes, those that have used the CPU between two scrapes. */
const BUSY_EVERY = 20;
const ITERATIONS = 20;

/** A server of 16 cores; its processes share the names they usually do, or none does. */
function request(processes: MachineProcesses): MetricsRequest {
  const times = new CpuTable();
  for (let core = 0; core < CORES; core++) {
    const row = times.rowOf(core);
    for (const mode of ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const) {
      times[mode][row] = 1e6 + core;
    }
  }
  const names = ['lo', 'eth0', 'docker0', ...Array.from({ length: 8 }, (_, i) => `veth${i}`)];
  const machine = machineSection({
    cpu: part(cpuSample({ times })),
    networks: part(interfaceTable(names)),
  });
  const disks = disksSection({
    devices: ['nvme0n1', 'nvme1n1', 'dm-0', 'dm-1'].map((name) => blockDevice(name)),
    fileSystems: ['/', '/boot', '/home', '/var'].map((path) => fileSystem(path)),
  });
  return {
    snapshot: { header: HEADER, machine, disks, machineProcesses: processes, errors: [] },
    isNetworkWanted: false,
    agent: { version: '1.0.0' },
  };
}

function processes(count: number, distinct: number): MachineProcesses {
  return processSection(
    Array.from({ length: count }, (_, i) => ({
      pid: i + 1,
      name: `worker-${i % distinct}`,
      cpuNanos: i * 1e6,
    })),
  );
}

/** The next sample of the same table. */
function later(section: MachineProcesses, sequence: number): MachineProcesses {
  const { cpuNanos, slots } = section.processes;
  for (let i = 0; i < slots.count; i += BUSY_EVERY) cpuNanos[slots.rows[i]!]! += 3e7;
  return { ...section, sequence, monotonicMicros: sequence * 1e6 };
}

/** CPU of a page of /metrics from sections that are there: the collectors' own cost is not in it. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const [count, distinct] of [
    [300, 100],
    [3000, 100],
    [3000, 3000],
  ] as const) {
    for (const format of ['text', 'openmetrics'] as const) rows.push(await page(count, distinct, format));
  }
  return { title: `a page of /metrics, ${CORES} cores, every ${BUSY_EVERY}th process busy`, rows };
}

async function page(count: number, distinct: number, format: MetricsFormat): Promise<BenchRow> {
  const metrics = new MetricsPage();
  const base = request(processes(count, distinct));
  let section = processes(count, distinct);
  let sequence = 1;
  let bytes = 0;
  const once = (): void => {
    section = later(section, ++sequence);
    const snapshot = { ...base.snapshot, machineProcesses: section };
    bytes = metrics.encode({ ...base, snapshot }, format).length;
  };
  once();
  const measured = await measure(inProcess(once, ITERATIONS));
  return measuredRow(`${count} processes, ${distinct} names, ${format}`, measured, `${bytes} bytes`);
}
