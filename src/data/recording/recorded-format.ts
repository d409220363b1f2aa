import {
  type SectionTables,
  type TableName,
  type ToldNumbers,
  type ToldTable,
  toldTable,
} from '../sample/told-tables.ts';

/**
 * A recording is a gzip file of lines, one a snapshot. A line is the object that `--json` prints, with three fields
 * before its own from which the snapshot can be rebuilt without reading the rest:
 *
 *     {"sstop_recording":1,"lengths":[301,1022,...],"snapshot":[{"part":"header",...},{"part":"owners",...},...],
 *      "schema":1,"timestamp":...,"processes":[...],...}
 *
 * `lengths` are the bytes of each part of `snapshot`, so that parts can be parsed one at a time. A part is the header
 * or up to so many rows of a table, as columns; a column that holds one value throughout is that value alone. Rows
 * refer to rows of other tables by their place in the line (-1 none); `null` is an unknown number or text.
 */
export const RECORDING_VERSION = 1;
/** Lines that hold sections beside the network, or instead of it, are of this version; others stay of the first. */
export const SECTIONS_VERSION = 2;
/** Parts of such lines, after those of the network: what is in them is for whoever wrote them. */
export const SECTION_PARTS = ['machine', 'disks', 'processes'] as const;
export type SectionPart = (typeof SECTION_PARTS)[number];
export const LINE_START = '{"sstop_recording":';
export const PARTS_START = '],"snapshot":[';

/** Longest header of a line up to its first part, and what the lengths of its parts may come to. */
export const LINE_START_LIMIT_BYTES = 48_000;
export const PARTS_LIMIT = 4096;
export const PART_LIMIT_BYTES = 16 << 20;
export const PARTS_LIMIT_BYTES = 64 << 20;
/** Longest line; what follows the parts is passed over, not kept. */
export const LINE_LIMIT_BYTES = 512 << 20;

/** Texts are cut to this many UTF-16 units when recorded, and refused beyond it when read. */
export const TEXT_LIMIT = 32_768;
/** Errors of a collector that one line holds. */
export const ERRORS_LIMIT = 64;

/** Numbers of a table as they are recorded. */
export interface NumberColumn extends ToldNumbers {
  /** What stands for it where an older recording lacks the column; undefined: none does. */
  readonly standIn: number | undefined;
}

/** One table as it is recorded. */
export interface RecordedTable extends ToldTable {
  readonly name: TableName;
  /** Rows are found by the recorded key words; without them by (subject, interface), which are columns. */
  readonly hasKeys: boolean;
  readonly rowsPerPart: number;
  readonly numbers: NumberColumn[];
}

/** What one part of a table holds at most; owners have texts. */
const ROWS_PER_PART = 1024;
const OWNERS_PER_PART = 64;

/** Columns of the sockets that version 0.1 did not record. */
const LATER_COLUMNS = ['interfaceIndex', 'isShare'];

/** A table's columns as they are now: ask again once rows have been added. */
export function recordedTable(section: SectionTables, name: TableName): RecordedTable {
  const { slots, numbers, texts } = toldTable(section, name);
  const isLater = (column: string): boolean => name === 'sockets' && LATER_COLUMNS.includes(column);
  return {
    ...{ name, slots, texts },
    hasKeys: name !== 'traffic' && name !== 'hostTraffic',
    rowsPerPart: name === 'owners' ? OWNERS_PER_PART : ROWS_PER_PART,
    numbers: numbers.map((column) => ({ ...column, standIn: isLater(column.name) ? 0 : undefined })),
  };
}
