import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { OriginalProcessEncoder } from './original-processes.ts';
import { encodeOriginalProcesses } from './original-reply.fixture.ts';
import { ProcessChanges } from './process-changes.ts';
import { absorbRows } from './process-rows.fixture.ts';

/** What the message would be without anything remembered. */
function plain(changes: ProcessChanges): Uint8Array<ArrayBuffer> {
  const { processes: table } = changes.list;
  const slots = table.slots.rows.subarray(0, table.slots.count);
  const rows = Array.from(slots, (slot) => ({
    pid: table.pid[slot],
    name: table.names[slot]!,
    cpu_usage: changes.cpuPercent[slot],
    mem_bytes: table.rssBytes[slot],
  }));
  return encodeOriginalProcesses({ process_count: rows.length, rows });
}

const process = fc.record({
  pid: fc.integer({ min: 1, max: 12 }),
  startTicks: fc.integer({ min: 1, max: 2 }),
  name: fc.constantFrom('', 'sh', 'a name with 日本 𠀋', 'x'.repeat(300)),
  cpuPercent: fc.constantFrom(Number.NaN, 0, 12.5, 100),
  rssBytes: fc.constantFrom(Number.NaN, 0, 4096, 2 ** 40),
});
const sample = fc.uniqueArray(process, { selector: ({ pid }) => pid });

test('whatever came, changed and went, the message is that of the processes as they are', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 8 }), (samples) => {
      const changes = new ProcessChanges();
      const encoder = new OriginalProcessEncoder(changes);
      for (const [at, processes] of samples.entries()) {
        absorbRows(changes, processes);
        // Not every sample is asked for.
        if (at % 3 === 1) continue;
        expect(encoder.encode(processes.length)).toEqual(plain(changes));
        expect(encoder.encode(processes.length)).toEqual(plain(changes));
      }
    }),
  );
});

test('thousands of processes fit', () => {
  const changes = new ProcessChanges();
  const encoder = new OriginalProcessEncoder(changes);
  for (let sequence = 1; sequence <= 3; sequence++) {
    const rows = Array.from({ length: 5000 }, (_, pid) => ({
      ...{
        pid: pid + 1,
        startTicks: pid,
        name: `process-${pid}`,
        cpuPercent: pid % 50 === sequence ? pid : 0,
      },
    }));
    absorbRows(changes, rows);
    expect(encoder.encode(5000)).toEqual(plain(changes));
  }
});
