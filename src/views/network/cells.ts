import { HISTORY_LENGTH, type Trend, trendOfHistory } from '../../data/rates/histories.ts';
import type { OwnerTable } from '../../data/sample/network-section.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import { commandTail } from '../../kit/text/command-text.ts';
import {
  AsciiText,
  formatAge,
  formatBytes,
  formatBytesCompact,
  formatInteger,
  formatRateCompact,
  formatTenths,
  type RateUnits,
} from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { PLAIN_STYLE, type Style } from '../../screen/style/style.ts';
import { type Theme, usageStyle } from '../../screen/style/theme.ts';
import { type Alignment, putAligned, putFigure, putTail } from '../../screen/widgets/aligned-text.ts';
import { putSparkline } from '../../screen/widgets/chart.ts';
import { plainSamples, rampStyle } from '../../screen/widgets/levels.ts';
import { putBar, putMeter } from '../../screen/widgets/meter.ts';

const RATE_TEXT_WIDTH = 6;
const PERCENT_TEXT_WIDTH = 6;
const MICRO = 0xb5;
/** Meters are not drawn below this width. */
const METER_MIN_WIDTH = 3;
/** Bars need this width; both directions get bars at the same table widths. */
const BAR_MIN_WIDTH = 5;
const BAR_MAX_WIDTH = 24;
/** Width of a rate with the longest bar. */
export const RATE_WIDE_WIDTH = RATE_TEXT_WIDTH + 1 + BAR_MAX_WIDTH;
/** Minimum room beside a name for the rest of its command line. */
const COMMAND_MIN_WIDTH = 10;
const COMMAND_GAP = 2;

const scratch = new AsciiText();

/**
 * Draws one cell of a table and is moved from cell to cell, so that drawing allocates nothing. It records the widest
 * content; while measuring, it draws nothing. Bars and the command line beside a name use spare width and count as
 * nothing.
 */
export class CellPen {
  buffer!: Buffer;
  x = 0;
  y = 0;
  width = 0;
  isMeasuring = false;
  /** Width of the widest content since it was last set, in cells. */
  need = 0;
  readonly theme: Theme;
  readonly ascii: boolean;
  readonly units: RateUnits;

  constructor(theme: Theme, ascii: boolean, units: RateUnits) {
    this.theme = theme;
    this.ascii = ascii;
    this.units = units;
  }

  moveTo(buffer: Buffer, x: number, y: number, width: number): void {
    this.isMeasuring = false;
    this.buffer = buffer;
    this.x = x;
    this.y = y;
    this.width = width;
  }

  /** Measures contents instead of drawing them, until `moveTo`. */
  measure(): void {
    this.isMeasuring = true;
    this.need = 0;
  }

  /** Records a width; true while measuring: nothing is to be drawn. */
  isMeasured(cells: number): boolean {
    if (cells > this.need) this.need = cells;
    return this.isMeasuring;
  }

  text(text: string, style: Style): void {
    this.#aligned('left', text, style);
  }

