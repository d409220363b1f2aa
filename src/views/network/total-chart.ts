import { BUCKET_COUNT } from '../../data/rates/histories.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { compactRateText, type RateUnits, rateText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { putSparkline, renderChart } from '../../screen/widgets/chart.ts';
import { maximumOf, plainSamples, type Samples } from '../../screen/widgets/levels.ts';
import { FOREIGN_NAME, foreignTraffic, type HeaderView, totalsOf } from './header.ts';

const upBuckets = new Float64Array(BUCKET_COUNT);
const downBuckets = new Float64Array(BUCKET_COUNT);
const bucketSamples = plainSamples(upBuckets);
/** Braille has two samples per cell; each bucket is repeated to fill the width. */
const STRETCHED_LENGTH = 2 * 1024;
let upStretched = new Float64Array(0);
let downStretched = new Float64Array(0);
const MARGIN = 1;
const GAP = 3;
/** Minimum width of the sparkline beside interfaces. */
const SPARKLINE_MIN_WIDTH = 20;
/** Below this width no interfaces are listed beside the chart. */
const BESIDE_FROM_WIDTH = 70;
/** Of a sign, a blank and a rate. */
const RATE_WIDTH = 8;
const RATE_GAP = 2;
const NAME_MAX_WIDTH = 15;

/** Possible heights of the chart of the totals, so that it does not change line by line. 1 is a sparkline. */
const CHART_HEIGHTS: readonly number[] = [9, 7, 5, 1];
/** Free lines below the rows before the chart grows. */
const ROOM_TO_GROW = 3;

/**
 * Height of the chart of the totals. `free` is the number of free lines below the rows while the chart has `current`
 * lines. It shrinks as soon as a row needs the line, and grows only with a few lines to spare, so that it does not
 * flicker.
 */
export function chartHeightFor(free: number, current: number): number {
  const room = free + current;
  for (const height of CHART_HEIGHTS) {
    if (height === 1 || (height <= current ? height <= room : height + ROOM_TO_GROW <= room)) return height;
  }
  return 1;
}

/** Draws the totals of the last sixty seconds and the interfaces: a sparkline on one line, otherwise a chart. */
export function renderTotals(area: Rect, buffer: Buffer, view: HeaderView): void {
  if (area.height < 1) return;
  const { rates, slot } = totalsOf(view);
  rates.bucketsInto(slot, upBuckets, downBuckets);
  if (area.height === 1) renderSparklineRow(area, buffer, view);
  else renderMirror(area, buffer, view);
}

/** Draws the sum of both directions, then the rates of each interface. The sparkline shrinks to make room for them. */
function renderSparklineRow(area: Rect, buffer: Buffer, view: HeaderView): void {
  const { theme } = view;
  const room = area.width - 2 * MARGIN;
  let interfaces = 0;
  const lines = trafficLines(view, buffer.isAscii);
  for (const { width } of lines) {
    const wider = interfaces + GAP + width;
    if (room - wider < SPARKLINE_MIN_WIDTH) break;
    interfaces = wider;
  }
  for (let i = 0; i < BUCKET_COUNT; i++) upBuckets[i]! += downBuckets[i]!;
  const width = Math.max(0, Math.min(BUCKET_COUNT, Math.max(room - interfaces, SPARKLINE_MIN_WIDTH), room));
  putSparkline(buffer, area.x + MARGIN, area.y, width, 1, bucketSamples, Number.NaN, theme.graphRamp);
  renderBeside(area, area.x + MARGIN + width + GAP, buffer, lines, theme);
}

/** Draws upload above the time axis and download below it, each with its own scale, and the interfaces beside them. */
function renderMirror(area: Rect, buffer: Buffer, view: HeaderView): void {
  const { theme, units } = view;
  const half = (area.height - 1) >> 1;
  const lines = area.width >= BESIDE_FROM_WIDTH ? trafficLines(view, buffer.isAscii) : [];
  const nameWidth = Math.min(NAME_MAX_WIDTH, Math.max(0, ...lines.map(({ name }) => cellWidth(name))));
  const rateWidth = RATE_WIDTH + (buffer.isAscii ? 1 : 0);
  const listWidth = lines.length === 0 ? 0 : nameWidth + 2 * (rateWidth + RATE_GAP) + GAP;
  const width = Math.max(0, area.width - 2 * MARGIN - listWidth);
  const x = area.x + MARGIN;
  const length = Math.min(2 * width, STRETCHED_LENGTH);
  if (length > upStretched.length) {
    upStretched = new Float64Array(length);
    downStretched = new Float64Array(length);
  }
  const up = stretched(upBuckets, upStretched, length);
  const down = stretched(downBuckets, downStretched, length);
  const chart = { maximum: Number.NaN, theme };
  const upArea = rect(x, area.y, width, half);
  const downArea = rect(x, area.y + half + 1, width, half);
  renderChart(upArea, buffer, { ...chart, samples: up, ramp: theme.uploadRamp });
  renderChart(downArea, buffer, { ...chart, samples: down, ramp: theme.downloadRamp, isHanging: true });
  renderTimeAxis(rect(x, area.y + half, width, 1), buffer, view);
  const peak = (samples: Samples) => rateText(maximumOf(samples, 2 * width), units);
  buffer.put(x, area.y, `${buffer.isAscii ? 'up' : '▲'} peak ${peak(up)} `, theme.dim, width);
  buffer.put(
    x,
    area.y + area.height - 1,
    `${buffer.isAscii ? 'dn' : '▼'} peak ${peak(down)} `,
    theme.dim,
    width,
  );
  const list = rect(x + width + GAP, area.y, listWidth - GAP, area.height);
  if (lines.length > 0) renderLines(list, buffer, lines, nameWidth, rateWidth, view);
}

