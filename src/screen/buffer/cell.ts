import { COMPLEX, charClass, forEachCluster } from '../../kit/text/cell-width.ts';
import { INVALID_REPLACEMENT } from '../../kit/text/sanitize.ts';

/**
 * A cell is two 32-bit words, 8 bytes. None has its top bit set, so both stay small integers.
 *
 *      31 30    25 24 23 22 21 20                                0
 *     +--+--------+--+-----+--+-----------------------------------+
 *  0  | 0|  A (6) | U|  W  | C|  code point, or index of a cluster|   attributes and content
 *     +--+--------+--+-----+--+-----------------------------------+
 *      31 30 29                    15 14                         0
 *     +--+--+------------------------+----------------------------+
 *  1  | 0| 0|  background (Color)    |  foreground (Color)        |   colours
 *     +--+--+------------------------+----------------------------+
 *
 *  W  columns of the glyph: 1 or 2 in its first cell, 0 in the right half of a wide one (the rest is 0 there)
 *  C  the low bits are an index into the cluster table
 *  U  terminals disagree about the width: the cursor position after it is unknown
 *  A  bits of Attribute
 */
export const CELL_WORDS = 2;

export const CODE_MASK = 0x1fffff;
export const CLUSTER_FLAG = 1 << 21;
export const WIDTH_SHIFT = 22;
export const WIDTH_ONE = 1 << WIDTH_SHIFT;
export const WIDTH_TWO = 2 << WIDTH_SHIFT;
export const WIDTH_MASK = 3 << WIDTH_SHIFT;
export const UNCERTAIN_FLAG = 1 << 24;

/** All of word 0 but the attributes. */
export const CONTENT_MASK = 0x1ffffff;
export const ATTRIBUTE_SHIFT = 25;

export const FOREGROUND_MASK = 0x7fff;
export const BACKGROUND_SHIFT = 15;
export const BACKGROUND_MASK = FOREGROUND_MASK << BACKGROUND_SHIFT;

/** The content of the right half of a wide glyph. */
export const RIGHT_HALF = 0;

/** The content of an empty cell: a space. */
export const BLANK = 0x20 | WIDTH_ONE;

/** So many clusters ask for a rebuild before the next frame; a frame of its own adds at most one a cell. */
const CROWDED_CLUSTERS = 4096;
const MAX_CLUSTERS = 1 << 16;
const MAX_CACHED_TEXTS = 1024;
const MAX_CACHED_UNITS = 256;
/** Terminals give these no column and join them to the cell on the left, which is not theirs. */
const JOINS_LEFT = /^[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]/u;
/** A line of text past this length is cut: no screen shows it. UTF-16 code units. */
const MAX_TEXT_UNITS = 8192;

/**
 * The clusters of more than one code point that cells refer to, for all buffers of a screen, and the contents
 * of texts that need segmentation. Bounded: a crowded table is emptied before a frame, and its `epoch` changes;
 * cells of another epoch mean nothing any more, so that the differ then repaints.
 */
export class ClusterTable {
  epoch = 1;
  readonly #indexes = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #contents = new Map<string, Uint32Array>();
  #bytes = new Uint8Array(1024);
  #byteCount = 0;
  /** Where the bytes of cluster i start; those of i + 1 are their end. */
  #starts = new Uint32Array(65);
  readonly #encoder = new TextEncoder();
  readonly #scratch: number[] = [];

  get size(): number {
    return this.#texts.length;
  }

  /** Contents of all visible glyphs of a text, in order. Owned by the table, valid in this epoch. */
  contentsOf(text: string): Uint32Array {
    const known = this.#contents.get(text);
    if (known !== undefined) return known;
    const scratch = this.#scratch;
    scratch.length = 0;
    forEachCluster(text.length > MAX_TEXT_UNITS ? text.slice(0, MAX_TEXT_UNITS) : text, (cluster, width) => {
      if (width === 0) return;
      if (!JOINS_LEFT.test(cluster)) scratch.push(this.#contentOf(withoutJoiner(cluster), width));
      else for (let column = 0; column < width; column++) scratch.push(INVALID_REPLACEMENT | WIDTH_ONE);
    });
    const contents = Uint32Array.from(scratch);
    if (text.length <= MAX_CACHED_UNITS) {
      if (this.#contents.size >= MAX_CACHED_TEXTS) this.#contents.clear();
      this.#contents.set(text, contents);
    }
    return contents;
  }

  /** The text of a cluster; empty for an index that the table does not know. */
  textOf(index: number): string {
    return this.#texts[index] ?? '';
  }

  /** All clusters' UTF-8, from `byteStart(i)` to `byteStart(i + 1)`; valid until a cluster is added. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  byteStart(index: number): number {
    return this.#starts[index]!;
  }

  /** Columns that a terminal ignorant of clusters may write for it: two a code point. */
  reachOf(content: number): number {
    if ((content & CLUSTER_FLAG) === 0) return 2;
    return this.#texts[content & CODE_MASK]!.length * 2;
  }

  /** Empties a crowded table and begins another epoch. Whether it did. */
  rebuildIfCrowded(): boolean {
    if (this.#texts.length < CROWDED_CLUSTERS) return false;
    this.#indexes.clear();
    this.#texts.length = 0;
    this.#contents.clear();
    this.#byteCount = 0;
    this.epoch++;
    return true;
  }

  #contentOf(cluster: string, width: number): number {
    const first = cluster.codePointAt(0)!;
    if (cluster.length === (first > 0xffff ? 2 : 1)) return first | (width << WIDTH_SHIFT) | certainty(first);
    const index = this.#intern(cluster);
    if (index < 0) return INVALID_REPLACEMENT | WIDTH_ONE;
    return index | CLUSTER_FLAG | (width << WIDTH_SHIFT) | UNCERTAIN_FLAG;
  }

  #intern(cluster: string): number {
    const known = this.#indexes.get(cluster);
    if (known !== undefined) return known;
    const index = this.#texts.length;
    if (index >= MAX_CLUSTERS) return -1;
    this.#reserve(index, cluster.length * 3);
    const { written } = this.#encoder.encodeInto(cluster, this.#bytes.subarray(this.#byteCount));
    this.#byteCount += written;
    this.#starts[index + 1] = this.#byteCount;
    this.#texts.push(cluster);
    this.#indexes.set(cluster, index);
    return index;
  }

  #reserve(index: number, byteCount: number): void {
    if (this.#byteCount + byteCount > this.#bytes.length) {
      const longer = new Uint8Array((this.#byteCount + byteCount) * 2);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    if (index + 1 >= this.#starts.length) {
      const longer = new Uint32Array(this.#starts.length * 2);
      longer.set(this.#starts);
      this.#starts = longer;
    }
  }
}

/** A joiner at the end (the kernel cuts names at 15 bytes) would draw the neighbour's glyph into this one. */
function withoutJoiner(cluster: string): string {
  return cluster.endsWith('\u200d') ? cluster.replace(/\u200d+$/, '') : cluster;
}

/** Ideographs past U+FFFF are wide everywhere; about emoji and all else that is COMPLEX terminals disagree. */
function certainty(codePoint: number): number {
  if (codePoint > 0xffff) return codePoint >= 0x20000 && codePoint <= 0x3fffd ? 0 : UNCERTAIN_FLAG;
  const found = charClass(codePoint);
  return found === COMPLEX ? UNCERTAIN_FLAG : 0;
}
