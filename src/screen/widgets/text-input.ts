import { cellWidth, forEachCluster } from '../../kit/text/cell-width.ts';
import { isRefused } from '../../kit/text/sanitize.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';

/** One line of text being typed. `cursor` is the UTF-16 index of the cluster that it stands before. */
export interface TextInput {
  readonly text: string;
  readonly cursor: number;
}

/** What an input needs to know of a key: its chord (`ctrl+w`, `left`) and what it types, if anything. */
interface TextInputKey {
  readonly chord: string;
  readonly text?: string;
}

const EMPTY_INPUT: TextInput = { text: '', cursor: 0 };

/** Limit of an input, in UTF-16 code units. */
const MAX_INPUT_LENGTH = 256;

/** An input that holds the text, with the cursor at its end. */
export function textInput(text: string): TextInput {
  return insertText(EMPTY_INPUT, text);
}

/**
 * The input after a key. `undefined` if an input does nothing with the key (Enter, Escape, arrows up and down); the
 * same object if the key could do something, but changes nothing here.
 */
export function updateTextInput(input: TextInput, key: TextInputKey): TextInput | undefined {
  if (key.text !== undefined) return insertText(input, key.text);
  return EDITS.get(key.chord)?.(input);
}

/** Inserts typed or pasted text at the cursor: breaks and tabs become spaces, other controls are left out. */
export function insertText(input: TextInput, text: string): TextInput {
  const fitting = cutToLength(plainLine(text), MAX_INPUT_LENGTH - input.text.length);
  if (fitting === '') return input;
  const before = input.text.slice(0, input.cursor) + fitting;
  const joined = before + input.text.slice(input.cursor);
  // A combining mark may have joined what stood after the cursor: it moves on to where that cluster ends.
  return { text: joined, cursor: boundaryFrom(joined, before.length) };
}

type Edit = (input: TextInput) => TextInput;

const toStart: Edit = (input) => moved(input, 0);
const toEnd: Edit = (input) => moved(input, input.text.length);
const toLeft: Edit = (input) => moved(input, boundaryBefore(input.text, input.cursor));
const toRight: Edit = (input) => moved(input, boundaryFrom(input.text, input.cursor + 1));
const toWordLeft: Edit = (input) => moved(input, wordStart(input.text, input.cursor));
const toWordRight: Edit = (input) => moved(input, wordEnd(input.text, input.cursor));
const deleteLeft: Edit = (input) => without(input, boundaryBefore(input.text, input.cursor), input.cursor);
const deleteRight: Edit = (input) => without(input, input.cursor, boundaryFrom(input.text, input.cursor + 1));
const deleteWordLeft: Edit = (input) => without(input, wordStart(input.text, input.cursor), input.cursor);
const deleteWordRight: Edit = (input) => without(input, input.cursor, wordEnd(input.text, input.cursor));
const deleteToStart: Edit = (input) => without(input, 0, input.cursor);
const deleteToEnd: Edit = (input) => without(input, input.cursor, input.text.length);

/** The keys of a shell's line, as far as they make sense in a prompt. */
const EDITS: ReadonlyMap<string, Edit> = new Map([
  ['left', toLeft],
  ['ctrl+b', toLeft],
  ['right', toRight],
  ['ctrl+f', toRight],
  ['home', toStart],
  ['ctrl+a', toStart],
  ['end', toEnd],
  ['ctrl+e', toEnd],
  ['ctrl+left', toWordLeft],
  ['alt+left', toWordLeft],
  ['alt+b', toWordLeft],
  ['ctrl+right', toWordRight],
  ['alt+right', toWordRight],
  ['alt+f', toWordRight],
  ['backspace', deleteLeft],
  ['shift+backspace', deleteLeft],
  ['ctrl+h', deleteLeft],
  ['delete', deleteRight],
  ['ctrl+d', deleteRight],
  ['ctrl+w', deleteWordLeft],
  ['alt+backspace', deleteWordLeft],
  ['ctrl+backspace', deleteWordLeft],
  ['alt+d', deleteWordRight],
  ['ctrl+delete', deleteWordRight],
  ['ctrl+u', deleteToStart],
  ['ctrl+k', deleteToEnd],
]);