/** Spreads the buckets over `count` samples. */
function stretched(buckets: Float64Array, into: Float64Array, count: number): Samples {
  for (let i = 0; i < count; i++) into[i] = buckets[Math.floor((i * BUCKET_COUNT) / count)]!;
  return { ...plainSamples(into), newest: count - 1, count };
}

/** `60 s ──────── 30 s ──────── now`. */
function renderTimeAxis(area: Rect, buffer: Buffer, { theme }: HeaderView): void {
  buffer.fill(area, theme.border, buffer.isAscii ? 0x2d : 0x2500);
  const put = (text: string, from: number): void => {
    buffer.put(
      area.x + Math.max(0, Math.min(from, area.width - text.length)),
      area.y,
      text,
      theme.dim,
      area.width,
    );
  };
  put('60 s ', 0);
  put(' 30 s ', (area.width >> 1) - 3);
  put(' now', area.width);
}

/** Rates of an interface, or of all other network namespaces. */
interface TrafficLine {
  readonly name: string;
  readonly up: string;
  readonly down: string;
  readonly width: number;
  readonly isChosen: boolean;
}

function lineOf(
  name: string,
  up: number,
  down: number,
  isChosen: boolean,
  units: RateUnits,
  isAscii: boolean,
): TrafficLine {
  const upText = `${isAscii ? 'up' : '▲'} ${compactRateText(up, units)}`;
  const downText = `${isAscii ? 'dn' : '▼'} ${compactRateText(down, units)}`;
  return {
    ...{ name, isChosen, up: upText, down: downText },
    width: cellWidth(name) + upText.length + downText.length + 2,
  };
}

/** The interfaces that are up, the chosen or busiest one first. Traffic of other network namespaces comes second. */
function trafficLines(view: HeaderView, isAscii: boolean): readonly TrafficLine[] {
  const { section, rates } = view.data;
  const { smoothTx, smoothRx } = rates.interfaces;
  const lines = interfaceOrder(view).map((slot) =>
    lineOf(
      section.interfaces.names[slot]!,
      smoothTx[slot] ?? Number.NaN,
      smoothRx[slot] ?? Number.NaN,
      isChosen(view, slot),
      view.units,
      isAscii,
    ),
  );
  const foreign = foreignTraffic(view);
  if (foreign !== undefined)
    lines.splice(1, 0, lineOf(FOREIGN_NAME, foreign.up, foreign.down, false, view.units, isAscii));
  return lines;
}

/** Draws them side by side, as many as fit whole. */
function renderBeside(
  area: Rect,
  from: number,
  buffer: Buffer,
  lines: readonly TrafficLine[],
  theme: Theme,
): void {
  let x = from;
  for (const { name, up, down, width, isChosen } of lines) {
    if (x + width > area.x + area.width - MARGIN) return;
    x = buffer.put(x, area.y, name, isChosen ? theme.accent : theme.dim) + 1;
    x = buffer.put(x, area.y, up, theme.upload) + 1;
    x = buffer.put(x, area.y, down, theme.download) + GAP;
  }
}

/** Draws them one per line; the last line says how many more there are. */
function renderLines(
  area: Rect,
  buffer: Buffer,
  lines: readonly TrafficLine[],
  nameWidth: number,
  rateWidth: number,
  { theme }: HeaderView,
): void {
  const shown = lines.length > area.height ? area.height - 1 : lines.length;
  for (const [row, { name, up, down, isChosen }] of lines.slice(0, shown).entries()) {
    const y = area.y + row;
    const upX = area.x + nameWidth + RATE_GAP;
    const nameStyle = isChosen ? theme.accent : theme.dim;
    putAligned(buffer, area.x, y, nameWidth, 'left', name, nameStyle);
    putRate(buffer, upX, y, rateWidth, up, theme.upload);
    putRate(buffer, upX + rateWidth + RATE_GAP, y, rateWidth, down, theme.download);
  }
  if (shown < lines.length) {
    buffer.put(area.x, area.y + shown, `${lines.length - shown} more`, theme.dim, area.width);
  }
}

/** The sign at the left, the figure at the right. */
function putRate(buffer: Buffer, x: number, y: number, width: number, text: string, style: Style): void {
  const [sign = '', figure = ''] = text.split(' ');
  buffer.put(x, y, sign, style);
  buffer.put(x + width - figure.length, y, figure, style);
}

function isChosen({ data, scope }: HeaderView, slot: number): boolean {
  return data.section.interfaces.index[slot] === scope.interfaceIndex;
}

function interfaceOrder(view: HeaderView): readonly number[] {
  const { interfaces } = view.data.section;
  const { smoothTx, smoothRx } = view.data.rates.interfaces;
  const weight = (slot: number): number => {
    if (isChosen(view, slot)) return Number.POSITIVE_INFINITY;
    const rate = (smoothTx[slot] ?? 0) + (smoothRx[slot] ?? 0);
    return (interfaces.isUplink[slot] === 1 ? 1e15 : 0) + (Number.isNaN(rate) ? 0 : Math.round(rate / 1024));
  };
  const slots = Array.from(interfaces.slots.rows.subarray(0, interfaces.slots.count));
  return slots
    .filter((slot) => interfaces.isUp[slot] === 1)
    .sort((a, b) => weight(b) - weight(a) || interfaces.index[a]! - interfaces.index[b]!);
}
