/**
 * A recording is a gzip file of lines, one a snapshot. A line is the object that `--json` prints, with three fields
 * before its own from which the snapshot can be rebuilt without reading the rest:
 *
 *     {"sstop_recording":1,"lengths":[301,1022,...],"snapshot":[{"part":"header",...},{"part":"owners",...},...],
 *      "schema":1,"timestamp":...,"processes":[...],...}
 *
 * `lengths` are the bytes of each part of `snapshot`, so that parts can be parsed one at a time. A part is the header
 * or up to so many rows of a table, as columns; a column that holds one value throughout is that value alone. Rows
 * refer to rows of other tables by their place in the line (-1 none); `null` is an unknown number or text. A column that
 * is not there is unknown in every row. The columns are those that src/data/schema declares as told.
 */
export const RECORDING_VERSION = 1;
/** Lines that hold sections beside the network, or instead of it, are of this version; others stay of the first. */
export const SECTIONS_VERSION = 2;
/**
 * Parts of such lines, after those of the network: what is in the first two is for whoever wrote them. The rows of
 * `processes` follow it, as those of a table.
 */
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

/** Stands for a text that is as it was in the line before; of command lines, which are long and seldom change. */
export const TEXT_AS_BEFORE = 1;
