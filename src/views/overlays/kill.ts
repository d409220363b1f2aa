import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { popupArea, renderPopup } from '../../screen/widgets/block.ts';
import { glyphsFor } from '../../screen/widgets/glyphs.ts';

/** A signal that the overlay offers. */
interface KillSignal {
  readonly name: string;
  readonly number: number;
  readonly meaning: string;
}

/** Linux numbers (asm-generic/signal.h), in the order of the overlay. */
export const KILL_SIGNALS: readonly KillSignal[] = [
  { name: 'SIGTERM', number: 15, meaning: 'asks it to end' },
  { name: 'SIGKILL', number: 9, meaning: 'ends it at once' },
  { name: 'SIGINT', number: 2, meaning: 'as Ctrl-C' },
  { name: 'SIGHUP', number: 1, meaning: 'hang-up; servers reload' },
  { name: 'SIGSTOP', number: 19, meaning: 'stops it' },
  { name: 'SIGCONT', number: 18, meaning: 'lets it go on' },
  { name: 'SIGUSR1', number: 10, meaning: 'its own meaning' },
  { name: 'SIGUSR2', number: 12, meaning: 'its own meaning' },
];

interface KillView {
  readonly pid: number;
  readonly name: string;
  /** Index into KILL_SIGNALS. */
  readonly selected: number;
  /** A line under the list: a question or what came of it. */
  readonly note: string;
  readonly isBad: boolean;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const WIDTH = 58;
const NOTE_LINES = 2;
const HEIGHT = KILL_SIGNALS.length + 1 + NOTE_LINES;

/** Draws the list of signals over the middle of the screen. Where that is low, the list scrolls: the note stays. */
export function renderKill(screen: Rect, buffer: Buffer, view: KillView): void {
  const { theme, ascii } = view;
  const inside = renderPopup(screen, buffer, {
    title: `Kill ${view.pid} ${view.name}`,
    rightTitle: '',
    borderStyle: theme.focusedBorder,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ground: theme.base,
    width: WIDTH,
    height: HEIGHT,
    ascii,
  });
  const { first, count } = signalsIn(inside.height, view.selected);
  for (let row = 0; row < count; row++) renderSignal(inside, row, first + row, buffer, view);
  const lines = wrapped(view.note, inside.width - 2);
  // With a line between if there is one to spare.
  const noteY = inside.y + Math.min(count + 1, inside.height - lines.length);
  const style = view.isBad ? theme.bad : theme.text;
  for (const [i, line] of lines.entries()) {
    buffer.put(inside.x + 1, noteY + i, line, style, inside.width - 2);
  }
}

function renderSignal(inside: Rect, row: number, index: number, buffer: Buffer, view: KillView): void {
  const { theme } = view;
  const signal = KILL_SIGNALS[index]!;
  const y = inside.y + row;
  buffer.put(inside.x + 2, y, signal.name, theme.bold, inside.width - 2);
  buffer.put(inside.x + 10, y, String(signal.number).padStart(2), theme.dim, inside.width - 10);
  buffer.put(inside.x + 14, y, signal.meaning, theme.dim, inside.width - 14);
  if (index !== view.selected) return;
  buffer.restyle(rect(inside.x, y, inside.width, 1), theme.selection);
  buffer.putCodePoint(inside.x, y, glyphsFor(view.ascii).marker, theme.accent);
}

/** Which signals are shown: as many as leave room for the note, with the selected one among them. */
function signalsIn(height: number, selected: number): { readonly first: number; readonly count: number } {
  const count = Math.max(1, Math.min(KILL_SIGNALS.length, height - NOTE_LINES));
  return { first: Math.max(0, Math.min(selected - count + 1, KILL_SIGNALS.length - count)), count };
}

/** A note in at most NOTE_LINES lines, broken between words. */
function wrapped(note: string, width: number): readonly string[] {
  if (note.length <= width) return [note];
  const space = note.lastIndexOf(' ', width);
  return space <= 0 ? [note] : [note.slice(0, space), note.slice(space + 1)];
}

/** The signal that a press at (x, y) hits, -1 none. */
export function hitKill(screen: Rect, selected: number, x: number, y: number): number {
  const area = popupArea(screen, WIDTH, HEIGHT);
  const { first, count } = signalsIn(area.height - 2, selected);
  const row = y - area.y - 1;
  const isInside = x > area.x && x < area.x + area.width - 1;
  return isInside && row >= 0 && row < count ? first + row : -1;
}
