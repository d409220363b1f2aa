import type { OpError } from '../../kit/errors/op-error.ts';
import type { Buffer } from '../buffer/buffer.ts';
import type { InputEvent } from '../input/event.ts';
import type { Capabilities } from '../terminal/terminal-capabilities.ts';

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
  /** Paints all of the screen into an empty buffer. */
  view(model: Model, buffer: Buffer): void;
  /** The message that an input stands for, if any. Ctrl-C is a key as any other; Ctrl-Z is the loop's. */
  input(model: Model, event: InputEvent): Message | undefined;
  /** The message that a new size of the screen stands for, if any; also comes before the first paint. */
  resized?(model: Model, width: number, height: number): Message | undefined;
}

/** What the outside and the effects may do with a running program. All are safe, and do nothing, after its end. */
export interface Controls<Model, Message> {
  /** The newest model; after the end, the last. */
  readonly model: Model;
  /** What is known of the terminal; colours and names come with its answers. */
  readonly capabilities: Capabilities;
  dispatch(message: Message): void;
  /** Paint again although no message came. */
  repaint(): void;
  /** Paint every cell anew: for a screen that something else wrote on. */
  redraw(): void;
  /** Whether the terminal reports the mouse; without that, text can be selected. */
  setMouse(isOn: boolean): void;
  bell(): void;
  /** What Ctrl-Z does. */
  suspend(): void;
  quit(): void;
}

export type ExitSignal =
  | ('SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT')
  | ('SIGUSR1' | 'SIGUSR2' | 'SIGALRM' | 'SIGVTALRM' | 'SIGPROF' | 'SIGIO' | 'SIGXCPU' | 'SIGABRT');

/** Why a program has ended. The terminal is restored by then, as far as it is still there. */
export type ExitReason =
  | { readonly kind: 'quit' }
  | { readonly kind: 'signal'; readonly signal: ExitSignal }
  | { readonly kind: 'crash'; readonly error: Error }
  | { readonly kind: 'gone'; readonly error: OpError };
