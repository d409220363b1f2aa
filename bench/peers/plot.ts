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
export function barPlot(title: string, panels: readonly Panel[]): string {
  const heights = panels.map(({ bars }) => TITLE + bars.length * ROW + GAP);
  const parts: string[] = [];
  let y = GAP;
  for (let at = 0; at < panels.length; at += COLUMNS) {
    const row = panels.slice(at, at + COLUMNS);
    for (const [column, panel] of row.entries()) parts.push(panelSvg(panel, GAP + column * (WIDTH + GAP), y));
    y += Math.max(...heights.slice(at, at + COLUMNS));
  }
  return svgOf(title, y, parts);
}

/** A picture as wide as two panels, on white. */
function svgOf(title: string, height: number, parts: readonly string[]): string {
  const width = COLUMNS * (WIDTH + GAP) + GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
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

/** A table in Markdown: names on the left, figures on the right. */
export function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')}\n`;
}

/** One line of a plot: its points from left to right. */
export interface Curve {
  readonly title: string;
  /** What the horizontal axis counts. */
  readonly unit: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const PLOT_HEIGHT = 200;
const AXIS = 34;

/** One plot for each curve, two in a row, as SVG: both axes are logarithmic, so that cost in proportion is a slope of one. */
export function curvePlot(title: string, curves: readonly Curve[]): string {
  const height = Math.ceil(curves.length / COLUMNS) * (PLOT_HEIGHT + GAP) + GAP;
  const parts = curves.map((curve, at) =>
    curveSvg(
      curve,
      GAP + (at % COLUMNS) * (WIDTH + GAP),
      GAP + Math.floor(at / COLUMNS) * (PLOT_HEIGHT + GAP),
    ),
  );
  return svgOf(title, height, parts);
}

function curveSvg({ title, unit, points }: Curve, x: number, y: number): string {
  const across = scaleOf(
    points.map((point) => point.x),
    x + AXIS,
    x + WIDTH - AXIS,
  );
  const up = scaleOf(
    points.map((point) => point.y),
    y + PLOT_HEIGHT - AXIS,
    y + TITLE + GAP,
  );
  const line = points.map((point) => `${across(point.x)},${up(point.y)}`).join(' ');
  return [
    `<text x="${x}" y="${y + 14}" font-weight="bold" fill="#343b58">${escaped(title)}</text>`,
    `<polyline points="${line}" fill="none" stroke="${OURS}" stroke-width="2"/>`,
    ...points.flatMap((point) => [
      `<circle cx="${across(point.x)}" cy="${up(point.y)}" r="3" fill="${OURS}"/>`,
      `<text x="${across(point.x)}" y="${Number(up(point.y)) - 7}" text-anchor="middle" fill="#343b58">${figure(point.y)}</text>`,
      `<text x="${across(point.x)}" y="${y + PLOT_HEIGHT - 12}" text-anchor="middle" fill="${THEIRS}">${point.x}</text>`,
    ]),
    `<text x="${x + WIDTH}" y="${y + PLOT_HEIGHT}" text-anchor="end" fill="${THEIRS}">${escaped(unit)}</text>`,
  ].join('\n');
}

/** From values to places between two ends, by their logarithms. */
function scaleOf(values: readonly number[], from: number, to: number): (value: number) => string {
  const least = Math.log(Math.min(...values));
  const span = Math.log(Math.max(...values)) - least || 1;
  return (value) => (from + ((Math.log(value) - least) / span) * (to - from)).toFixed(1);
}
