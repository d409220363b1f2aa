import {
  cursorHide,
  cursorShow,
  endSynchronizedOutput,
  enterAlternativeScreen,
  exitAlternativeScreen,
} from 'ansi-escapes';

const AUTOWRAP_OFF = '\x1b[?7l';
const AUTOWRAP_ON = '\x1b[?7h';
const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';
const FOCUS_ON = '\x1b[?1004h';
const FOCUS_OFF = '\x1b[?1004l';
const STYLE_OFF = '\x1b[m';
/** Ends whatever sequence the terminal is in the middle of (ECMA-48 8.3.5). */
const CANCEL = '\x18';

/** Presses, releases and drags (1002), reported without a limit of columns (SGR, 1006). */
export const MOUSE_ON = '\x1b[?1002h\x1b[?1006h';
/** Every kind of report off, whichever is on. */
export const MOUSE_OFF = '\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l';

/** Modes that a program wants beyond what every full screen needs. */
interface ModeOptions {
  readonly mouse: boolean;
  readonly focusEvents: boolean;
}

/** Takes over the screen: what `leaveSequence` undoes. */
export function enterSequence(options: ModeOptions): string {
  const mouse = options.mouse ? MOUSE_ON : '';
  const focus = options.focusEvents ? FOCUS_ON : '';
  return enterAlternativeScreen + cursorHide + AUTOWRAP_OFF + PASTE_ON + mouse + focus;
}

/**
 * Gives the screen back. The synchronized update ends first, or nothing of the rest would be shown; `isCut` says
 * that a frame was broken off, perhaps within a sequence, which is then ended before that.
 */
export function leaveSequence(isCut: boolean): string {
  const cancel = isCut ? CANCEL : '';
  const modes = MOUSE_OFF + FOCUS_OFF + PASTE_OFF + AUTOWRAP_ON;
  return cancel + endSynchronizedOutput + STYLE_OFF + modes + cursorShow + exitAlternativeScreen;
}
