import type { OpError } from '../../kit/errors/op-error.ts';
import type { Buffer } from '../buffer/buffer.ts';
import type { TerminalAnswer } from '../input/event.ts';
import type { ColorDepth } from '../style/style.ts';
import { enterSequence, FrameEncoder, leaveSequence, MOUSE_OFF, MOUSE_ON } from './frame-encoder.ts';
import { Capabilities, type TerminalEnvironment } from './terminal-capabilities.ts';
import type { Backend, ScreenSize } from './terminal-output.ts';

const BELL = '\x07';
/** How long leaving may wait for a terminal that takes nothing. */
const LEAVE_MILLIS = 250;
/** How long leaving waits for answers that would otherwise land in the shell. */
const ANSWERS_MILLIS = 100;

export interface TerminalOptions {
  readonly backend: Backend;
  readonly environment: TerminalEnvironment;
  /** `auto`: by the environment and the terminal's own answers. */
  readonly color: ColorDepth | 'auto';
  readonly mouse: boolean;
}

/** What a terminal reports; never from within one of its own methods. */
interface TerminalEvents {
  /** Bytes typed, lent for the call. */
  input(bytes: Uint8Array): void;
  /** A frame that `draw` refused can be drawn now. */
  ready(): void;
  /** The size may have changed: call `updateSize`. */
  resized(): void;
  /** The terminal is not there any more. */
  gone(error: OpError): void;
}

/**
 * A screen on a terminal: two buffers, and at most one frame on its way. Encoded bytes are never queued nor
 * dropped: what is drawn while the terminal is busy is drawn later, from what is newest then.
 */
export class Terminal {
  readonly capabilities: Capabilities;
  readonly #backend: Backend;
  readonly #events: TerminalEvents;
  readonly #frames: FrameEncoder;
  readonly #textEncoder = new TextEncoder();
  #size: ScreenSize;
  #isMouseWanted: boolean;
  #isMouseOn = false;
  #isEnterWanted = false;
  #isBellWanted = false;
  #areQuestionsWanted = true;
  #isActive = false;
  #isGone = false;
  #isRefused = false;
  #leaving: Promise<void> | undefined;
  /** Wakes a `leave` that waits. */
  #wake: (() => void) | undefined;

