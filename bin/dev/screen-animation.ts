import { placeOf, type ScreenPicture, svgDocument } from './screen-svg.ts';

/** One picture of a film and how long it stands. */
export interface Frame {
  readonly picture: ScreenPicture;
  readonly millis: number;
}

/**
 * An SVG film that plays for ever by CSS alone, no script. Rows that several frames share are there once. Who has no
 * animation, or wants none (prefers-reduced-motion), sees the first frame. The frames are of one size.
 */
export function animatedSvg(frames: readonly Frame[], title: string): string {
  const first = frames[0];
  if (first === undefined) return '';
  const ids = new Map<string, string>();
  const pictures = frames.map(({ picture }, at) => {
    const uses = picture.rows.map((row, y) => (row === '' ? '' : useOf(row, y, ids)));
    return `<g class="f" id="f${at}">${uses.join('')}</g>`;
  });
  const rows = Array.from(ids, ([row, id]) => `<g id="${id}">${row}</g>`);
  const content = `<defs>\n${rows.join('\n')}\n</defs>\n${pictures.join('\n')}`;
  return svgDocument(first.picture, title, cssOf(frames), content);
}

function useOf(row: string, y: number, ids: Map<string, string>): string {
  const id = ids.get(row) ?? `r${ids.size.toString(36)}`;
  ids.set(row, id);
  return `<use href="#${id}" ${placeOf(y)}/>`;
}

/** Each frame has keyframes of its own, the same length for all; a value stands until the next (step-end). */
function cssOf(frames: readonly Frame[]): string {
  const total = frames.reduce((sum, { millis }) => sum + millis, 0);
  const percent = (millis: number): string => `${Math.round((millis / total) * 1e5) / 1e3}%`;
  let css = `.f{visibility:hidden;animation:${total}ms step-end infinite}#f0{visibility:visible}`;
  let start = 0;
  for (const [at, { millis }] of frames.entries()) {
    const end = start + millis;
    const before = at === 0 ? '' : '0%{visibility:hidden}';
    const after = at === frames.length - 1 ? '' : `${percent(end)}{visibility:hidden}`;
    css += `#f${at}{animation-name:k${at}}`;
    css += `@keyframes k${at}{${before}${percent(start)}{visibility:visible}${after}}`;
    start = end;
  }
  return `${css}@media(prefers-reduced-motion:reduce){.f{animation:none!important}}`;
}
