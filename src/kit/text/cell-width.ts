import { isRefused, sanitizeLine } from './sanitize.ts';

/** One column, joins with nothing, and every terminal agrees. */
export const NARROW = 1;
/** Two columns, joins with nothing, and every terminal agrees. */
export const WIDE = 2;
/** May join its neighbours, takes no column, lies past U+FFFF, or terminals disagree: ask for the clusters. */
export const COMPLEX = 3;
/** Never shown (see sanitize.ts). */
export const REFUSED = 4;

const classes = new Uint8Array(0x10000);
/** Made when it is first needed: most screens never do. */
let segmenter: Intl.Segmenter | undefined;
/** Wide in every table since the first wcwidth. */
const CLASSIC_WIDE =
  /^[\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]$/u;
/** Join only some neighbours, or became wide or narrow in one of Unicode's versions. */
const DISPUTED =
  /^[\p{Extended_Pictographic}\u1100-\u11ff\u4dc0-\u4dff\ua960-\ua97f\ud7b0-\ud7ff\ud800-\udfff]$/u;

prefill(0x20, 0x7e, NARROW);
// Box drawing, blocks and Braille: what graphs are made of.
prefill(0x2500, 0x259f, NARROW);
prefill(0x2800, 0x28ff, NARROW);
// The marks of this program's own screens.
for (const mark of '·°µ…←↑→↓▲▼▴▾▸●') prefill(mark.charCodeAt(0), mark.charCodeAt(0), NARROW);

/** The class of one UTF-16 code unit; surrogates, lone or not, are COMPLEX. */
export function charClass(unit: number): number {
  const known = classes[unit]!;
  return known !== 0 ? known : classify(unit);
}

function classify(unit: number): number {
  // CJK ideographs and Hangul need no rules; written into the table at the start they would take 48 KB of memory.
  const isKnownWide = (unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7a3);
  const found = isKnownWide ? WIDE : classOf(unit);
  classes[unit] = found;
  return found;
}

/** The same by the rules alone. */
export function classOf(unit: number): number {
  const text = String.fromCharCode(unit);
  if (DISPUTED.test(text) || (unit >= 0xd800 && unit <= 0xdfff)) return COMPLEX;
  if (isRefused(unit)) return REFUSED;
  if (joinsNeighbours(text)) return COMPLEX;
  const width = codePointWidth(unit);
  const isClassic = CLASSIC_WIDE.test(text);
  if (width === 1) return isClassic ? COMPLEX : NARROW;
  return width === 2 && isClassic ? WIDE : COMPLEX;
}

/** The characters that join only some neighbours (jamo, flags, pictographs) are among the disputed ones. */
function joinsNeighbours(text: string): boolean {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  let count = 0;
  for (const _ of segmenter.segment(`x${text}x`)) count++;
  return count !== 3;
}

function prefill(first: number, last: number, charClassOfAll: number): void {
  classes.fill(charClassOfAll, first, last + 1);
}

/** The index of the first code unit that is COMPLEX, at or after `from`; -1 when the text has none. */
export function firstComplex(text: string, from = 0): number {
  for (let i = from; i < text.length; i++) {
    if (charClass(text.charCodeAt(i)) === COMPLEX) return i;
  }
  return -1;
}

const CACHE_LIMIT = 2048;
const CACHED_TEXT_UNITS = 256;
const cache = new Map<string, number>();

/**
 * Columns that a text takes on the screen, each refused character counted as its replacement of one column;
 * for text without controls equal to the npm package string-width. Plain text is added up without a look-up.
 */
export function cellWidth(text: string): number {
  let width = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x7f) continue;
    const found = charClass(unit);
    if (found === WIDE) width++;
    else if (found === COMPLEX) return complexWidth(text);
  }
  return width;
}

