import { Buffer } from '../../../src/screen/buffer/buffer.ts';
import { FrameDiff } from '../../../src/screen/buffer/diff.ts';
import { hexOf, rgb, type Style, style } from '../../../src/screen/style/style.ts';
import { TOKYO_NIGHT } from '../../../src/screen/style/theme.ts';
import { type BenchRow, type BenchTable, compare, comparedRow, inProcess } from '../../harness.ts';
import { MinimalDiffer } from './minimal-differ.ts';
import { type Opentui, openOpentui } from './opentui.ts';

const WIDTH = 200;
const HEIGHT = 60;
const FIELD_COLUMNS = 20;
const FIELDS = (WIDTH / FIELD_COLUMNS) * HEIGHT;
/** Columns of a field that change, as a figure in a table does. */
const FIGURE_COLUMNS = 6;
const COLD_PAUSE_MILLIS = 200;
const WARMUP_FRAMES = 2000;
const DIFFER_BAR = 1.4;
const OPENTUI_BAR = 0.4;

/** A text on the screen; what it says in even frames and in odd ones. */
interface Field {
  readonly x: number;
  readonly y: number;
  readonly even: string;
  readonly odd: string;
  readonly style: Style;
}

/** One way to draw the fields and make bytes of them; returns how many. */
type Renderer = (frame: number) => number;

const INKS = [0xa9b1d6, 0x9ece6a, 0xf7768e, 0x565f89].map((hex) => style(rgb(hex), rgb(0x1a1b26)));

/** Fields all over the screen, of which enough differ from frame to frame that this share of the cells does. */
function fieldsOf(changedShare: number): Field[] {
  const isWhole = changedShare > FIGURE_COLUMNS / FIELD_COLUMNS;
  const perField = isWhole ? FIELD_COLUMNS : FIGURE_COLUMNS;
  const changing = Math.round((changedShare * WIDTH * HEIGHT) / perField);
  return Array.from({ length: FIELDS }, (_, i) => {
    const label = `${String.fromCharCode(97 + (i % 26))}field-${i}`.padEnd(FIELD_COLUMNS - FIGURE_COLUMNS);
    const even = `${label}${String(100_000 + i)}`;
    const other = isWhole ? label.replace(/./g, 'x') : label;
    // Spread evenly: field i changes when the running share passes a whole number.
    const isChanging = Math.floor(((i + 1) * changing) / FIELDS) > Math.floor((i * changing) / FIELDS);
    return {
      x: (i * FIELD_COLUMNS) % WIDTH,
      y: Math.floor((i * FIELD_COLUMNS) / WIDTH),
      even,
      odd: isChanging ? `${other}${String(899_999 - i)}` : even,
      style: INKS[i % INKS.length]!,
    };
  });
}

function oursOf(fields: readonly Field[]): Renderer {
  let shown = new Buffer(WIDTH, HEIGHT);
  let next = new Buffer(WIDTH, HEIGHT, shown.clusters);
  const diff = new FrameDiff('truecolor');
  return (frame) => {
    next.clear(TOKYO_NIGHT.base);
    for (const field of fields) {
      next.put(field.x, field.y, (frame & 1) === 0 ? field.even : field.odd, field.style);
    }
    const length = diff.encode(shown, next);
    [shown, next] = [next, shown];
    return length;
  };
}

function minimalOf(fields: readonly Field[]): Renderer {
  const differ = new MinimalDiffer(WIDTH, HEIGHT);
  return (frame) => {
    differ.clear();
    for (const field of fields) {
      const text = (frame & 1) === 0 ? field.even : field.odd;
      differ.put(field.x, field.y, text, hexOf(field.style.foreground), hexOf(field.style.background));
    }
    return differ.encode();
  };
}

function opentuiOf(fields: readonly Field[], opentui: Opentui): Renderer {
  const background = opentui.color(hexOf(TOKYO_NIGHT.base.background));
  const colors = new Map(INKS.map((ink) => [ink, opentui.color(hexOf(ink.foreground))]));
  return (frame) => {
    const buffer = opentui.begin(background);
    for (const field of fields) {
      const text = (frame & 1) === 0 ? field.even : field.odd;
      buffer.drawText(text, field.x, field.y, colors.get(field.style), background);
    }
    opentui.render();
    return 0;
  };
}

/** What our renderer is measured against. */
interface Rival {
  readonly name: string;
  readonly bar: number;
  readonly open: (fields: readonly Field[]) => Renderer;
}

/** Both renderers over the same fields, drawn and encoded in turn. */
async function rowOf(changedPercent: number, isCold: boolean, rival: Rival): Promise<BenchRow> {
  const fields = fieldsOf(changedPercent / 100);
  const ours = oursOf(fields);
  const theirs = rival.open(fields);
  // Compiled code is what a monitor runs after its first seconds; cold are the caches of the processor.
  let oursBytes = 0;
  let theirBytes = 0;
  for (let frame = 0; frame < WARMUP_FRAMES; frame++) {
    oursBytes = ours(frame);
    theirBytes = theirs(frame);
  }
  let oursFrame = 0;
  let theirFrame = 0;
  const iterations = isCold ? 1 : 300;
  const compared = await compare(
    inProcess(() => ours(oursFrame++), iterations),
    inProcess(() => theirs(theirFrame++), iterations),
    isCold ? { runs: 15, warmupRuns: 2, pauseMillis: COLD_PAUSE_MILLIS } : { runs: 9 },
  );
  const pace = isCold ? '5 frames a second' : 'tight loop';
  // A monitor changes little and draws seldom: that is what the bar is about.
  const isJudged = isCold && changedPercent <= 5;
  return comparedRow(
    `${rival.name}: ${changedPercent} % changed, ${pace}`,
    compared,
    isJudged ? rival.bar : undefined,
    theirBytes > 0 ? `${oursBytes} bytes, theirs ${theirBytes}` : `${oursBytes} bytes`,
  );
}

/** Frames of 200x60 cells, drawn and encoded. */
export async function run(): Promise<BenchTable> {
  const rivals: Rival[] = [{ name: 'minimal differ', bar: DIFFER_BAR, open: minimalOf }];
  const opentui = await openOpentui(WIDTH, HEIGHT);
  if (opentui !== undefined) {
    rivals.push({ name: '@opentui/core', bar: OPENTUI_BAR, open: (fields) => opentuiOf(fields, opentui) });
  }
  const rows: BenchRow[] = [];
  for (const rival of rivals) {
    for (const isCold of [false, true]) {
      for (const changedPercent of [0, 5, 30, 100]) rows.push(await rowOf(changedPercent, isCold, rival));
    }
  }
  const missing = opentui === undefined ? ' (@opentui/core is not installed)' : '';
  return { title: `Frame of 200x60 cells, drawn and encoded, against other renderers${missing}`, rows };
}
