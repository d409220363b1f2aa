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
export function codePointWidth(codePoint: number): number {
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
  if (isHangul(first)) return eastAsianWidth(first) + strayModifierColumns(cluster);
  if (base.codePointAt(0)! <= 0xffff && NARROW_EMOJI.test(base)) return 1;
  if (EMOJI_START.test(base) || JOINED_EMOJI.test(base)) return 2 + strayModifierColumns(base);
  return sumUntilJoiner(base);
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

/** A skin tone that follows nothing it could colour is a swatch of two columns. */
function strayModifierColumns(cluster: string): number {
  STRAY_MODIFIER.lastIndex = cluster.codePointAt(0)! > 0xffff ? 2 : 1;
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
