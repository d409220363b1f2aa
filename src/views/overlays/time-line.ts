import type { Figures, HistoryMoment } from '../../data/sample/snapshot.ts';
import { clockText, dateTimeText, rateText, tenthsText } from '../../kit/text/format.ts';
import { MOMENT_HINT, parseMoment, similarMoment } from '../../kit/text/moment.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { KeyEvent, MouseEvent } from '../../screen/input/event.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { type KeyHint, renderKeyHints } from '../../screen/widgets/key-hints.ts';
import { graphLevel } from '../../screen/widgets/levels.ts';
import { insertText, type TextInput, textInput, updateTextInput } from '../../screen/widgets/text-input.ts';
import { renderPromptLine } from './prompt-line.ts';

/** State of the time line over a history. Times are wall times in milliseconds. */
export interface TimeLine {
  /** In recording order; at least one. */
  readonly moments: readonly HistoryMoment[];
  /** The visible part. */
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly cursorMillis: number;
  /** The time being typed. */
  readonly input: TextInput | undefined;
  /** Why the typed text is not a time. */
  readonly error: string | undefined;
}

/** The time line after an input, and the time to go to. */
export interface TimeLineStep {
  /** Undefined: closed. */
  readonly timeLine: TimeLine | undefined;
  readonly goTo?: number;
}

const STRIPS: readonly { readonly label: string; readonly figure: keyof Figures; readonly most: number }[] = [
  { label: 'CPU', figure: 'cpuPercent', most: 100 },
  { label: 'Memory', figure: 'memoryPercent', most: 100 },
  { label: 'Pressure', figure: 'pressurePercent', most: 100 },
  // To the highest that is on the screen.
  { label: 'Network', figure: 'networkBytesPerSecond', most: Number.NaN },
];
/** Height: a rule, the strips, the axis, and the keys. */
const HEIGHT = STRIPS.length + 3;
const LABEL_WIDTH = 10;
const PAGE_COLUMNS = 10;
const ZOOM = 2;
const LEAST_SPAN_MILLIS = 60_000;
/** Minimum distance between marks of the axis. */
const MARK_CELLS = 22;
const STEPS = '▁▂▃▄▅▆▇█';
const ASCII_STEPS = '.:-=+*#%';
/** Most important first. */
const keysOf = (isAscii: boolean): readonly KeyHint[] => [
  { key: 'Enter', label: 'close' },
  { key: isAscii ? 'Left/Right' : '←→', label: 'move' },
  { key: isAscii ? 'Up/Down' : '↑↓', label: 'zoom' },
  { key: '/', label: 'time' },
  { key: '0', label: 'now' },
  { key: '[ ]', label: 'one sample' },
  { key: 'PgUp PgDn', label: 'page' },
];

/** Opens the time line at a wall time; NaN: at the end. Undefined: the history is empty. */
export function openTimeLine(moments: readonly HistoryMoment[], atMillis: number): TimeLine | undefined {
  if (moments.length === 0) return undefined;
  const fromMillis = moments.reduce((least, { wallMillis }) => Math.min(least, wallMillis), Infinity);
  const lastMillis = moments.reduce((most, { wallMillis }) => Math.max(most, wallMillis), 0);
  const toMillis = Math.max(lastMillis, fromMillis + LEAST_SPAN_MILLIS);
  const cursorMillis = Number.isNaN(atMillis) ? lastMillis : bounded(atMillis, fromMillis, lastMillis);
  return { moments, fromMillis, toMillis, cursorMillis, input: undefined, error: undefined };
}

/** Area on the screen, above the footer. */
export function timeLineArea({ width, height }: { readonly width: number; readonly height: number }): Rect {
  const rows = Math.min(HEIGHT, Math.max(0, height - 1));
  return rect(0, height - 1 - rows, width, rows);
}