function moved(input: TextInput, cursor: number): TextInput {
  return cursor === input.cursor ? input : { text: input.text, cursor };
}

function without(input: TextInput, from: number, to: number): TextInput {
  if (from >= to) return input;
  const text = input.text.slice(0, from) + input.text.slice(to);
  return { text, cursor: boundaryFrom(text, from) };
}

/** The last cluster boundary before `index`; 0 at the start. */
function boundaryBefore(text: string, index: number): number {
  let at = 0;
  let found = 0;
  forEachCluster(text, (cluster) => {
    if (at < index) found = at;
    at += cluster.length;
  });
  return found;
}

/** The first cluster boundary at or after `index`; the text's end past its last. */
function boundaryFrom(text: string, index: number): number {
  let at = 0;
  let found = index <= 0 ? 0 : -1;
  forEachCluster(text, (cluster) => {
    at += cluster.length;
    if (found < 0 && at >= index) found = at;
  });
  return found < 0 ? text.length : found;
}

/** Words are what stands between spaces, as in a filter expression. */
function wordStart(text: string, index: number): number {
  let at = index;
  while (at > 0 && text[at - 1] === ' ') at--;
  while (at > 0 && text[at - 1] !== ' ') at--;
  return boundaryFrom(text, at);
}

function wordEnd(text: string, index: number): number {
  let at = index;
  while (at < text.length && text[at] === ' ') at++;
  while (at < text.length && text[at] !== ' ') at++;
  return boundaryFrom(text, at);
}

function plainLine(text: string): string {
  let line = '';
  for (const character of text) {
    if (character === '\n' || character === '\t') line += ' ';
    else if (!isRefused(character.codePointAt(0)!)) line += character;
  }
  return line;
}

/** As many whole clusters from the start as fit into `length` code units. */
function cutToLength(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = 0;
  let at = 0;
  forEachCluster(text, (cluster) => {
    at += cluster.length;
    if (at <= length) end = at;
  });
  return text.slice(0, end);
}

/** A part of the text to be drawn otherwise, by UTF-16 index: where an expression is wrong. */
export interface TextMark {
  readonly from: number;
  readonly to: number;
  readonly style: Style;
}

interface TextInputStyles {
  readonly text: Style;
  /** Laid over the cell of the cursor; usually nothing but `REVERSE`. */
  readonly cursor: Style;
}

/**
 * The first column of the text that a line of `width` cells shows: the whole text where it fits with a cell for
 * the cursor behind it, else the cursor in the middle, as far as there is text on both sides.
 */
function inputScroll(textWidth: number, cursorColumn: number, width: number): number {
  const last = Math.max(0, textWidth + 1 - width);
  return Math.max(0, Math.min(last, cursorColumn - (width >> 1)));
}

/** Draws the input into the area's first line. The cursor's column in the buffer, or -1 where there is no room. */
export function renderTextInput(
  area: Rect,
  buffer: Buffer,
  input: TextInput,
  styles: TextInputStyles,
  mark?: TextMark,
): number {
  if (isEmpty(area)) return -1;
  const line: Rect = { x: area.x, y: area.y, width: area.width, height: 1 };
  buffer.fill(line, styles.text);
  const { text, cursor } = input;
  const right = area.x + area.width;
  const cursorColumn = cellWidth(text.slice(0, cursor));
  let x = area.x - inputScroll(cellWidth(text), cursorColumn, area.width);
  const cursorX = x + cursorColumn;
  let at = 0;
  forEachCluster(text, (cluster, width) => {
    const isMarked = mark !== undefined && at >= mark.from && at < mark.to;
    // Half of a wide glyph at either edge stays blank.
    if (x >= area.x && x + width <= right && width > 0) {
      buffer.put(x, area.y, cluster, isMarked ? mark.style : styles.text);
    }
    x += width;
    at += cluster.length;
  });
  buffer.restyle({ x: cursorX, y: area.y, width: 1, height: 1 }, styles.cursor);
  return cursorX;
}
