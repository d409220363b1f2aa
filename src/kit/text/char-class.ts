import { codePointWidth } from './cluster-width.ts';
import { isRefused } from './refused.ts';

/** One column, joins with nothing, and every terminal agrees. */
export const NARROW = 1;
/** Two columns, joins with nothing, and every terminal agrees. */
export const WIDE = 2;
/** May join its neighbours, takes no column, lies past U+FFFF, or terminals disagree: ask for the clusters. */
export const COMPLEX = 3;
/** Never shown (see refused.ts). */
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
for (const mark of '·°…←↑→↓▲▼▸●') prefill(mark.charCodeAt(0), mark.charCodeAt(0), NARROW);
prefill(0x4e00, 0x9fff, WIDE);
prefill(0xac00, 0xd7a3, WIDE);

/** The class of one UTF-16 code unit; surrogates, lone or not, are COMPLEX. */
export function charClass(unit: number): number {
  const known = classes[unit]!;
  return known !== 0 ? known : classify(unit);
}

function classify(unit: number): number {
  const found = classOf(unit);
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
