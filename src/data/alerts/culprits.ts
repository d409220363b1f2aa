import type { ProcessTraffic } from '../query/owner-rates.ts';
import { machinePercent, type ProcessRates } from '../rates/process-rates.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import type { OwnerTable } from '../sample/network-section.ts';
import type { ProcessTable } from '../sample/process-table.ts';
import { type AlertUnit, CULPRITS_MOST, type Culprit } from '../schema/alerts-section.ts';
import type { Blame } from './alert-rule.ts';

/** What the figure of a culprit is, by what is blamed. */
export const BLAME_UNITS: Readonly<Record<Blame, AlertUnit>> = {
  cpu: 'percent',
  memory: 'bytes',
  storage: 'rate',
  network: 'rate',
  children: 'number',
};

/** The figure of one process by its slot; NaN unknown. */
type FigureOf = (slot: number) => number;

/** The processes with the greatest figures, greatest first; those with an unknown one or 0 are left out. */
export function greatest(
  {
    slots,
    pid,
    names,
  }: Pick<ProcessTable, 'slots' | 'pid' | 'names'> | Pick<OwnerTable, 'slots' | 'pid' | 'names'>,
  figureOf: FigureOf,
): readonly Culprit[] {
  const found: Culprit[] = [];
  for (let i = 0; i < slots.count; i++) {
    const slot = slots.rows[i]!;
    const value = figureOf(slot);
    if (!(value > 0)) continue;
    if (found.length === CULPRITS_MOST && value <= found[CULPRITS_MOST - 1]!.value) continue;
    const after = found.findIndex((one) => one.value < value);
    found.splice(after < 0 ? found.length : after, 0, { pid: pid[slot]!, name: names[slot]!, value });
    if (found.length > CULPRITS_MOST) found.pop();
  }
  return found;
}

/** The figure that culprits are named by, in the unit of BLAME_UNITS. Borrowed with the section. */
export function blamedFigure(
  blame: Blame,
  section: MachineProcesses,
  rates: ProcessRates,
  traffic: ProcessTraffic,
): FigureOf {
  const { processes, coreCount } = section;
  switch (blame) {
    case 'cpu':
      return (slot) => machinePercent(rates.cpu.corePercent[slot]!, coreCount);
    case 'memory':
      return (slot) => processes.rssBytes[slot]!;
    case 'storage':
      return (slot) => rates.usage.read.raw[slot]! + rates.usage.written.raw[slot]!;
    case 'network':
      return (slot) => traffic.rateOf(processes.pid[slot]!, processes.startTicks[slot]!);
    case 'children':
      return childrenOf(processes);
  }
}

const INIT = 1;
/** Parent of all kernel threads (kernel/kthread.c). */
const KERNEL_PARENT = 'kthreadd';

/** How many children each process has; 0 for those that adopt or have the kernel's own, which explains nothing. */
function childrenOf({ slots, pid, ppid, names }: ProcessTable): FigureOf {
  const counts = new Map<number, number>();
  for (let i = 0; i < slots.count; i++) {
    const parent = ppid[slots.rows[i]!]!;
    counts.set(parent, (counts.get(parent) ?? 0) + 1);
  }
  return (slot) => (pid[slot] === INIT || names[slot] === KERNEL_PARENT ? 0 : (counts.get(pid[slot]!) ?? 0));
}
