import type { Buffer } from '../buffer/buffer.ts';
import type { InputEvent } from '../input/event.ts';
import { InputParser } from '../input/input-parser.ts';
import { Terminal, type TerminalOptions } from '../terminal/terminal.ts';
import type { TerminalEnvironment } from '../terminal/terminal-capabilities.ts';
import type { Backend } from '../terminal/terminal-output.ts';
import { ProcessSignals } from './process-signals.ts';
import type { Controls, ExitReason, Program, Step } from './program.ts';

/** Options of `runProgram`. */
export interface RunOptions<Model, Message, Effect> {
  /** The terminal; closed when the program ends. */
  readonly backend: Backend;
  /** Default: the environment of this process. */
  readonly environment?: TerminalEnvironment;
  /** Whether a shell can suspend and resume the program; default true. Else Ctrl-Z does nothing. */
  readonly hasJobControl?: boolean;
  /** Default `auto`: from the environment and the replies of the terminal. */
  readonly color?: TerminalOptions['color'];
  /** Whether mouse reporting is on at start; default true. */
  readonly mouse?: boolean;
  /** Carries out an effect of `update`; results are sent with `controls.dispatch`. */
  effect?(effect: Effect, controls: Controls<Model, Message>): void;
  /** Called when the screen is ready: start data sources here. */
  started?(controls: Controls<Model, Message>): void;
}

/**
 * Runs a program on a terminal until it quits, crashes, gets a signal, or loses its terminal. Never exits the process.
 * Afterwards the terminal is restored and no listener or timer is left. Rejects with OpError only if the terminal
 * cannot be opened.
 */
export async function runProgram<Model, Message, Effect>(
  program: Program<Model, Message, Effect>,
  options: RunOptions<Model, Message, Effect>,
): Promise<ExitReason> {
  return new Loop(program, options).run();
}

class Loop<Model, Message, Effect> implements Controls<Model, Message> {
  model: Model;
  readonly #program: Program<Model, Message, Effect>;
  readonly #options: RunOptions<Model, Message, Effect>;
  readonly #terminal: Terminal;
  readonly #input: InputReader;
  readonly #painter = new PaintScheduler(() => this.#guard(() => this.#paint()));
  readonly #signals: ProcessSignals;
  readonly #ended = Promise.withResolvers<ExitReason>();
  readonly #messages: Message[] = [];
  readonly #view = (buffer: Buffer): void => this.#program.view(this.model, buffer);
  #isUpdating = false;
  #reason: ExitReason | undefined;
  /** Suspending first leaves the screen, then stops the process. */
  #suspension: 'none' | 'leaving' | 'stopped' = 'none';