/** The text in lines of at most `width` columns, broken between words; a longer word has a line of its own. */
export function wrappedText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && cellWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function complexWidth(text: string): number {
  const known = cache.get(text);
  if (known !== undefined) return known;
  let width = 0;
  forEachCluster(text, (_, columns) => {
    width += columns;
  });
  if (text.length <= CACHED_TEXT_UNITS) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(text, width);
  }
  return width;
}

/**
 * Columns of one grapheme cluster as terminals that follow UTS #51 draw it, equal to the npm package
 * string-width (a test holds them equal). Slow and meant for first sight only: results are cached above.
 */

/** Takes no column of its own. Spacing prepended marks are Format too but visible; they are asked for first. */
const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Me}\p{Mn}\p{Cs}]$/u;
const PREPENDED_MARKS = /^[\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}]+/u;
const EMOJI_START =
  /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})/u;
const JOINED_EMOJI = /\u200d\p{Extended_Pictographic}/u;
const STRAY_MODIFIER = /(?<![\p{Emoji_Modifier_Base}\u200d])\p{Emoji_Modifier}/gu;
const NARROW_EMOJI = /^\p{Emoji_Presentation}\ufe0e/u;

/** Columns of one code point on its own: 0, 1 or 2. */
function codePointWidth(codePoint: number): number {
  const text = String.fromCodePoint(codePoint);
  if (PREPENDED_MARKS.test(text)) return 1;
  if (INVISIBLE.test(text)) return 0;
  return isWide(codePoint, text) ? 2 : 1;
}

/** Columns of one cluster; 0 when nothing of it is visible, more than 2 for conjuncts of several letters. */
export function clusterWidth(cluster: string): number {
  const first = cluster.codePointAt(0);
  if (first === undefined) return 0;
  if (cluster.length === (first > 0xffff ? 2 : 1) && !EMOJI_START.test(cluster)) return codePointWidth(first);
  const marks = PREPENDED_MARKS.exec(cluster)?.[0];
  if (marks !== undefined) return prependedWidth(marks, cluster.slice(marks.length));
  const base = fromFirstVisible(cluster);
  if (base === '') return 0;
  if (isHangul(first)) return eastAsianWidth(first) + strayModifierColumns(cluster, 1);
  if (base.codePointAt(0)! <= 0xffff && NARROW_EMOJI.test(base)) return 1;
  if (EMOJI_START.test(base)) return 2 + strayModifierColumns(base, base.codePointAt(0)! > 0xffff ? 2 : 1);
  const joined = JOINED_EMOJI.exec(base);
  if (joined === null) return sumUntilJoiner(base);
  return 2 + strayModifierColumns(base, joined.index + joined[0].length);
}

/** Arabic number signs and their like: one column each, unless a wide glyph takes them into its own cells. */
function prependedWidth(marks: string, rest: string): number {
  const restWidth = clusterWidth(rest);
  const base = fromFirstVisible(rest);
  const first = base.codePointAt(0);
  const isWideGlyph =
    restWidth >= 2 &&
    first !== undefined &&
    (eastAsianWidth(first) === 2 || EMOJI_START.test(base) || JOINED_EMOJI.test(base));
  return isWideGlyph ? restWidth : [...marks].length + restWidth;
}

/** Everything visible takes its columns; what follows a joiner is drawn into what precedes it. */
function sumUntilJoiner(cluster: string): number {
  let width = 0;
  for (const character of cluster) {
    if (character === '\u200d') break;
    width += codePointWidth(character.codePointAt(0)!);
  }
  return width;
}

/** A skin tone that follows nothing it could colour is a swatch of two columns; one that is joined on is none. */
function strayModifierColumns(cluster: string, from: number): number {
  STRAY_MODIFIER.lastIndex = from;
  let columns = 0;
  while (STRAY_MODIFIER.test(cluster)) columns += 2;
  STRAY_MODIFIER.lastIndex = 0;
  return columns;
}

function fromFirstVisible(cluster: string): string {
  let at = 0;
  for (const character of cluster) {
    if (codePointWidth(character.codePointAt(0)!) > 0) return cluster.slice(at);
    at += character.length;
  }
  return '';
}

