import { type MachineProcesses, ProcessTexts, ProcessUsage } from './machine-processes.ts';
import { ProcessTable } from './process-table.ts';

/** What is told of processes, all by the slots of the table. */
export interface ToldProcesses {
  readonly processes: ProcessTable;
  readonly usage: ProcessUsage;
  readonly texts: ProcessTexts;
}

/** Processes that were copied from a sample, or that another machine or a recording has told of. */
export class ProcessList implements ToldProcesses {
  readonly processes: ProcessTable;
  readonly usage = new ProcessUsage();
  readonly texts = new ProcessTexts();

  /** `limit`: the most processes it may hold. */
  constructor(limit: number) {
    this.processes = new ProcessTable(undefined, limit);
  }

  /** The slot of a process, or -1. A pid that was given to another process is another one. */
  find(pid: number, startTicks: number): number {
    const slot = this.processes.find(pid);
    return slot >= 0 && this.processes.startTicks[slot] === startTicks ? slot : -1;
  }

  /** A slot for a process whose pid the list does not have, with nothing known; -1: the list is full. */
  add(pid: number, startTicks: number): number {
    const { processes, usage, texts } = this;
    const slot = processes.slots.add(pid, 0, 0, 0);
    if (slot < 0) return -1;
    usage.reserve(processes.slots.capacity);
    for (const columns of [processes, usage, texts]) columns.clearRow(slot);
    processes.pid[slot] = pid;
    processes.startTicks[slot] = startTicks;
    return slot;
  }

  /** As `find`; where there is none, one is added, and another process of the pid removed. */
  findOrAdd(pid: number, startTicks: number): number {
    const slot = this.processes.find(pid);
    if (slot < 0) return this.add(pid, startTicks);
    if (this.processes.startTicks[slot] === startTicks) return slot;
    this.remove(slot);
    return this.add(pid, startTicks);
  }

  remove(slot: number): void {
    this.processes.names[slot] = '';
    this.texts.clearRow(slot);
    this.processes.slots.remove(slot);
  }

  /** The list as a section of a machine. Figures that cannot be are unknown. Borrowed. */
  section(facts: Omit<MachineProcesses, keyof ToldProcesses>): MachineProcesses {
    const { processes, usage, texts } = this;
    return {
      ...facts,
      ...{ processes, usage, texts },
      memoryTotalBytes: facts.memoryTotalBytes > 0 ? facts.memoryTotalBytes : Number.NaN,
      coreCount: Math.max(1, facts.coreCount),
      processCount: Math.max(facts.processCount ?? 0, processes.slots.count),
    };
  }
}
