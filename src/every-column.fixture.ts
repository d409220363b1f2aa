import { InterfaceTable } from './data/sample/interface-table.ts';
import type { MachineProcesses } from './data/sample/machine-processes.ts';
import type { NetworkSection } from './data/sample/network-section.ts';
import { CpuTable } from './data/schema/cpu-sample.ts';
import type { Fields, Shape } from './data/schema/record.ts';
import { SlotTable } from './kit/table/slot-table.ts';

/** What a test compares: numbers, texts, lists and records of them, and nothing that is kept in columns. */
export type Plain = number | string | boolean | null | undefined | readonly Plain[] | PlainRecord;
export interface PlainRecord {
  readonly [name: string]: Plain;
}

type Column = ArrayLike<number> | readonly (string | undefined)[];

/** The columns that a table's object has, whatever they are called: its typed arrays and its arrays of text. */
export function columnsOf(table: object): [name: string, column: Column][] {
  return Object.entries(table).flatMap(([name, value]): [string, Column][] => {
    if (Array.isArray(value)) return [[name, value]];
    return ArrayBuffer.isView(value) && !(value instanceof DataView) ? [[name, toNumbers(value)]] : [];
  });
}

function toNumbers(view: ArrayBufferView): ArrayLike<number> {
  return view as ArrayBufferView & ArrayLike<number>;
}

/** The values of one slot in every column of the objects: one column may hold several values a slot. */
export function rowOf(tables: readonly object[], slot: number, capacity: number): PlainRecord {
  const row: Record<string, Plain> = {};
  for (const [name, column] of tables.flatMap(columnsOf)) {
    const isText = Array.isArray(column);
    const stride = isText ? 1 : Math.max(1, Math.floor(column.length / capacity));
    const values = Array.from({ length: stride }, (_, i): Plain => column[slot * stride + i]);
    row[name] = stride === 1 ? values[0] : values;
  }
  return row;
}

/** Rows of a table in their order; `beside` are columns that have its slots. */
export function rowsOf(slots: SlotTable, tables: readonly object[]): PlainRecord[] {
  return Array.from(slots.rows.subarray(0, slots.count), (slot) => ({
    key: ([0, 1, 2, 3] as const).map((word) => slots.keyWord(slot, word)),
    ...rowOf(tables, slot, slots.capacity),
  }));
}

/** A section or a part of one without its columns: tables become their rows. */
export function plain(value: unknown): Plain {
  if (value instanceof CpuTable) return cpuRows(value);
  if (value instanceof InterfaceTable) return interfaceRows(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return leafOf(value);
  const slots = 'slots' in value ? value.slots : undefined;
  if (slots instanceof SlotTable) return rowsOf(slots, [value]);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

function leafOf(value: unknown): Plain {
  const isLeaf = ['number', 'string', 'boolean', 'undefined'].includes(typeof value) || value === null;
  if (!isLeaf) throw new TypeError(`${typeof value} is nothing that a section holds`);
  return value as Plain;
}

export function plainNetwork({ sockets, accounts, ...section }: NetworkSection): Plain {
  const rows = rowsOf(sockets.slots, [sockets]);
  const beside = Array.from(sockets.slots.rows.subarray(0, sockets.slots.count), (slot) =>
    Object.fromEntries(columnsOf(accounts).map(([name, column]): [string, Plain] => [name, column[slot]])),
  );
  return { ...(plain(section) as PlainRecord), sockets: rows, accounts: beside };
}

/** Users and command lines stand in the rows, wherever the section has them from. */
export function plainProcesses(section: MachineProcesses, userOf: (uid: number) => string): Plain {
  const { processes, usage, texts, commandLines, cgroups, containers, ...facts } = section;
  const { slots } = processes;
  const rows = Array.from(slots.rows.subarray(0, slots.count), (slot) => ({
    ...rowOf([processes], slot, slots.capacity),
    ...Object.fromEntries(columnsOf(usage).map(([name, column]): [string, Plain] => [name, column[slot]])),
    user: texts === undefined ? userOf(processes.uid[slot]!) : texts.users[slot],
    commandLine: (texts?.commandLines ?? commandLines)?.[slot],
    cgroup: (texts?.cgroups ?? cgroups)?.[slot],
    container: (texts?.containers ?? containers)?.[slot],
  }));
  return { ...(plain(facts) as PlainRecord), rows };
}

function cpuRows(table: CpuTable): Plain {
  return Array.from({ length: table.count }, (_, row) => rowOf([table], row, table.user.length));
}

function interfaceRows(table: InterfaceTable): Plain {
  const { addresses, slots, ...columns } = table;
  return { links: rowsOf(slots, [columns]), addresses: rowsOf(addresses.slots, [addresses]) };
}

/** Paths of what is in `before` and not the same in `after`, each once; lists have no places in a path. */
export function lostBetween(before: Plain, after: Plain, path = ''): string[] {
  if (isRecord(before)) {
    return unique(
      Object.entries(before).flatMap(([name, value]) =>
        lostBetween(value, isRecord(after) ? after[name] : undefined, path === '' ? name : `${path}.${name}`),
      ),
    );
  }
  if (Array.isArray(before)) {
    const list: readonly Plain[] = before;
    const other: readonly Plain[] = Array.isArray(after) ? after : [];
    const lost = list.flatMap((value, i) => lostBetween(value, other[i], path));
    return unique(list.length === other.length ? lost : [...lost, `${path}.length`]);
  }
  return Object.is(before, after) ? [] : [path];
}

/** Paths of what is unknown: a seed has none. */
export function unknownIn(value: Plain, path = ''): string[] {
  if (isRecord(value)) {
    return unique(Object.entries(value).flatMap(([name, field]) => unknownIn(field, `${path}.${name}`)));
  }
  if (Array.isArray(value))
    return unique((value as readonly Plain[]).flatMap((item) => unknownIn(item, path)));
  return value === undefined || value === null || Number.isNaN(value) ? [path] : [];
}

function isRecord(value: Plain): value is PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

/** Paths of the fields of a record that are internal, each with the reason. */
export function internalFields({ fields }: { readonly fields: Fields }): Record<string, string> {
  const internal: Record<string, string> = {};
  const walk = (shape: Shape, path: string, reason: string | undefined): void => {
    if (reason !== undefined) internal[path] = reason;
    else if (shape.kind === 'list') walk(shape.item.shape, path, undefined);
    else if (shape.kind === 'optional') walk(shape.field.shape, path, undefined);
    else if (shape.kind === 'rows') {
      for (const [name, why] of Object.entries(shape.internal)) internal[`${path}.${name}`] = why;
    } else if (shape.kind === 'record') {
      for (const [name, field] of Object.entries(shape.fields)) {
        walk(field.shape, path === '' ? name : `${path}.${name}`, field.internal);
      }
    }
  };
  walk({ kind: 'record', fields }, '', undefined);
  return internal;
}
