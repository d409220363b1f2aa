/**
 * A cell is three 32-bit words, 12 bytes. None has its top bit set, so all stay small integers.
 *
 *      31    25 24 23 22 21 20                                   0
 *     +--------+--+-----+--+--------------------------------------+
 *  0  |    0   | U|  W  | C|  code point, or index of a cluster   |   content
 *     +--------+--+-----+--+--------------------------------------+
 *     | 0|  A (6)  | 25 bits of Color                             |   foreground and attributes
 *     +--+---------+----------------------------------------------+
 *     | 0|    0    | 25 bits of Color                             |   background
 *     +--+---------+----------------------------------------------+
 *
 *  W  columns of the glyph: 1 or 2 in its first cell, 0 in the right half of a wide one (the rest is 0 there)
 *  C  the low bits are an index into the cluster table
 *  U  terminals disagree about the columns: nobody knows where the cursor is after it
 *  A  bits of Attribute
 */
export const CELL_WORDS = 3;

export const CODE_MASK = 0x1fffff;
export const CLUSTER_FLAG = 1 << 21;
export const WIDTH_SHIFT = 22;
export const WIDTH_ONE = 1 << WIDTH_SHIFT;
export const WIDTH_TWO = 2 << WIDTH_SHIFT;
export const WIDTH_MASK = 3 << WIDTH_SHIFT;
export const UNCERTAIN_FLAG = 1 << 24;

/** The content word of the right half of a wide glyph. */
export const RIGHT_HALF = 0;

/** The content word of an empty cell: a space. */
export const BLANK = 0x20 | WIDTH_ONE;

export const COLOR_MASK = 0x1ffffff;
export const ATTRIBUTE_SHIFT = 25;
