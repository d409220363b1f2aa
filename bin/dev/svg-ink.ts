/** Size of a cell in user units, and where its text stands; whole numbers, so that edges fall on pixels. */
export const CELL_WIDTH = 9;
export const CELL_HEIGHT = 19;
/** From the cell's top to the baseline of its text. */
export const BASELINE = 15;

/** A row's origin is the baseline at its left edge: texts need no y. */
const TOP = -BASELINE;
const DOT_COLUMNS = 2;
const DOT_ROWS = 4;
const DOT_PITCH_X = CELL_WIDTH / DOT_COLUMNS;
const DOT_PITCH_Y = CELL_HEIGHT / DOT_ROWS;
const DOT_SIZE = 2.8;
/** A line of length 0 has no dashes everywhere, so that a row of dots ends a trifle behind the last. */
const DOT_END = 0.1;

interface Strip {
  left: number;
  readonly top: number;
  width: number;
  readonly height: number;
}

/** What is drawn in one colour in one row of cells: neighbours of the same shape become one. */
class Ink {
  readonly #strips: Strip[] = [];
  /** First and last dot of each run, by row of dots. */
  readonly #dots: [first: number, last: number][][] = Array.from({ length: DOT_ROWS }, () => []);
  polygons = '';
  curves = '';

  addStrip(left: number, top: number, width: number, height: number): void {
    const last = this.#strips.findLast((strip) => strip.top === top && strip.height === height);
    if (last !== undefined && last.left + last.width === left) last.width += width;
    else this.#strips.push({ left, top, width, height });
  }

  addDot(column: number, row: number): void {
    const runs = this.#dots[row]!;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === column - 1) last[1] = column;
    else runs.push([column, column]);
  }

  svg(color: string): string {
    const strips = this.#strips.map(stripPath).join('');
    const dots = this.#dots.map((runs, row) => runs.map((run) => dotsPath(run, row)).join('')).join('');
    return (
      (strips === '' ? '' : `<path fill="${color}" d="${strips}"/>`) +
      (this.polygons === '' ? '' : `<path class="s" fill="${color}" d="${this.polygons}"/>`) +
      (this.curves === '' ? '' : `<path class="s" fill="none" stroke="${color}" d="${this.curves}"/>`) +
      (dots === '' ? '' : `<path class="d" stroke="${color}" d="${dots}"/>`)
    );
  }
}

/** Colour by colour what is drawn, not written, in one row of cells; x and y are within the row's box of cells. */
export class RowInk {
  readonly #inks = new Map<string, Ink>();

  /** A rectangle; y from the cell's top. */
  rectangle(color: string, x: number, y: number, width: number, height: number): void {
    this.#of(color).addStrip(x, TOP + y, width, height);
  }

  /** A closed polygon, its points from the cell's top left corner. */
  polygon(color: string, x: number, points: readonly (readonly [number, number])[]): void {
    const path = points.map(([px, py]) => `${short(x + px)} ${short(TOP + py)}`).join('L');
    this.#of(color).polygons += `M${path}z`;
  }

  circle(color: string, x: number, y: number, radius: number): void {
    const arc = (sweepTo: number): string => `a${radius} ${radius} 0 1 1 ${short(sweepTo)} 0`;
    const start = `M${short(x - radius)} ${short(TOP + y)}`;
    this.#of(color).polygons += `${start}${arc(2 * radius)}${arc(-2 * radius)}z`;
  }

  /** An open line one unit wide; `path` is relative to the point given. */
  curve(color: string, x: number, y: number, path: string): void {
    this.#of(color).curves += `M${short(x)} ${short(TOP + y)}${path}`;
  }

  /** A dot of a braille cell, by column of dots in the whole row (two a cell) and row of dots (four). */
  dot(color: string, column: number, row: number): void {
    this.#of(color).addDot(column, row);
  }

  svg(): string {
    return Array.from(this.#inks, ([color, ink]) => ink.svg(color)).join('');
  }

  #of(color: string): Ink {
    let ink = this.#inks.get(color);
    if (ink === undefined) {
      ink = new Ink();
      this.#inks.set(color, ink);
    }
    return ink;
  }
}

/**
 * What the classes stand for: strips have sharp edges, `s` is smooth, `d` is a row of dots (dashes of length 0 with
 * round ends, one each half cell).
 */
export const INK_STYLE =
  `path{shape-rendering:crispEdges}.s,.d{shape-rendering:auto}` +
  `.d{fill:none;stroke-width:${DOT_SIZE};stroke-linecap:round;stroke-dasharray:0 ${DOT_PITCH_X}}`;

/** A number with at most two decimals, as short as it gets. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100).replace(/^(-?)0\./, '$1.');
}

function stripPath({ left, top, width, height }: Strip): string {
  return `M${short(left)} ${short(top)}h${short(width)}v${short(height)}h${short(-width)}z`;
}

function dotsPath([first, last]: readonly [number, number], row: number): string {
  const x = (first + 0.5) * DOT_PITCH_X;
  const y = TOP + (row + 0.5) * DOT_PITCH_Y;
  return `M${short(x)} ${short(y)}h${short((last - first) * DOT_PITCH_X + DOT_END)}`;
}
