import { type MachineProcesses, ProcessList } from '../../data/sample/machine-processes.ts';
import type { ProcessChanges } from './process-changes.ts';

/** A process as a test writes it down; what is left out is unknown. */
export interface WrittenProcess {
  readonly pid: number;
  readonly startTicks?: number;
  readonly state?: number;
  readonly threads?: number;
  readonly cpuNanos?: number;
  readonly rssBytes?: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  readonly cpuPercent?: number;
  readonly name?: string;
  readonly user?: string | undefined;
  readonly commandLine?: string | undefined;
}

/** Takes the rows as the next sample. */
export function absorbRows(changes: ProcessChanges, rows: readonly WrittenProcess[]): void {
  const sample = new ProcessList(1 << 18);
  const shares: number[] = [];
  for (const row of rows) {
    const slot = sample.add(row.pid, row.startTicks ?? 0);
    const { processes, usage, texts } = sample;
    processes.state[slot] = row.state ?? 0;
    processes.threads[slot] = row.threads ?? -1;
    processes.cpuNanos[slot] = row.cpuNanos ?? Number.NaN;
    processes.rssBytes[slot] = row.rssBytes ?? Number.NaN;
    usage.readBytes[slot] = row.readBytes ?? Number.NaN;
    usage.writtenBytes[slot] = row.writtenBytes ?? Number.NaN;
    processes.names[slot] = row.name ?? '';
    texts.users[slot] = row.user;
    texts.commandLines[slot] = row.commandLine;
    shares[slot] = row.cpuPercent ?? Number.NaN;
  }
  changes.absorb(changes.sequence + 1, sample, (slot) => shares[slot]!);
}

/** What was received, by pid. */
export function writtenRows({ processes, usage, texts }: MachineProcesses): Map<number, WrittenProcess> {
  const { rows, count } = processes.slots;
  return new Map(
    Array.from(rows.subarray(0, count), (slot) => [
      processes.pid[slot]!,
      {
        ...{ pid: processes.pid[slot]!, startTicks: processes.startTicks[slot]! },
        ...{ state: processes.state[slot]!, threads: processes.threads[slot]! },
        ...{ cpuNanos: processes.cpuNanos[slot]!, rssBytes: processes.rssBytes[slot]! },
        ...{ readBytes: usage.readBytes[slot]!, writtenBytes: usage.writtenBytes[slot]! },
        ...{ name: processes.names[slot]!, user: texts?.users[slot], commandLine: texts?.commandLines[slot] },
      },
    ]),
  );
}