  #aligned(align: Alignment, text: string, style: Style): void {
    this.isMeasured(
      this.isMeasuring
        ? cellWidth(text)
        : putAligned(this.buffer, this.x, this.y, this.width, align, text, style),
    );
  }

  /** Draws a name, then as much of its command line as fits. */
  name(text: string, style: Style, commandLine: string | undefined, room = this.width, name = text): void {
    const needed = this.isMeasuring
      ? cellWidth(text)
      : putAligned(this.buffer, this.x, this.y, room, 'left', text, style);
    if (this.isMeasured(needed)) return;
    const { buffer, x, y, theme } = this;
    const left = room - needed - COMMAND_GAP;
    if (left < COMMAND_MIN_WIDTH || commandLine === undefined || commandLine === '') return;
    putAligned(buffer, x + room - left, y, left, 'left', commandTail(commandLine, name), theme.dim);
  }

  /** Draws a host with or without port, truncated on the left. */
  host(text: string, style: Style): void {
    const { buffer, x, y, width } = this;
    this.isMeasured(this.isMeasuring ? cellWidth(text) : putTail(buffer, x, y, width, text, style));
  }

  /** One character. */
  glyph(codePoint: number, style: Style): void {
    if (!this.isMeasured(1)) this.buffer.putCodePoint(this.x, this.y, codePoint, style);
  }

  protocol(isTcp: boolean): void {
    this.text(isTcp ? 'TCP' : 'UDP', isTcp ? this.theme.info : this.theme.special);
  }

  /** The PID of an owner, or a dash if it is not a process. */
  pid(owners: OwnerTable | undefined, owner: number): void {
    if (owners?.kind[owner] === OwnerKind.PROCESS) this.count(owners.pid[owner]!);
    else this.right(this.ascii ? '-' : '╶', this.theme.dim);
  }

  right(text: string, style: Style): void {
    this.#aligned('right', text, style);
  }

  /** A rate with its bar; `maximum` is the rate of a full bar. */
  rate(value: number, maximum: number, direction: 'up' | 'down'): void {
    if (this.isMeasured(RATE_TEXT_WIDTH)) return;
    const { theme } = this;
    const ramp = direction === 'up' ? theme.uploadRamp : theme.downloadRamp;
    const barWidth = Math.min(BAR_MAX_WIDTH, this.width - RATE_TEXT_WIDTH - 1);
    if (barWidth >= BAR_MIN_WIDTH && !Number.isNaN(maximum)) {
      putBar(this.buffer, this.x, this.y, barWidth, value, maximum, ramp);
    }
    scratch.clear();
    formatRateCompact(value, scratch, this.units);
    const style = direction === 'up' ? theme.upload : theme.download;
    this.#number(value > 0 ? style : theme.dim, Math.max(0, this.width - RATE_TEXT_WIDTH));
  }

  /** Bytes with their unit written out. */
  total(value: number, direction: 'up' | 'down'): void {
    this.bytes(value, direction === 'up' ? this.theme.upload : this.theme.download);
  }

  /** Bytes with their unit written out, in the style given. */
  bytes(value: number, style: Style): void {
    scratch.clear();
    formatBytes(value, scratch);
    this.#number(value > 0 ? style : this.theme.dim);
  }

  /** Bytes per second in six columns; 0 is dim. */
  compact(value: number, style: Style): void {
    scratch.clear();
    formatBytesCompact(value, scratch);
    this.#number(value > 0 ? style : this.theme.dim);
  }

  /** The same in the units chosen. */
  compactRate(value: number, style: Style): void {
    scratch.clear();
    formatRateCompact(value, scratch, this.units);
    this.#number(value > 0 ? style : this.theme.dim);
  }

  /** A percentage with one decimal, with a meter if there is room. */
  percent(value: number): void {
    // Values that round to 0.0 are dim.
    const isSomething = value >= 0.05;
    const meterWidth = this.width - PERCENT_TEXT_WIDTH - 1;
    if (!this.isMeasuring && meterWidth >= METER_MIN_WIDTH && isSomething) {
      const ink = rampStyle(this.theme.levelRamp, value, 100);
      putMeter(this.buffer, this.x, this.y, meterWidth, value, ink, undefined);
    }
    scratch.clear();
    formatTenths(value, scratch);
    const style = isSomething ? usageStyle(this.theme, value) : this.theme.dim;
    this.#number(style, Math.max(0, this.width - PERCENT_TEXT_WIDTH));
  }

  count(value: number): void {
    scratch.clear();
    formatInteger(value, scratch);
    this.#number(value > 0 ? this.theme.text : this.theme.dim);
  }

  /** A ratio as a percentage with one decimal; red from 2 % on. */
  share(share: number): void {
    scratch.clear();
    formatTenths(share * 100, scratch);
    const { bad, text, dim } = this.theme;
    this.#number(share >= 0.02 ? bad : share > 0 ? text : dim);
  }

  age(micros: number): void {
    scratch.clear();
    formatAge(micros, scratch);
    this.#number(micros > 0 ? this.theme.text : this.theme.dim);
  }

  /** Microseconds as `310µs` or `12ms`. */
  roundTrip(micros: number): void {
    scratch.clear();
    const isMillis = micros >= 1000;
    formatInteger(isMillis ? micros / 1000 : micros, scratch);
    if (!Number.isNaN(micros)) scratch.pushString(isMillis ? 'ms' : 'us');
    const style = micros > 0 ? this.theme.text : this.theme.dim;
    this.#number(style);
    if (this.isMeasuring || this.ascii || isMillis || Number.isNaN(micros) || scratch.length > this.width)
      return;
    this.buffer.putCodePoint(this.x + this.width - 2, this.y, MICRO, style);
  }

  #number(style: Style, indent = 0): void {
    if (this.isMeasured(scratch.length)) return;
    const { buffer, x, y, width } = this;
    putFigure(buffer, x + indent, y, width - indent, scratch.bytes, scratch.length, style);
  }
}

const MARKS: Readonly<Record<Trend, string>> = { up: '↑', down: '↓', flat: '→' };
const ASCII_MARKS: Readonly<Record<Trend, string>> = { up: '/', down: '\\', flat: '=' };

/** One-column sign of a trend. */
export function trendMark(trend: Trend, ascii: boolean): string {
  return (ascii ? ASCII_MARKS : MARKS)[trend];
}

/** Width of the trend sign and the blank before it. */
export const TREND_WIDTH = 2;
export const GRAPH_MIN_WIDTH = 7;

const history = new Float32Array(HISTORY_LENGTH);
const samples = plainSamples(history);
const rowRamp: Style[] = [PLAIN_STYLE];

interface GraphedRows {
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly sampleCount: number;
  /** Adds the row's last HISTORY_LENGTH rates, both directions together, oldest first. */
  addHistoryInto(row: number, out: Float32Array): void;
}

/** The colour fades with this power of the share of the largest: 500 B/s beside 1 MB/s is faint, 100 KB/s not. */
const FADING = 1 / 3;

/** The last samples, scaled to their own maximum, in the colour of the rate; then the trend unless it is idle. */
export function paintGraph(rows: GraphedRows, row: number, maximum: number, pen: CellPen): void {
  if (pen.isMeasured(GRAPH_MIN_WIDTH)) return;
  const { buffer, x, y, width, theme } = pen;
  const graphWidth = Math.min(width - TREND_WIDTH, HISTORY_LENGTH);
  rows.addHistoryInto(row, history.fill(0));
  // Rates before the first sample are unknown.
  history.fill(Number.NaN, 0, Math.max(0, Math.min(HISTORY_LENGTH, HISTORY_LENGTH + 1 - rows.sampleCount)));
  const share = Math.min(1, Math.max(rows.up[row]! || 0, rows.down[row]! || 0) / maximum);
  rowRamp[0] = rampStyle(theme.graphRamp, share ** FADING, 1);
  putSparkline(buffer, x, y, graphWidth, 1, samples, Number.NaN, rowRamp);
  if (!(rows.up[row]! + rows.down[row]! > 0)) return;
  const trend = trendOfHistory(history, rows.sampleCount);
  const style = trend === 'flat' ? theme.dim : theme.text;
  buffer.put(x + graphWidth + 1, y, trendMark(trend, buffer.isAscii), style);
}
