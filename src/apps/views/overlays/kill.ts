import type { Buffer } from '../../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../../screen/layout/rect.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import { glyphsFor } from '../../../screen/widgets/glyphs.ts';
import { popupArea, renderPopup } from '../../../screen/widgets/popup.ts';

/** A signal that the overlay offers. */
export interface KillSignal {
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

export interface KillView {
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

/** Draws the list of signals over the middle of the screen. */
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
  for (const [index, signal] of KILL_SIGNALS.entries()) {
    if (index >= inside.height) return;
    const y = inside.y + index;
    const isSelected = index === view.selected;
    buffer.put(inside.x + 2, y, signal.name, theme.bold, inside.width - 2);
    buffer.put(inside.x + 10, y, String(signal.number).padStart(2), theme.dim, inside.width - 10);
    buffer.put(inside.x + 14, y, signal.meaning, theme.dim, inside.width - 14);
    if (!isSelected) continue;
    buffer.restyle(rect(inside.x, y, inside.width, 1), theme.selection);
    buffer.putCodePoint(inside.x, y, glyphsFor(ascii).marker, theme.accent);
  }
  const noteY = inside.y + KILL_SIGNALS.length + 1;
  if (noteY >= inside.y + inside.height) return;
  const style = view.isBad ? theme.bad : theme.text;
  buffer.put(inside.x + 1, noteY, view.note, style, inside.width - 2);
}

/** The signal that a press at (x, y) hits, -1 none. */
export function hitKill(screen: Rect, x: number, y: number): number {
  const area = popupArea(screen, WIDTH, HEIGHT);
  const index = y - area.y - 1;
  const isInside = x > area.x && x < area.x + area.width - 1 && y < area.y + area.height - 1;
  return isInside && index >= 0 && index < KILL_SIGNALS.length ? index : -1;
}
