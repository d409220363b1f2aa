import { readObject } from '../../data/codec/json-values.ts';
import { RecordCodec } from '../../data/codec/record-json.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import type { ProcessList, ToldProcesses } from '../../data/sample/process-list.ts';
import type { Section } from '../../data/sample/snapshot.ts';
import { SECTION } from '../../data/schema/section-facts.ts';
import { column, count, list, optionalText, record } from './json-codec.ts';
import { ROWS_LIMIT } from './limits.ts';
import { processColumns } from './process-columns.ts';

interface ListFacts {
  readonly section: Section;
  /** Of the machine. */
  readonly processCount: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly coreCount: number | undefined;
}

const listFacts = record<ListFacts>({
  ...{
    section: new RecordCodec(SECTION),
    processCount: count(),
    memoryTotalBytes: count(),
    coreCount: count(),
  },
});
const textColumn = (limit: number) => list(optionalText(limit), ROWS_LIMIT.list);

/** Processes as a recording holds them: the columns that are sent, one entry a row; rows beyond the limit are left out. */
export function processListJson(section: MachineProcesses, told: ToldProcesses): Record<string, unknown> {
  const { rows, count } = told.processes.slots;
  const slots = rows.subarray(0, Math.min(count, ROWS_LIMIT.list));
  const { memoryTotalBytes, coreCount } = section;
  const facts = { section, processCount: section.processCount ?? count, memoryTotalBytes, coreCount };
  const json: Record<string, unknown> = { ...readObject(listFacts.write(facts, 'v2'), 'list') };
  const { numbers, texts } = processColumns(told);
  for (const { field, values } of numbers) {
    json[field.name] = column.write(
      Float64Array.from(slots, (slot) => values[slot]!),
      'v2',
    );
  }
  for (const { field, texts: column, isOptional, limit } of texts) {
    const entries = Array.from(slots, (slot) => column[slot] ?? (isOptional ? undefined : ''));
    json[field.name] = textColumn(limit).write(entries, 'v2');
  }
  return json;
}

/** Brings a list up to date with what was recorded; a command line that is left out stays. OpError as of a codec. */
export function readProcessList(value: unknown, into: ProcessList): MachineProcesses {
  const facts = listFacts.read(value, 'part');
  const source = readObject(value, 'part');
  const shape = processColumns(into);
  const numbers = shape.numbers.map(({ field }) => column.read(source[field.name], `part.${field.name}`));
  const texts = shape.texts.map(({ field, limit }) =>
    textColumn(limit).read(source[field.name], `part.${field.name}`),
  );
  const slots = slotsOf(into, numbers[0] ?? [], numbers[1] ?? []);
  const columns = processColumns(into);
  for (const [at, { field, values, leftOut, most }] of columns.numbers.entries()) {
    if (field.name === 'pid' || field.name === 'start_ticks') continue;
    for (const [row, slot] of slots.entries()) {
      const read = numbers[at]?.[row] ?? Number.NaN;
      if (slot >= 0) values[slot] = read >= 0 && read <= most ? read : leftOut;
    }
  }
  for (const [at, { field, texts: column, isOptional }] of columns.texts.entries()) {
    for (const [row, slot] of slots.entries()) {
      const kept = field.name === 'command_line' ? column[slot] : undefined;
      if (slot >= 0) column[slot] = texts[at]?.[row] ?? kept ?? (isOptional ? undefined : '');
    }
  }
  const { processCount, memoryTotalBytes = 0, coreCount = 0 } = facts;
  return into.section({ ...facts.section, processCount, memoryTotalBytes, coreCount });
}

/** The slot of each row, -1 where it cannot be or its pid stood there before; processes that have no row are removed. */
function slotsOf(into: ProcessList, pids: ArrayLike<number>, starts: ArrayLike<number>): Int32Array {
  const slots = new Int32Array(pids.length).fill(-1);
  const seen = new Set<number>();
  for (let row = 0; row < pids.length; row++) {
    const pid = pids[row]!;
    if (!(Number.isInteger(pid) && pid >= 0 && pid <= 0x7fff_ffff) || seen.has(pid)) continue;
    seen.add(pid);
    slots[row] = into.findOrAdd(pid, Math.max(0, starts[row] ?? 0) || 0);
  }
  const { slots: table, pid } = into.processes;
  for (let i = table.count - 1; i >= 0; i--) {
    const slot = table.rows[i]!;
    if (!seen.has(pid[slot]!)) into.remove(slot);
  }
  return slots;
}