  constructor(program: Program<Model, Message, Effect>, options: RunOptions<Model, Message, Effect>) {
    this.#program = program;
    this.#options = options;
    this.model = program.initial;
    this.#input = new InputReader((event) => this.#guard(() => this.#onInput(event)));
    const onResized = () => this.#guard(() => this.#onResized());
    this.#signals = new ProcessSignals({
      end: (signal) => this.#finish({ kind: 'signal', signal }),
      crash: (error) => this.#finish({ kind: 'crash', error }),
      resized: onResized,
      suspend: () => this.suspend(),
      resumed: () => this.#guard(() => this.#onResumed()),
      exit: () => this.#terminal.leaveAtOnce(),
    });
    const terminalOptions: TerminalOptions = {
      backend: options.backend,
      environment: options.environment ?? process.env,
      color: options.color ?? 'auto',
      mouse: options.mouse ?? true,
    };
    this.#terminal = new Terminal(terminalOptions, {
      input: (bytes) => this.#input.feed(bytes),
      ready: () => this.#painter.request(),
      resized: onResized,
      gone: (error) => this.#finish({ kind: 'gone', error }),
    });
  }

  run(): Promise<ExitReason> {
    this.#signals.listen();
    this.#guard(() => {
      this.#terminal.enter();
      this.#onResized();
      // At once: nothing that is started comes before the first frame.
      this.#painter.cancel();
      this.#paint();
      this.#options.started?.(this);
    });
    return this.#ended.promise;
  }

  /** Messages that come while one is being worked on wait for it, so that effects see the models in order. */
  dispatch(message: Message): void {
    if (this.#reason !== undefined) return;
    this.#messages.push(message);
    if (!this.#isUpdating) this.#guard(() => this.#work());
  }

  repaint(): void {
    if (this.#reason === undefined) this.#painter.request();
  }

  redraw(): void {
    if (this.#reason !== undefined) return;
    this.#terminal.invalidate();
    this.#painter.request();
  }

  setMouse(isOn: boolean): void {
    if (this.#reason === undefined) this.#terminal.setMouse(isOn);
  }

  bell(): void {
    if (this.#reason === undefined) this.#terminal.bell();
  }

  quit(): void {
    this.#finish({ kind: 'quit' });
  }

  /** Gives the terminal back and stops the whole job, as Ctrl-Z does for programs in cooked mode. */
  suspend(): void {
    if (this.#options.hasJobControl === false) return;
    if (this.#reason !== undefined || this.#suspension !== 'none') return;
    this.#suspension = 'leaving';
    this.#terminal.leave().then(
      () => {
        if (this.#reason !== undefined) return;
        this.#suspension = 'stopped';
        this.#signals.stopJob();
      },
      (error: unknown) => this.#signals.crash(error),
    );
  }

  #work(): void {
    this.#isUpdating = true;
    try {
      for (let i = 0; i < this.#messages.length && this.#reason === undefined; i++) {
        this.#take(this.#program.update(this.model, this.#messages[i]!));
      }
    } finally {
      this.#messages.length = 0;
      this.#isUpdating = false;
    }
    this.repaint();
  }

  #take(step: Step<Model, Effect>): void {
    this.model = step.model;
    for (const effect of step.effects ?? []) this.#options.effect?.(effect, this);
    if (step.quit === true) this.quit();
  }

  #paint(): void {
    if (this.#reason === undefined) this.#terminal.draw(this.#view);
  }

  #onInput(event: InputEvent): void {
    if (event.kind === 'reply') {
      this.#terminal.answer(event);
      this.repaint();
    }
    // Input is discarded while the terminal is being restored.
    if (this.#reason !== undefined || this.#suspension !== 'none') return;
    if (event.kind === 'key' && event.chord === 'ctrl+z') {
      this.suspend();
      return;
    }
    const message = this.#program.input(this.model, event);
    if (message !== undefined) this.dispatch(message);
  }

  #onResized(): void {
    if (this.#reason !== undefined) return;
    this.#terminal.updateSize();
    const { width, height } = this.#terminal;
    this.#input.resize(width, height);
    const message = this.#program.resized?.(this.model, width, height);
    if (message !== undefined) this.dispatch(message);
    this.repaint();
  }

  /** Back in the foreground; also after a SIGSTOP from outside, which gave no chance to leave. */
  #onResumed(): void {
    if (this.#reason !== undefined || this.#suspension === 'leaving') return;
    this.#suspension = 'none';
    this.#terminal.enter();
    this.#onResized();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#signals.crash(error);
    }
  }

  /** The first reason is the reason; the rest of the end follows by itself. */
  #finish(reason: ExitReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#painter.cancel();
    const close = () => {
      this.#terminal.close();
      this.#input.close();
      this.#signals.close();
      this.#ended.resolve(reason);
    };
    this.#terminal.leave().then(close, close);
  }
}

/** The parser with a clock: bytes in, events out, pending ones settled in time. */
class InputReader {
  readonly #parser: InputParser;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(emit: (event: InputEvent) => void) {
    this.#parser = new InputParser(emit);
  }

  resize(width: number, height: number): void {
    this.#parser.resize(width, height);
  }

  feed(bytes: Uint8Array): void {
    this.#parser.feed(bytes, performance.now());
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #schedule(): void {
    this.close();
    const wait = this.#parser.deadlineMillis - performance.now();
    if (wait === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onDeadline, Math.max(wait, 0));
  }

  /** The rest of a sequence may wait to be read: two turns have a read between them, which moves the deadline. */
  readonly #onDeadline = (): void => {
    this.#turn = setImmediate(() => {
      this.#turn = setImmediate(() => {
        this.#parser.expire(performance.now());
        this.#schedule();
      });
    });
  };
}

/** Draws once per turn of the event loop: a burst of messages is one frame. */
class PaintScheduler {
  readonly #paint: () => void;
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(paint: () => void) {
    this.#paint = paint;
  }

  request(): void {
    this.#turn ??= setImmediate(this.#run);
  }

  cancel(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
  }

  readonly #run = (): void => {
    this.#turn = undefined;
    this.#paint();
  };
}
