/**
 * A recording is a gzip file of lines, one per snapshot. A line is the object that `--json` prints, preceded by three
 * fields from which the snapshot can be rebuilt without reading the rest:
 *
 *     {"sstop_recording":1,"lengths":[301,1022,...],"snapshot":[{"part":"header",...},{"part":"owners",...},...],
 *      "schema":1,"timestamp":...,"processes":[...],...}
 *
 * `lengths` are the lengths in bytes of the parts of `snapshot`, so that parts can be parsed one at a time. A part is
 * the header or a limited number of rows of a table, as columns. A column with one value in all rows is stored as that
 * value. Rows refer to rows of other tables by index in the line (-1: none); `null` is an unknown number or text. A
 * missing column is unknown in every row. The columns are those that src/data/schema declares as told.
 */
export const RECORDING_VERSION = 1;
/** Version of lines with sections other than the network; other lines keep version 1. */
export const SECTIONS_VERSION = 2;
/**
 * Version of lines of a history, which say what changed since the line before. The header has the field `coding`:
 *
 * - `whole`: the first line of a member; what it says changed since there was nothing.
 * - `changes`: a part of a table has `total`, the rows that the table has now, and names rows by their places: `at`,
 *   a list upwards, or `rows` places from `from` on. Places from the former number of rows on are new rows. A number is
 *   the difference to the one before (to the absent value of its column, or 0, where there was none), null unknown. A
 *   text is 1 where it is as before. A column, a row or a table that is left out is as it was.
 *
 * `machine`, `disks` and `controlGroups` hold their object as `value`, or its change as `change`
 * (src/data/codec/json-values.ts). Control groups stand in an object, each under its path.
 */
export const CHANGES_VERSION = 3;
/** Whether a line of a history needs the one before. */
export const CODINGS = ['whole', 'changes'] as const;
export type Coding = (typeof CODINGS)[number];
/** Parts of such lines, after those of the network. The first two are their writer's own; rows follow `processes`. */
export const SECTION_PARTS = ['machine', 'disks', 'controlGroups', 'processes'] as const;
export type SectionPart = (typeof SECTION_PARTS)[number];
export const LINE_START = '{"sstop_recording":';
export const PARTS_START = '],"snapshot":[';

/** Limit of the header of a line up to its first part, and limits of its parts. */
export const LINE_START_LIMIT_BYTES = 48_000;
export const PARTS_LIMIT = 4096;
export const PART_LIMIT_BYTES = 16 << 20;
export const PARTS_LIMIT_BYTES = 64 << 20;

/** The start of a line up to its first part; undefined: no reader would take parts of so many or so many bytes. */
export function lineStart(version: number, partLengths: readonly number[]): string | undefined {
  const bytes = partLengths.reduce((sum, length) => sum + length, 0);
  if (partLengths.length > PARTS_LIMIT || bytes > PARTS_LIMIT_BYTES) return undefined;
  if (partLengths.some((length) => length > PART_LIMIT_BYTES)) return undefined;
  return `${LINE_START}${version},"lengths":[${partLengths.join(',')}${PARTS_START}`;
}

/** Limit of a line; data after the parts is skipped, not kept. */
export const LINE_LIMIT_BYTES = 512 << 20;

/** Texts are cut to this many UTF-16 units when recorded, and refused beyond it when read. */
export const TEXT_LIMIT = 32_768;
/** Errors of a collector that one line holds. */
export const ERRORS_LIMIT = 64;

/** JSON of a section nests no deeper. */
export const SECTION_DEPTH_LIMIT = 32;

/** Stands for a text that is as it was in the line before; of command lines, which are long and seldom change. */
export const TEXT_AS_BEFORE = 1;