/** Handles a key; the time line takes all keys. `width`: of the screen. */
export function pressKeyInTimeLine(timeLine: TimeLine, key: KeyEvent, width: number): TimeLineStep {
  if (timeLine.input !== undefined) return typeTime(timeLine, timeLine.input, key);
  const column = (timeLine.toMillis - timeLine.fromMillis) / columnsOf(width);
  const { cursorMillis, moments } = timeLine;
  switch (key.chord) {
    case 'left':
      return moved(timeLine, cursorMillis - column);
    case 'right':
      return moved(timeLine, cursorMillis + column);
    case 'pageup':
      return moved(timeLine, cursorMillis - column * PAGE_COLUMNS);
    case 'pagedown':
      return moved(timeLine, cursorMillis + column * PAGE_COLUMNS);
    case 'home':
      return moved(timeLine, Number.NEGATIVE_INFINITY);
    case 'end':
      return moved(timeLine, Number.POSITIVE_INFINITY);
    case '[':
      return moved(timeLine, moments[momentBefore(moments, cursorMillis - 1)]?.wallMillis ?? cursorMillis);
    case ']':
      return moved(
        timeLine,
        moments.find((each) => each.wallMillis > cursorMillis)?.wallMillis ?? cursorMillis,
      );
    case 'up':
    case '+':
      return { timeLine: zoomed(timeLine, 1 / ZOOM) };
    case 'down':
    case '-':
      return { timeLine: zoomed(timeLine, ZOOM) };
    case '/':
      return { timeLine: { ...timeLine, input: textInput(''), error: undefined } };
    case 'enter':
    case 'escape':
      return { timeLine: undefined };
    default:
      return { timeLine };
  }
}

/** Pasted text is added to the time being typed. */
export function pasteIntoTimeLine(timeLine: TimeLine, text: string): TimeLine {
  if (timeLine.input === undefined) return timeLine;
  return { ...timeLine, input: insertText(timeLine.input, text), error: undefined };
}

/** Handles the mouse; undefined: outside its area. */
export function pointAtTimeLine(
  timeLine: TimeLine,
  { action, button, x, y }: MouseEvent,
  screen: { readonly width: number; readonly height: number },
): TimeLineStep | undefined {
  const area = timeLineArea(screen);
  if (y < area.y || y >= area.y + area.height) return undefined;
  const columns = columnsOf(screen.width);
  const column = (timeLine.toMillis - timeLine.fromMillis) / columns;
  if (action === 'wheel-up') return moved(timeLine, timeLine.cursorMillis - column);
  if (action === 'wheel-down') return moved(timeLine, timeLine.cursorMillis + column);
  const isHeld = (action === 'press' || action === 'drag') && button === 'left';
  if (!isHeld || x < LABEL_WIDTH) return { timeLine };
  return moved(timeLine, timeLine.fromMillis + (x - LABEL_WIDTH + 0.5) * column);
}

/** Moves the cursor to the position of playback. */
export function followedTimeLine(timeLine: TimeLine, wallMillis: number): TimeLine {
  return Number.isNaN(wallMillis) ? timeLine : moved(timeLine, wallMillis).timeLine!;
}

function typeTime(timeLine: TimeLine, input: TextInput, key: KeyEvent): TimeLineStep {
  if (key.chord === 'escape' || key.chord === 'ctrl+c') {
    return { timeLine: { ...timeLine, input: undefined, error: undefined } };
  }
  if (key.chord === 'enter') {
    const last = timeLine.moments.at(-1)!.wallMillis;
    const found = parseMoment(input.text, last);
    if (found !== undefined) return moved({ ...timeLine, input: undefined, error: undefined }, found);
    const similar = similarMoment(input.text);
    const error = similar === undefined ? `Accepted: ${MOMENT_HINT}` : `Did you mean ${similar}?`;
    return { timeLine: { ...timeLine, error } };
  }
  const edited = updateTextInput(input, key);
  return { timeLine: edited === undefined ? timeLine : { ...timeLine, input: edited, error: undefined } };
}

