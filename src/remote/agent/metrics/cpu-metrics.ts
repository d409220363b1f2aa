import { CPU, type CpuSample, type Pressure } from '../../../data/schema/cpu-sample.ts';
import { CPU_MODES, CpuCounters } from './cpu-counters.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { counter, gauge } from './family.ts';
import { encodeLabels, NO_LABELS } from './labels.ts';
import { RecordFamilies } from './record-families.ts';

const SECONDS = counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.', 'seconds');
const FREQUENCY = gauge(
  'node_cpu_scaling_frequency_hertz',
  'Current scaled CPU thread frequency in hertz.',
  'hertz',
);
const FACTS = new RecordFamilies<CpuSample>(CPU);

type Stalling = 'waiting' | 'stalled';

const pressureFamily = (resource: string, kind: Stalling, help: string) =>
  counter(`node_pressure_${resource}_${kind}_seconds_total`, help, 'seconds');

const PRESSURES = [
  {
    waiting: pressureFamily(
      'cpu',
      'waiting',
      'Total time in seconds that processes have waited for CPU time.',
    ),
    stalled: undefined,
    of: (cpu: CpuSample) => cpu.cpuPressure,
  },
  {
    waiting: pressureFamily(
      'memory',
      'waiting',
      'Total time in seconds that processes have waited for memory.',
    ),
    stalled: pressureFamily(
      'memory',
      'stalled',
      'Total time in seconds no process could make progress for want of memory.',
    ),
    of: (cpu: CpuSample) => cpu.memoryPressure,
  },
  {
    waiting: pressureFamily('io', 'waiting', 'Total time in seconds that processes have waited for I/O.'),
    stalled: pressureFamily(
      'io',
      'stalled',
      'Total time in seconds no process could make progress for want of I/O.',
    ),
    of: (cpu: CpuSample) => cpu.ioPressure,
  },
] as const;

const MICROS_DECIMALS = 6;

/** Label sets of one core. */
interface CoreLabels {
  readonly core: Uint8Array;
  readonly modes: readonly Uint8Array[];
}

/** node_exporter's collectors cpu, cpufreq, loadavg, stat and pressure. */
export class CpuMetrics {
  readonly #counters = new CpuCounters();
  /** By row of CpuTable. */
  readonly #labels: CoreLabels[] = [];

  write(writer: ExpositionWriter, cpu: CpuSample): void {
    this.#writeTimes(writer, cpu);
    const { times } = cpu;
    for (let row = 1; row < times.count; row++) {
      writer.sample(FREQUENCY, this.#labelsOf(row).core, times.frequencyHz[row]);
    }
    FACTS.each(writer, (put) => put(NO_LABELS, cpu));
    for (const { waiting, stalled, of } of PRESSURES) {
      const pressure: Pressure | undefined = of(cpu);
      writer.scaled(waiting, NO_LABELS, pressure?.some?.totalMicros, MICROS_DECIMALS);
      if (stalled === undefined) continue;
      writer.scaled(stalled, NO_LABELS, pressure?.full?.totalMicros, MICROS_DECIMALS);
    }
  }

  #writeTimes(writer: ExpositionWriter, { times, ticksPerSecond }: CpuSample): void {
    this.#counters.absorb(times, ticksPerSecond);
    const { highest } = this.#counters;
    for (let row = 1; row < times.count; row++) {
      const { modes } = this.#labelsOf(row);
      for (let i = 0; i < CPU_MODES.length; i++) {
        const ticks = highest[CPU_MODES[i]!][row]!;
        if (ticksPerSecond === 100) writer.scaled(SECONDS, modes[i]!, ticks, 2);
        else writer.sample(SECONDS, modes[i]!, ticks / ticksPerSecond);
      }
    }
  }

  #labelsOf(row: number): CoreLabels {
    const known = this.#labels[row];
    if (known !== undefined) return known;
    const cpu = String(row - 1);
    const modes = CPU_MODES.map((mode) => encodeLabels('cpu', cpu, 'mode', mode));
    const labels = { core: encodeLabels('cpu', cpu), modes };
    this.#labels[row] = labels;
    return labels;
  }
}
