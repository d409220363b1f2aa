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
 * Parts of such lines, after those of the network. The format of the first two belongs to their writer. `processes` is
 * followed by its rows, as a table.
 */
export const SECTION_PARTS = ['machine', 'disks', 'processes'] as const;
export type SectionPart = (typeof SECTION_PARTS)[number];
export const LINE_START = '{"sstop_recording":';
export const PARTS_START = '],"snapshot":[';

/** Limit of the header of a line up to its first part, and limits of its parts. */
export const LINE_START_LIMIT_BYTES = 48_000;
export const PARTS_LIMIT = 4096;
export const PART_LIMIT_BYTES = 16 << 20;
export const PARTS_LIMIT_BYTES = 64 << 20;
/** Limit of a line; data after the parts is skipped, not kept. */
export const LINE_LIMIT_BYTES = 512 << 20;

/** Texts are cut to this many UTF-16 units when recorded, and refused beyond it when read. */
export const TEXT_LIMIT = 32_768;
/** Errors of a collector that one line holds. */
export const ERRORS_LIMIT = 64;

/** Stands for a text that is as it was in the line before; of command lines, which are long and seldom change. */
export const TEXT_AS_BEFORE = 1;