/** Moves the cursor within the history and scrolls along. */
function moved(timeLine: TimeLine, wallMillis: number): TimeLineStep & { readonly goTo: number } {
  const { moments, fromMillis, toMillis } = timeLine;
  const cursorMillis = bounded(wallMillis, firstOf(moments), lastOf(moments));
  const shift =
    cursorMillis < fromMillis
      ? cursorMillis - fromMillis
      : cursorMillis > toMillis
        ? cursorMillis - toMillis
        : 0;
  return {
    timeLine: { ...timeLine, cursorMillis, fromMillis: fromMillis + shift, toMillis: toMillis + shift },
    goTo: cursorMillis,
  };
}

/** Around the cursor, not beyond the history. */
function zoomed(timeLine: TimeLine, factor: number): TimeLine {
  const { moments, cursorMillis, fromMillis, toMillis } = timeLine;
  const least = firstOf(moments);
  const most = Math.max(lastOf(moments), least + LEAST_SPAN_MILLIS);
  const span = bounded((toMillis - fromMillis) * factor, LEAST_SPAN_MILLIS, most - least);
  const share = (cursorMillis - fromMillis) / (toMillis - fromMillis);
  const from = bounded(cursorMillis - span * share, least, most - span);
  return { ...timeLine, fromMillis: from, toMillis: from + span };
}

function firstOf(moments: readonly HistoryMoment[]): number {
  return moments[0]!.wallMillis;
}

function lastOf(moments: readonly HistoryMoment[]): number {
  return moments.at(-1)!.wallMillis;
}

