import type { OpError } from '../../kit/errors/op-error.ts';
import type { Buffer } from '../buffer/buffer.ts';
import type { InputEvent } from '../input/event.ts';
import type { ExitSignal } from './process-signals.ts';

/** What a message leads to. */
export interface Step<Model, Effect> {
  readonly model: Model;
  /** Commands for the outside, carried out in order once the model is the new one. */
  readonly effects?: readonly Effect[];
  /** Leave, after the effects. */
  readonly quit?: boolean;
}

/** A program for a screen: pure functions over a model. Only the loop knows terminals, time and signals. */
export interface Program<Model, Message, Effect> {
  readonly initial: Model;
  update(model: Model, message: Message): Step<Model, Effect>;
  /** Draws the whole screen into an empty buffer. */
  view(model: Model, buffer: Buffer): void;
  /** Maps an input event to a message, if any. Ctrl-C is an ordinary key; the loop handles Ctrl-Z. */
  input(model: Model, event: InputEvent): Message | undefined;
  /** Maps a new screen size to a message, if any. Also called before the first frame. */
  resized?(model: Model, width: number, height: number): Message | undefined;
}

/** Controls of a running program, for effects and callers. After its end all of them do nothing. */
export interface Controls<Model, Message> {
  /** The current model; after the end, the last one. */
  readonly model: Model;
  dispatch(message: Message): void;
  /** Draws a frame without a message. */
  repaint(): void;
  /** Redraws every cell, for instance after other output on the screen. */
  redraw(): void;
  /** Switches mouse reporting; without it, text can be selected. */
  setMouse(isOn: boolean): void;
  bell(): void;
  /** Suspends the program, like Ctrl-Z. */
  suspend(): void;
  quit(): void;
}

/** Why a program ended. The terminal has been restored if it still exists. */
export type ExitReason =
  | { readonly kind: 'quit' }
  | { readonly kind: 'signal'; readonly signal: ExitSignal }
  | { readonly kind: 'crash'; readonly error: Error }
  | { readonly kind: 'gone'; readonly error: OpError };
