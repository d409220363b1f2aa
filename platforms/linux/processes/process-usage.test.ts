import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { UsageColumn } from '../../../src/data/schema/process-columns.ts';
import { OpError, openIfPossible } from '../../../src/kit/errors/op-error.ts';
import { withoutBpf } from '../bpf/ebpf.fixture.ts';
import { TaskWaits } from '../bpf/task-waits.ts';
import { PAGE_SIZE_BYTES } from '../host.ts';
import { TaskStats } from '../netlink/task-stats.ts';
import { ProcDirectory } from '../proc/proc-directory.ts';
import { restlessSlice } from '../testdata/test-slices.fixture.ts';
import { ProcessUsageReader } from './process-usage.ts';
import { ProcessCollector } from './processes.ts';

type Kernel = NonNullable<NonNullable<ConstructorParameters<typeof ProcessUsageReader>[3]>['kernel']>;

function refuse(): never {
  throw new OpError({ op: 'ask the kernel', code: 'EPERM' });
}

const ITERATOR = { loadIterator: async () => TaskWaits, openStats: refuse };
const STATISTICS = { loadIterator: async () => ({ open: refuse }), openStats: () => new TaskStats() };
const FILES_ALONE = { loadIterator: async () => ({ open: refuse }), openStats: refuse };

const probe = openIfPossible(() => new TaskStats());
probe?.close();
const lacking = {
  iterator: withoutBpf,
  statistics: probe === undefined ? 'no task statistics: CAP_NET_ADMIN is missing' : undefined,
};
for (const reason of Object.values(lacking))
  if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);

const COLUMNS: readonly UsageColumn[] = [
  ...(['runDelayNanos', 'blockDelayNanos', 'memoryDelayNanos', 'majorFaults', 'contextSwitches'] as const),
  ...(['ioCalls', 'readBytes', 'writtenBytes'] as const),
];

/** The figures of this process, of pid 1, and of how many processes the run delay is known. */
async function readBy(kernel: Kernel, want: 'visible' | 'all') {
  const proc = new ProcDirectory('/proc');
  const collector = new ProcessCollector();
  const reader = new ProcessUsageReader(proc, PAGE_SIZE_BYTES, true, { kernel });
  try {
    await collector.collect(restlessSlice());
    const { table, generation } = collector;
    const wanted = want === 'all' ? { columnsOfAll: COLUMNS } : { columns: COLUMNS };
    await reader.read(table, { visiblePids: [process.pid], ...wanted }, generation, restlessSlice());
    const own = table.find(process.pid);
    const { count, rows } = table.slots;
    const slots = [...rows.subarray(0, count)];
    return {
      own: Object.fromEntries(COLUMNS.map((column) => [column, reader.usage[column][own]!])),
      known: slots.filter((slot) => !Number.isNaN(reader.usage.runDelayNanos[slot]!)).length,
      count,
    };
  } finally {
    reader.close();
    collector.close();
    proc.close();
  }
}

const isCounted = (() => {
  try {
    return readFileSync('/proc/sys/kernel/task_delayacct', 'utf8').trim() === '1';
  } catch {
    return false;
  }
})();

describe.each([
  ['the iterator over tasks', ITERATOR, lacking.iterator],
  ['task statistics', STATISTICS, lacking.statistics],
  ['/proc alone', FILES_ALONE, undefined],
] as const)('what a process waits for, by %s', (name, kernel, reason) => {
  test.skipIf(reason !== undefined)(
    'is at least what /proc says of its first thread (needs what it is read by)',
    async () => {
      const firstThread = Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]);
      const { own, known, count } = await readBy(kernel, 'visible');
      expect(own['runDelayNanos']!).toBeGreaterThanOrEqual(firstThread);
      for (const column of [
        'majorFaults',
        'contextSwitches',
        'ioCalls',
        'readBytes',
        'writtenBytes',
      ] as const)
        expect([column, own[column]! >= 0]).toEqual([column, true]);
      // What is not counted is no 0; and /proc has no delays by memory at all.
      expect(Number.isNaN(own['blockDelayNanos']!)).toBe(!isCounted);
      if (!isCounted || name === '/proc alone') expect(own['memoryDelayNanos']).toBeNaN();
      // The iterator has read them all anyway.
      if (name !== 'the iterator over tasks') expect(known).toBe(1);
      expect(count).toBeGreaterThan(1);
    },
  );

  test.skipIf(reason !== undefined)('of all (needs what it is read by)', async () => {
    const { known, count } = await readBy(kernel, 'all');
    // Some may have ended meanwhile.
    expect(known).toBeGreaterThan(count / 2);
  });
});

test('columns of all, then of some, then of all again: each has its own rows, and what nobody wants is unknown', async () => {
  const proc = new ProcDirectory('/proc');
  const collector = new ProcessCollector();
  const reader = new ProcessUsageReader(proc, PAGE_SIZE_BYTES, true, { kernel: FILES_ALONE });
  try {
    await collector.collect(restlessSlice());
    const { table, generation } = collector;
    const { slots } = table;
    const known = (column: UsageColumn): number =>
      slots.rows.subarray(0, slots.count).filter((slot) => !Number.isNaN(reader.usage[column][slot]!)).length;
    const visiblePids = [process.pid];
    const all = { visiblePids, columnsOfAll: ['contextSwitches'] } as const;
    await reader.read(table, all, generation, restlessSlice());
    const ofAll = known('contextSwitches');
    expect(ofAll).toBeGreaterThan(slots.count / 2);
    expect([known('majorFaults'), reader.usage.mayHave('majorFaults')]).toEqual([0, false]);
    const some = { visiblePids, columns: ['contextSwitches', 'majorFaults'] } as const;
    await reader.read(table, some, generation, restlessSlice());
    expect([known('contextSwitches'), known('majorFaults')]).toEqual([1, 1]);
    await reader.read(table, all, generation, restlessSlice());
    expect([known('contextSwitches'), known('majorFaults')]).toEqual([ofAll, 0]);
  } finally {
    reader.close();
    collector.close();
    proc.close();
  }
});
