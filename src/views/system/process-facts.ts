import type { Pressure } from '../../data/schema/cpu-sample.ts';
import type { GroupWaits } from '../../data/schema/process-detail.ts';
import { ageText, bytesText, rateText } from '../../kit/text/format.ts';
import type { SystemData } from './system-data.ts';

/** A line of the process pane; unknown values are `-`. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for I/O',
  Z: 'zombie',
  T: 'stopped',
  t: 'traced',
  I: 'idle',
  X: 'dead',
};

/** Facts of the process: pairs of figures, and values that need a line of their own. */
export function processFacts(
  data: SystemData,
  user: string,
): { readonly pairs: readonly Fact[]; readonly paths: readonly Fact[] } {
  const process = data.detail?.process;
  if (process === undefined) return { pairs: [], paths: [] };
  const ticks = data.header?.clockTicksPerSecond ?? 100;
  const { reads, writes } = data.detailRates;
  const state = process.state === 0 ? '-' : String.fromCharCode(process.state);
  const parent = process.ppid > 0 ? `${process.ppid} ${data.detail?.parentName ?? ''}` : '-';
  const micros = (count: number): string => ageText((count / ticks) * 1e6);
  const pairs: readonly Fact[] = [
    fact('State', `${STATES[state] ?? state}${niceText(process.nice)}`),
    fact('Parent', parent),
    fact('User', `${user}${idText(process.effectiveUid)}`),
    fact('Group', process.effectiveGid === undefined ? '-' : String(process.effectiveGid)),
    fact('CPU time', `${micros(process.userTicks)} user, ${micros(process.systemTicks)} system`),
    fact('Descriptors', process.descriptorCount === undefined ? '-' : String(process.descriptorCount)),
    fact('Resident', bytesText(process.residentBytes)),
    fact('Shared', bytesText(process.sharedBytes ?? Number.NaN)),
    fact('Virtual', bytesText(process.virtualBytes ?? Number.NaN)),
    fact('Swapped', bytesText(process.swappedBytes ?? Number.NaN)),
    fact('Read', ioText(reads.last, process.readBytes)),
    fact('Written', ioText(writes.last, process.writtenBytes)),
  ];
  const paths = [
    fact('Directory', process.workingDirectory ?? '-'),
    fact('Executable', process.executablePath ?? '-'),
    fact('Cgroup', process.cgroup ?? '-'),
    ...(process.groupWaits === undefined ? [] : [fact('Its waits', groupText(process.groupWaits))]),
  ];
  return { pairs, paths };
}

/** `CPU 12.0 %, memory 0.0 %, I/O 3.1 %; throttled in 4 of 90 periods, 2s; memory: 3 high, 0 max, 1 killed`. */
function groupText(waits: GroupWaits): string {
  const { periods = 0, throttledPeriods, throttledMicros = 0, memoryHighs, memoryMaxes, memoryKills } = waits;
  const stall = (pressure: Pressure | undefined): string => {
    const percent = pressure?.some?.avg10 ?? Number.NaN;
    return Number.isNaN(percent) ? '-' : `${percent.toFixed(1)} %`;
  };
  const { cpuPressure, memoryPressure, ioPressure } = waits;
  const parts = [`CPU ${stall(cpuPressure)}, memory ${stall(memoryPressure)}, I/O ${stall(ioPressure)}`];
  if (throttledPeriods !== undefined) {
    const time = throttledPeriods > 0 ? `, ${ageText(throttledMicros)}` : '';
    parts.push(`throttled in ${throttledPeriods} of ${periods} periods${time}`);
  }
  if (memoryKills !== undefined) {
    parts.push(`memory: ${memoryHighs ?? '-'} high, ${memoryMaxes ?? '-'} max, ${memoryKills} killed`);
  }
  return parts.join('; ');
}

function fact(label: string, value: string): Fact {
  return { label, value };
}

function idText(uid: number | undefined): string {
  return uid === undefined ? '' : ` (${uid})`;
}

/** Nice value; '': unknown. */
function niceText(nice: number | undefined): string {
  return nice === undefined ? '' : `, nice ${nice}`;
}

/** `1.2 MB/s, 3.4 GB total`; `-` if not permitted. */
function ioText(rate: number, total: number | undefined): string {
  if (total === undefined) return '-';
  return `${rateText(rate)}, ${bytesText(total)} total`;
}