function isHangul(codePoint: number): boolean {
  return (
    (codePoint >= 0x1100 && codePoint <= 0x11ff) ||
    (codePoint >= 0xa960 && codePoint <= 0xa97c) ||
    (codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
    (codePoint >= 0xd7b0 && codePoint <= 0xd7fb)
  );
}

function eastAsianWidth(codePoint: number): number {
  return isWide(codePoint, String.fromCodePoint(codePoint)) ? 2 : 1;
}

/** Wide since Unicode 18, which the runtime's tables do not know yet: first and last, pair after pair. */
const NEWER_WIDE_RANGES: readonly number[] = [
  0x18cd6, 0x18cda, 0x18d1f, 0x18d20, 0x18e00, 0x19191, 0x191a0, 0x191d2, 0x1b123, 0x1b128, 0x1b168, 0x1b168,
  0x1f1ae, 0x1f1ae, 0x1f6d9, 0x1f6d9, 0x1f7da, 0x1f7da, 0x1fa8b, 0x1fa8d, 0x1facc, 0x1facc, 0x1fadd, 0x1fadd,
  0x1faeb, 0x1faeb, 0x1faf9, 0x1fafa,
];

/** East Asian Wide or Fullwidth. A regional indicator is not, though a flag of one or two is drawn wide. */
function isWide(codePoint: number, text: string): boolean {
  if (Bun.stringWidth(text) === 2) return codePoint < 0x1f1e6 || codePoint > 0x1f1ff;
  if (codePoint < NEWER_WIDE_RANGES[0]!) return false;
  for (let i = 0; i < NEWER_WIDE_RANGES.length; i += 2) {
    if (codePoint >= NEWER_WIDE_RANGES[i]! && codePoint <= NEWER_WIDE_RANGES[i + 1]!) return true;
  }
  return false;
}

/** Longer clusters (piled-up marks) are cut, so that a cell's bytes are bounded. UTF-16 code units. */
export const MAX_CLUSTER_UNITS = 32;

/**
 * Visits what is drawn as one glyph, in order, with its columns (0, 1 or 2): grapheme clusters, of which those
 * wider than two columns (conjuncts of several letters) are cut between the letters. Refused characters are
 * replaced first, so that the widths add up to `cellWidth`.
 */
export function forEachCluster(text: string, visit: (cluster: string, width: number) => void): void {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(sanitizeLine(text))) {
    if (segment.length <= MAX_CLUSTER_UNITS) visitPieces(segment, visit);
    else forEachChunk(segment, (chunk) => visitPieces(chunk, visit));
  }
}

function forEachChunk(cluster: string, visit: (chunk: string) => void): void {
  let from = 0;
  while (from < cluster.length) {
    let to = Math.min(from + MAX_CLUSTER_UNITS, cluster.length);
    const last = cluster.charCodeAt(to - 1);
    if (to < cluster.length && last >= 0xd800 && last <= 0xdbff) to--;
    visit(cluster.slice(from, to));
    from = to;
  }
}

/** Cuts where the width of what is before grows past two columns more than at the last cut. */
function visitPieces(cluster: string, visit: (cluster: string, width: number) => void): void {
  const total = clusterWidth(cluster);
  if (total <= 2) {
    visit(cluster, total);
    return;
  }
  let pieceStart = 0;
  let columnsBefore = 0;
  let columns = 0;
  let at = 0;
  for (const character of cluster) {
    at += character.length;
    const next = Math.max(columns, clusterWidth(cluster.slice(0, at)));
    if (next - columnsBefore > 2) {
      // A character may give columns to what is before it, so the rest may still be wider than two.
      const columnsHere = Math.max(columns, next - 2);
      const cut = at - character.length;
      visit(cluster.slice(pieceStart, cut), columnsHere - columnsBefore);
      pieceStart = cut;
      columnsBefore = columnsHere;
    }
    columns = next;
  }
  visit(cluster.slice(pieceStart), columns - columnsBefore);
}
