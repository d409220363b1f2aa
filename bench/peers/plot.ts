/** One bar: of whom, and how much; NaN is left out. */
interface Bar {
  readonly name: string;
  readonly value: number;
  readonly isOurs: boolean;
}

/** Bars of one figure. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 420;
const NAME_WIDTH = 110;
const VALUE_WIDTH = 60;
const ROW = 18;
const TITLE = 26;
const GAP = 14;
const COLUMNS = 2;
const OURS = '#2959aa';
const THEIRS = '#8a8f9c';

/** Panels of horizontal bars, two in a row, as SVG: each panel has a scale of its own, from 0. */
export function barPlot(panels: readonly Panel[]): string {
  const heights = panels.map(({ bars }) => TITLE + bars.length * ROW + GAP);
  const parts: string[] = [];
  let y = GAP;
  for (let at = 0; at < panels.length; at += COLUMNS) {
    const row = panels.slice(at, at + COLUMNS);
    for (const [column, panel] of row.entries()) parts.push(panelSvg(panel, GAP + column * (WIDTH + GAP), y));
    y += Math.max(...heights.slice(at, at + COLUMNS));
  }
  const width = COLUMNS * (WIDTH + GAP) + GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function panelSvg({ title, bars }: Panel, x: number, y: number): string {
  const shown = bars.filter(({ value }) => Number.isFinite(value));
  const most = Math.max(1e-9, ...shown.map(({ value }) => value));
  const room = WIDTH - NAME_WIDTH - VALUE_WIDTH;
  const lines = shown.map(({ name, value, isOurs }, at) => {
    const top = y + TITLE + at * ROW;
    const length = Math.max(1, (value / most) * room).toFixed(1);
    const text = top + ROW - 6;
    return [
      `<text x="${x + NAME_WIDTH - 6}" y="${text}" text-anchor="end" fill="#343b58">${escaped(name)}</text>`,
      `<rect x="${x + NAME_WIDTH}" y="${top + 2}" width="${length}" height="${ROW - 5}" fill="${isOurs ? OURS : THEIRS}"/>`,
      `<text x="${(x + NAME_WIDTH + Number(length) + 4).toFixed(1)}" y="${text}" fill="#343b58">${figure(value)}</text>`,
    ].join('\n');
  });
  const heading = `<text x="${x}" y="${y + 14}" font-weight="bold" fill="#343b58">${escaped(title)}</text>`;
  return [heading, ...lines].join('\n');
}

/** Three digits, without a unit; `-` for what was not measured. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
