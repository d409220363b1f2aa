import type { CpuSample, Pressure } from '../../data/schema/cpu-sample.ts';
import type { UsageRateId } from '../../data/schema/process-columns.ts';

/** What tasks may wait for, with the order of processes that shows who waits for it. */
interface Resource {
  readonly name: string;
  readonly file: 'cpu' | 'memory' | 'io';
  readonly order: UsageRateId;
  pressure(cpu: CpuSample): Pressure | undefined;
}

const RESOURCES: readonly Resource[] = [
  { name: 'CPU', file: 'cpu', order: 'run-delay', pressure: ({ cpuPressure }) => cpuPressure },
  { name: 'memory', file: 'memory', order: 'memory-delay', pressure: ({ memoryPressure }) => memoryPressure },
  { name: 'disk', file: 'io', order: 'block-delay', pressure: ({ ioPressure }) => ioPressure },
];

/** Below it nothing is worth a word, percent. */
const LEAST_PERCENT = 1;

/** The resource that some task has waited for most in the last ten seconds; undefined: the kernel has no PSI. */
function waitedFor(
  cpu: CpuSample | undefined,
): { readonly resource: Resource; readonly percent: number } | undefined {
  let most: { readonly resource: Resource; readonly percent: number } | undefined;
  for (const resource of RESOURCES) {
    const percent = cpu === undefined ? Number.NaN : (resource.pressure(cpu)?.some?.avg10 ?? Number.NaN);
    if (!Number.isNaN(percent) && percent > (most?.percent ?? -1)) most = { resource, percent };
  }
  return most;
}

/** `waiting for disk: 34 % of the time (PSI io)`; where there is little room, `waiting for disk: 34 %`. */
export function waitingText(cpu: CpuSample | undefined, isShort: boolean): string {
  const most = waitedFor(cpu);
  if (most === undefined) return 'waiting for: unknown, no PSI';
  const { resource, percent } = most;
  if (percent < LEAST_PERCENT) return 'waiting for nothing (PSI)';
  const text = `waiting for ${resource.name}: ${Math.round(percent)} %`;
  return isShort ? text : `${text} of the time (PSI ${resource.file})`;
}

/** The order of processes that shows who waits for what the machine waits for; for the processor where that is unknown. */
export function waitingOrder(cpu: CpuSample | undefined): UsageRateId {
  return waitedFor(cpu)?.resource.order ?? 'run-delay';
}
