import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { ControlledInput, StreamInput, type TerminalControl, type TerminalInput } from './terminal-input.ts';
import { NonBlockingWriter, openConsole, openDevice, type TerminalOutput } from './terminal-output.ts';

/** A screen's size in cells, at least 1 by 1. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** What a backend reports. Nothing is called from within one of the backend's own methods. */
export interface BackendEvents {
  /** Bytes from the terminal, lent for the call. */
  input(bytes: Uint8Array): void;
  /** What `send` had left to write is written. */
  drained(): void;
  /** The size may have changed; called only on systems without SIGWINCH. */
  resized(): void;
  /** The terminal is not there any more. Comes once, and is the last event. */
  gone(error: OpError): void;
}

/** The wire to one terminal: bytes out without ever waiting, bytes in, raw mode, size. */
export interface Backend {
  /** Bytes of an earlier `send` are still to be written. */
  readonly isBusy: boolean;
  /** Starts to listen. Throws OpError (`ENOTTY`, or the code of open(2)) where there is no terminal. */
  open(events: BackendEvents): void;
  size(): ScreenSize;
  /** Sets raw or cooked mode (termios), even if it should be set already. A closed terminal is not an error. */
  setRawMode(isRaw: boolean): void;
  /**
   * Writes the first `length` bytes, now or bit by bit; not to be called while busy. The caller leaves the bytes
   * alone until then. Returns whether all are written; if not, `drained` follows.
   */
  send(bytes: Uint8Array, length: number): boolean;
  /** Forgets what is still to be written; returns whether that was anything. */
  abort(): boolean;
  /** Lets go of the terminal; no event comes afterwards. */
  close(): void;
}

/** Larger screens do not exist; a lying terminal must not have buffers of any size. */
const MAX_WIDTH = 2000;
const MAX_HEIGHT = 1000;
const USUAL_WIDTH = 80;
const USUAL_HEIGHT = 24;

/** A size as the terminal states it, within bounds; 0 means that the terminal does not know: 80 by 24. */
export function screenSize(columns: number, rows: number): ScreenSize {
  return {
    width: Math.min(columns > 0 ? columns : USUAL_WIDTH, MAX_WIDTH),
    height: Math.min(rows > 0 ? rows : USUAL_HEIGHT, MAX_HEIGHT),
  };
}

/**
 * A real terminal: input from stdin, output to a file description of its own on the terminal's device, because writes
 * that do not block cannot be had on one that is shared with the shell.
 */
export class AnsiBackend implements Backend {
  readonly #open: () => TerminalOutput;
  readonly #input: TerminalInput;
  #events: BackendEvents | undefined;
  #output: TerminalOutput | undefined;
  #writer: NonBlockingWriter | undefined;

  /**
   * @param path of the terminal's device; undefined: the console behind standard output
   * @param control undefined: the runtime's streams are used instead
   */
  constructor(path: string | undefined, control?: TerminalControl) {
    this.#input = control === undefined ? new StreamInput() : new ControlledInput(control);
    this.#open = path === undefined ? () => openConsole(process.stdout) : () => openDevice(path, control);
  }

  get isBusy(): boolean {
    return this.#writer?.isBusy ?? false;
  }

  open(events: BackendEvents): void {
    if (!this.#input.isTerminal) {
      throw new OpError({ op: 'open terminal', code: 'ENOTTY', message: 'standard input is not a terminal' });
    }
    this.#output = this.#open();
    this.#events = events;
    this.#output.watchSize(() => this.#events?.resized());
    this.#writer = new NonBlockingWriter(this.#output.descriptor, {
      drained: () => this.#events?.drained(),
      failed: (error) => this.#leaveGone(error),
    });
    this.#input.start({
      input: (bytes) => this.#events?.input(bytes),
      ended: (error) => this.#leaveGone(error),
    });
  }

  size(): ScreenSize {
    const size = this.#output?.windowSize();
    return screenSize(size?.columns ?? 0, size?.rows ?? 0);
  }

  setRawMode(isRaw: boolean): void {
    try {
      this.#input.setRawMode(isRaw);
    } catch (thrown) {
      // The terminal is gone. Reported from outside this call, as every event is.
      setImmediate(() => this.#leaveGone(toOpError('set terminal mode', thrown)));
    }
  }

  send(bytes: Uint8Array, length: number): boolean {
    return this.#writer?.send(bytes, length) ?? true;
  }

  abort(): boolean {
    return this.#writer?.abort() ?? false;
  }

  close(): void {
    this.#events = undefined;
    this.abort();
    this.#input.stop();
    this.#output?.close();
    this.#output = undefined;
    this.#writer = undefined;
  }

  #leaveGone(error: OpError): void {
    const events = this.#events;
    this.#events = undefined;
    this.abort();
    events?.gone(error);
  }
}
