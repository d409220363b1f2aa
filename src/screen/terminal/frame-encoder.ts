import { Buffer } from '../buffer/buffer.ts';
import { FrameDiff, SYNCHRONIZED_OFF } from '../buffer/diff.ts';
import type { ColorDepth } from '../style/style.ts';

/** The two buffers and the bytes from one to the other. What is encoded must reach the terminal whole. */
export class FrameEncoder {
  /** Valid, up to the length that `encode` returned, until the next `encode`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** A frame has been encoded. */
  isPainted = false;
  readonly #diff: FrameDiff;
  #depth: ColorDepth;
  #shown = new Buffer(0, 0);
  #next = this.#shown;

  constructor(depth: ColorDepth) {
    this.#depth = depth;
    this.#diff = new FrameDiff(depth);
  }

  /** The next frame is a full one: what the terminal shows is no longer known. */
  invalidate(): void {
    this.#diff.invalidate();
  }

  /** Paints the next frame; if `view` throws, nothing has happened. */
  paint(width: number, height: number, view: (buffer: Buffer) => void): void {
    if (this.#shown.width !== width || this.#shown.height !== height) {
      this.#shown = new Buffer(width, height);
      this.#next = new Buffer(width, height, this.#shown.clusters);
    }
    this.#next.clear();
    view(this.#next);
  }

  /** Encodes what was painted; returns the number of bytes, 0 if the terminal shows it already. */
  encode(depth: ColorDepth, isSynchronized: boolean): number {
    if (depth !== this.#depth) this.#diff.setDepth(depth);
    this.#depth = depth;
    const length = this.#diff.encode(this.#shown, this.#next, isSynchronized);
    const shown = this.#next;
    this.#next = this.#shown;
    this.#shown = shown;
    this.isPainted = true;
    this.bytes = this.#diff.bytes;
    return length;
  }
}

const ALTERNATIVE_SCREEN_ON = '\x1b[?1049h';
const ALTERNATIVE_SCREEN_OFF = '\x1b[?1049l';
const CURSOR_OFF = '\x1b[?25l';
const CURSOR_ON = '\x1b[?25h';
const AUTOWRAP_OFF = '\x1b[?7l';
const AUTOWRAP_ON = '\x1b[?7h';
/**
 * ECMA-48 BDSM reset, and as it was: terminals that order text by direction (VTE, mintty) would put the figures behind a
 * Hebrew or Arabic name in another order than their columns.
 */
const REORDERING_OFF = '\x1b[8l';
const REORDERING_ON = '\x1b[8h';
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
  return ALTERNATIVE_SCREEN_ON + CURSOR_OFF + AUTOWRAP_OFF + REORDERING_OFF + PASTE_ON + mouse + focus;
}

/**
 * Gives the screen back. The synchronized update ends first, or nothing of the rest would be shown; `isCut` says
 * that a frame was broken off, perhaps within a sequence, which is then ended before that.
 */
export function leaveSequence(isCut: boolean): string {
  const cancel = isCut ? CANCEL : '';
  const modes = MOUSE_OFF + FOCUS_OFF + PASTE_OFF + REORDERING_ON + AUTOWRAP_ON;
  return cancel + SYNCHRONIZED_OFF + STYLE_OFF + modes + CURSOR_ON + ALTERNATIVE_SCREEN_OFF;
}
