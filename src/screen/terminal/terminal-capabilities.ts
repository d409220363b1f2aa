import type { TerminalAnswer } from '../input/event.ts';
import type { ColorDepth } from '../style/style.ts';

/** DECRQM of synchronized update, the terminal's name, and DA1, which every terminal answers. */
const QUESTIONS = '\x1b[?2026$p\x1b[>0q\x1b[c';

const SYNCHRONIZED_UPDATE = 2026;
const MODE_SET = 1;
const MODE_RESET = 2;

/** Terminals with 24-bit colour, by the start of the name they give themselves; old ones give none. */
const TRUECOLOR_NAMES =
  /^(xterm\(|kitty|foot|wezterm|ghostty|iterm2|konsole|contour|mintty|vte|tmux|alacritty|rio|warp)/i;
const TRUECOLOR_TERMS = /-direct$|^(xterm-)?(kitty|ghostty)|^(foot|alacritty|wezterm|contour)/;
const MONOCHROME_TERMS = /^(dumb|unknown|vt[12345]\d\d.*|.*-m(ono)?)$/;

/** Environment variables that describe a terminal. */
export type TerminalEnvironment = Readonly<Record<string, string | undefined>>;

/** Colour depth according to the environment; NO_COLOR (no-color.org) has precedence. */
export function colorDepthOf(environment: TerminalEnvironment): ColorDepth {
  const term = environment['TERM'] ?? '';
  if ((environment['NO_COLOR'] ?? '') !== '' || term === '' || MONOCHROME_TERMS.test(term)) return 'never';
  const colorTerm = environment['COLORTERM'] ?? '';
  if (colorTerm === 'truecolor' || colorTerm === '24bit' || TRUECOLOR_TERMS.test(term)) return 'truecolor';
  return term.includes('256color') ? '256' : '16';
}

/** What is known of the terminal: guessed from the environment, then learnt from its own answers. */
export class Capabilities {
  colorDepth: ColorDepth;
  hasSynchronizedUpdate = false;
  /** Questions were sent whose answers are still on their way. */
  isAwaitingAnswers = false;
  readonly #isDepthFixed: boolean;
  readonly #term: string;

  /** `color` is the user's choice; only `auto` uses the replies of the terminal. */
  constructor(environment: TerminalEnvironment, color: ColorDepth | 'auto') {
    this.#term = environment['TERM'] ?? '';
    this.colorDepth = color === 'auto' ? colorDepthOf(environment) : color;
    // 16 colours are the Linux console and the like: they mean it, and would show what they cannot read.
    this.#isDepthFixed = color !== 'auto' || this.colorDepth === 'never' || this.#term === 'linux';
  }

  /** The questions to send, '' for terminals that would print them. */
  questions(): string {
    if (this.#term === '' || this.#term === 'linux' || MONOCHROME_TERMS.test(this.#term)) return '';
    this.isAwaitingAnswers = true;
    return QUESTIONS;
  }

  /** Handles a reply; returns whether the screen must be redrawn. */
  learn(answer: TerminalAnswer): boolean {
    switch (answer.reply) {
      case 'attributes':
        this.isAwaitingAnswers = false;
        // A terminal that did not understand the questions may have printed some of them.
        return !this.hasSynchronizedUpdate;
      case 'version':
        return TRUECOLOR_NAMES.test(answer.name) && this.#raiseDepth();
      case 'mode':
        if (answer.mode !== SYNCHRONIZED_UPDATE) return false;
        this.hasSynchronizedUpdate = answer.state === MODE_SET || answer.state === MODE_RESET;
        // A terminal that knows synchronized updates is younger than 24-bit colour.
        return this.hasSynchronizedUpdate && this.#raiseDepth();
    }
  }

  #raiseDepth(): boolean {
    if (this.#isDepthFixed || this.colorDepth === 'truecolor') return false;
    this.colorDepth = 'truecolor';
    return true;
  }
}