function bounded(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function columnsOf(width: number): number {
  return Math.max(1, width - LABEL_WIDTH - 1);
}

/** Index of the last moment that is not later; -1 if all are later. */
function momentBefore(moments: readonly HistoryMoment[], wallMillis: number): number {
  return moments.findLastIndex((each) => each.wallMillis <= wallMillis);
}

export function renderTimeLine(
  screen: Rect,
  buffer: Buffer,
  { timeLine, theme }: { readonly timeLine: TimeLine; readonly theme: Theme },
): void {
  const area = timeLineArea(screen);
  if (area.height < HEIGHT || area.width <= LABEL_WIDTH) return;
  buffer.fill(area, theme.base);
  const { moments, cursorMillis, input, error } = timeLine;
  const rule = buffer.isAscii ? '-' : '─';
  buffer.put(area.x, area.y, rule.repeat(area.width), theme.border, area.width);
  const moment = moments[momentBefore(moments, cursorMillis)] ?? moments[0]!;
  buffer.put(area.x + 1, area.y, ` ${titleOf(moment, cursorMillis, area.width - 4)} `, theme.title);
  const columns = columnsOf(area.width);
  const cursor = columnAt(timeLine, cursorMillis, columns);
  for (const [row, strip] of STRIPS.entries()) {
    const y = area.y + 1 + row;
    buffer.put(area.x + 1, y, strip.label, theme.dim, LABEL_WIDTH - 1);
    renderStrip(rect(area.x + LABEL_WIDTH, y, columns, 1), buffer, timeLine, strip, theme);
  }
  buffer.restyle(rect(area.x + LABEL_WIDTH + cursor, area.y + 1, 1, STRIPS.length), theme.selection);
  const axisY = area.y + 1 + STRIPS.length;
  renderAxis(rect(area.x + LABEL_WIDTH, axisY, columns, 1), buffer, timeLine, theme.dim);
  const last = rect(area.x, axisY + 1, area.width, 1);
  if (input === undefined) {
    renderKeyHints(last, buffer, keysOf(buffer.isAscii), theme);
  } else {
    const fault = error === undefined ? undefined : { from: 0, to: input.text.length, message: error };
    renderPromptLine(last, buffer, { label: 'go to', input, note: MOMENT_HINT, error: fault, theme });
  }
}

/** The time, and as many figures as fit whole. */
function titleOf(moment: HistoryMoment, cursorMillis: number, width: number): string {
  const percent = (value: number): string => (Number.isNaN(value) ? '-' : `${tenthsText(value)} %`);
  const network = moment.networkBytesPerSecond;
  const figures = [
    `CPU ${percent(moment.cpuPercent)}`,
    `memory ${percent(moment.memoryPercent)}`,
    `pressure ${percent(moment.pressurePercent)}`,
    `network ${Number.isNaN(network) ? '-' : rateText(network)}`,
  ];
  let title = dateTimeText(cursorMillis);
  for (const figure of figures) if (title.length + 2 + figure.length <= width) title += `  ${figure}`;
  return title;
}

function columnAt({ fromMillis, toMillis }: TimeLine, wallMillis: number, columns: number): number {
  const share = (wallMillis - fromMillis) / (toMillis - fromMillis);
  return Math.floor(bounded(share * columns, 0, columns - 1));
}

function renderStrip(
  area: Rect,
  buffer: Buffer,
  timeLine: TimeLine,
  { figure, most }: (typeof STRIPS)[number],
  theme: Theme,
): void {
  const values = highest(timeLine, figure, area.width);
  const highestOfAll = values.reduce((top, value) => (value > top ? value : top), 0);
  const scale = Number.isNaN(most) ? highestOfAll : most;
  const ramp = Number.isNaN(most) ? theme.downloadRamp : theme.levelRamp;
  const steps = buffer.isAscii ? ASCII_STEPS : STEPS;
  for (let column = 0; column < area.width; column++) {
    const level = graphLevel(values[column]!, scale, steps.length);
    if (level === 0) continue;
    const style = ramp.at(Math.round(((level - 1) / (steps.length - 1)) * (ramp.length - 1)));
    buffer.put(area.x + column, area.y, steps[level - 1]!, style);
  }
}

/** The most in each column, so that no spike is missed. A sample lasts until the next, but for gaps; NaN: none. */
function highest(timeLine: TimeLine, figure: keyof Figures, columns: number): Float64Array {
  const values = new Float64Array(columns).fill(Number.NaN);
  const { moments, fromMillis, toMillis } = timeLine;
  for (const [index, { wallMillis, [figure]: value }] of moments.entries()) {
    const endMillis = isGapAfter(moments, index) ? wallMillis : moments[index + 1]!.wallMillis;
    if (endMillis < fromMillis || wallMillis > toMillis) continue;
    const first = columnAt(timeLine, wallMillis, columns);
    const end = Math.max(first + 1, columnAt(timeLine, endMillis, columns));
    for (let column = first; column < end; column++) {
      if (Number.isNaN(values[column]!) || value > values[column]!) values[column] = value;
    }
  }
  return values;
}

/** Intervals change with the pressure of the machine: a gap is much longer than both intervals beside it. */
const GAP_FACTOR = 3;

/** Whether no sample follows, or only after a gap. */
function isGapAfter(moments: readonly HistoryMoment[], index: number): boolean {
  const interval = (at: number): number =>
    (moments[at + 1]?.wallMillis ?? Number.NaN) - (moments[at]?.wallMillis ?? Number.NaN);
  const beside = Math.max(interval(index - 1) || 0, interval(index + 1) || 0);
  return !(interval(index) <= GAP_FACTOR * beside || (beside === 0 && moments.length === 2));
}

/** Draws times below the strips, with the date where it changes. */
function renderAxis(area: Rect, buffer: Buffer, { fromMillis, toMillis }: TimeLine, style: Style): void {
  const count = Math.max(1, Math.floor(area.width / MARK_CELLS));
  let day = '';
  for (let mark = 0; mark < count; mark++) {
    const column = Math.floor((mark * area.width) / count);
    const wallMillis = fromMillis + ((toMillis - fromMillis) * column) / area.width;
    const text = dateTimeText(wallMillis);
    const isNewDay = text.slice(0, 10) !== day;
    day = text.slice(0, 10);
    buffer.put(
      area.x + column,
      area.y,
      isNewDay ? text.slice(0, 16) : clockText(wallMillis),
      style,
      area.width - column,
    );
  }
}