  /** Opens the backend; throws its OpError where there is no terminal. */
  constructor(options: TerminalOptions, events: TerminalEvents) {
    this.capabilities = new Capabilities(options.environment, options.color);
    this.#frames = new FrameEncoder(this.capabilities.colorDepth);
    this.#backend = options.backend;
    this.#events = events;
    this.#isMouseWanted = options.mouse;
    this.#backend.open({
      input: (bytes) => this.#events.input(bytes),
      drained: () => this.#onDrained(),
      resized: () => this.#events.resized(),
      gone: (error) => this.#onGone(error),
    });
    this.#size = this.#backend.size();
  }

  get width(): number {
    return this.#size.width;
  }

  get height(): number {
    return this.#size.height;
  }

  /** Takes the screen, perhaps again, with the next frame, a full one, in one write: nobody sees an empty screen. */
  enter(): void {
    if (this.#isGone) return;
    this.#leaving = undefined;
    this.#isActive = true;
    this.#isEnterWanted = true;
    this.#frames.invalidate();
    this.#backend.setRawMode(true);
    this.updateSize();
  }

  /** Reads the size; the next frame is a full one. */
  updateSize(): void {
    this.#size = this.#backend.size();
    // Terminals reflow and blank what they like on the way from one size to another, even back to the same.
    this.#frames.invalidate();
  }

  /** The next frame repaints every cell. */
  invalidate(): void {
    this.#frames.invalidate();
  }

  /** Draws a frame by `view` into an empty buffer. False: an earlier one is on its way, and `ready` follows. */
  draw(view: (buffer: Buffer) => void): boolean {
    if (!this.#isActive) return false;
    if (this.#backend.isBusy) {
      this.#isRefused = true;
      return false;
    }
    this.#frames.paint(this.#size.width, this.#size.height, view);
    const { capabilities } = this;
    const length = this.#frames.encode(capabilities.colorDepth, capabilities.hasSynchronizedUpdate);
    const isDone = this.#sendBehind(this.#takeControls(), this.#frames.bytes.subarray(0, length));
    if (this.#areQuestionsWanted && isDone) this.#ask();
    return true;
  }

  setMouse(isOn: boolean): void {
    this.#isMouseWanted = isOn;
    this.#sendControls();
  }

  bell(): void {
    this.#isBellWanted = true;
    this.#sendControls();
  }

  /** Takes in what the terminal answered; the caller draws again after it. */
  answer(answer: TerminalAnswer): void {
    if (this.capabilities.learn(answer)) this.#frames.invalidate();
    if (!this.capabilities.isAwaitingAnswers) this.#wake?.();
  }

  /** Gives the screen back as it was, within half a second, however the terminal behaves. */
  leave(): Promise<void> {
    this.#leaving ??= this.#isActive ? this.#leave() : Promise.resolve();
    return this.#leaving;
  }

  /** The same without waiting, for a process that is being killed. */
  leaveAtOnce(): void {
    if (!this.#isActive) return;
    this.#sendLeave();
    this.#restoreMode();
  }

  /** Lets go of the terminal; no event comes afterwards. */
  close(): void {
    this.#isActive = false;
    this.#backend.close();
  }

  /** Changes of mode that are due, unless the next frame brings them. Returns whether the terminal can take one. */
  #sendControls(): boolean {
    if (this.#backend.isBusy) return false;
    if (!this.#isActive || this.#isEnterWanted) return true;
    const controls = this.#takeControls();
    if (controls === '') return true;
    return this.#send(controls);
  }

  #takeControls(): string {
    let controls = '';
    if (this.#isEnterWanted) {
      controls += enterSequence(this.#isMouseWanted);
      this.#isEnterWanted = false;
      this.#isMouseOn = this.#isMouseWanted;
    }
    if (this.#isMouseOn !== this.#isMouseWanted) {
      controls += this.#isMouseWanted ? MOUSE_ON : MOUSE_OFF;
      this.#isMouseOn = this.#isMouseWanted;
    }
    if (this.#isBellWanted) controls += BELL;
    this.#isBellWanted = false;
    return controls;
  }

  /** Asks what the terminal can do: once, and not before something is on the screen. */
  #ask(): void {
    this.#areQuestionsWanted = false;
    const questions = this.capabilities.questions();
    if (questions !== '') this.#send(questions);
  }

  /** A frame and the changes of mode that go ahead of it, in one write. Returns whether all of it is out. */
  #sendBehind(controls: string, frame: Uint8Array): boolean {
    if (controls === '') return frame.length === 0 || this.#backend.send(frame, frame.length);
    const head = this.#textEncoder.encode(controls);
    const both = new Uint8Array(head.length + frame.length);
    both.set(head);
    both.set(frame, head.length);
    return this.#backend.send(both, both.length);
  }

  #send(text: string): boolean {
    const bytes = this.#textEncoder.encode(text);
    return this.#backend.send(bytes, bytes.length);
  }

  async #leave(): Promise<void> {
    this.#sendLeave();
    await this.#waitWhile(() => this.#backend.isBusy, LEAVE_MILLIS);
    await this.#waitWhile(() => this.capabilities.isAwaitingAnswers, ANSWERS_MILLIS);
    this.#restoreMode();
  }

  #restoreMode(): void {
    this.#backend.abort();
    if (!this.#isGone) this.#backend.setRawMode(false);
  }

  #sendLeave(): void {
    this.#isActive = false;
    const isCut = this.#backend.abort();
    // What was never taken over is left as it is.
    if (!this.#isGone && !this.#isEnterWanted) this.#send(leaveSequence(isCut));
  }

  #onDrained(): void {
    if (!this.#isActive) {
      this.#wake?.();
      return;
    }
    if (this.#frames.isPainted && this.#areQuestionsWanted) this.#ask();
    if (!this.#sendControls() || !this.#isRefused) return;
    this.#isRefused = false;
    this.#events.ready();
  }

  #onGone(error: OpError): void {
    this.#isGone = true;
    this.#isActive = false;
    this.#wake?.();
    this.#events.gone(error);
  }

  /** Waits until something happens that makes `isPending` false, but no longer than that. */
  #waitWhile(isPending: () => boolean, millis: number): Promise<void> {
    if (this.#isGone || !isPending()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, millis);
      this.#wake = () => {
        if (this.#isGone || !isPending()) finish();
      };
    });
  }
}
