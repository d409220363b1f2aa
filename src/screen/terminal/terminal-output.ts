import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import {
  ControlledInput,
  StreamInput,
  type TerminalControl,
  type TerminalInput,
  type WindowSize,
} from './terminal-input.ts';

/** Windows consoles report a new size unreliably, so the size is polled. */
const SIZE_LOOK_MILLIS = 250;

/** Destination of frames, and source of the window size. */
interface TerminalOutput {
  /** Open for writing; a device takes what it can and refuses the rest (EAGAIN), a console takes all. */
  readonly descriptor: number;
  /** As it is now. */
  windowSize(): WindowSize;
  /** Calls `listener` when the size may have changed. Not needed for a device with SIGWINCH. */
  watchSize(listener: () => void): void;
  close(): void;
}

/** A terminal's device; without `control` the runtime's stream knows the size. OpError with the code of open(2). */
function openDevice(path: string, control: TerminalControl | undefined): TerminalOutput {
  const descriptor = openTerminal(path);
  const watchSize = () => undefined;
  if (control !== undefined) {
    return {
      ...{ descriptor, watchSize },
      windowSize: () => control.windowSize(descriptor),
      close: () => closeSync(descriptor),
    };
  }
  // On a file description of its own too, because the stream, which is never written to, makes the one it is given
  // blocking.
  const windowDescriptor = openTerminal(path);
  // Loaded here alone: it costs 15 ms.
  const window = new (process.getBuiltinModule('node:tty').WriteStream)(windowDescriptor);
  return {
    ...{ descriptor, watchSize },
    windowSize: () => sizeOf(window),
    close() {
      closeSync(descriptor);
      closeSync(windowDescriptor);
    },
  };
}

/** The console behind a standard output, on systems that have no such devices. It stays open. */
export function openConsole(window: WindowSize & { readonly fd: number }): TerminalOutput {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    descriptor: window.fd,
    windowSize: () => sizeOf(window),
    watchSize(listener) {
      let [columns, rows] = [window.columns, window.rows];
      timer = setInterval(() => {
        sizeOf(window);
        if (window.columns === columns && window.rows === rows) return;
        [columns, rows] = [window.columns, window.rows];
        listener();
      }, SIZE_LOOK_MILLIS);
      timer.unref();
    },
    close: () => clearInterval(timer),
  };
}

/**
 * The size of a stream's window, asked for anew: by itself the stream does so only some time after SIGWINCH, and never
 * for a size that changed while the process was stopped. Node's and Bun's streams both can, neither documents it.
 */
function sizeOf(stream: WindowSize): WindowSize {
  if ('_refreshSize' in stream && typeof stream._refreshSize === 'function') stream._refreshSize();
  return stream;
}

function openTerminal(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    throw toOpError(`open ${path}`, cause);
  }
}

const FIRST_RETRY_MILLIS = 1;
const LAST_RETRY_MILLIS = 30;

/** What a writer reports, never from within `send`. */
interface WriterEvents {
  drained(): void;
  failed(error: OpError): void;
}

/**
 * Writes to a descriptor opened with O_NONBLOCK. A terminal that takes no more (a pty holds about 10 KB; Ctrl-S
 * holds everything) is asked again after 1, 2, 4 ... 30 ms: the runtime has no way to wait for a descriptor of ours.
 */
class NonBlockingWriter {
  readonly #descriptor: number;
  readonly #events: WriterEvents;
  #bytes: Uint8Array | undefined;
  #offset = 0;
  #length = 0;
  #retryMillis = FIRST_RETRY_MILLIS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(descriptor: number, events: WriterEvents) {
    this.#descriptor = descriptor;
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.#bytes !== undefined;
  }

  /** See Backend.send. */
  send(bytes: Uint8Array, length: number): boolean {
    this.#bytes = bytes;
    this.#offset = 0;
    this.#length = length;
    this.#retryMillis = FIRST_RETRY_MILLIS;
    const error = this.#write();
    if (error !== undefined) {
      this.#timer = setTimeout(() => this.#fail(error), 0);
      return false;
    }
    if (this.#bytes === undefined) return true;
    this.#retryLater();
    return false;
  }

  /** See Backend.abort. */
  abort(): boolean {
    const wasBusy = this.isBusy;
    clearTimeout(this.#timer);
    this.#bytes = undefined;
    return wasBusy;
  }

  readonly #retry = (): void => {
    const before = this.#offset;
    const error = this.#write();
    if (error !== undefined) {
      this.#fail(error);
    } else if (this.#bytes === undefined) {
      this.#events.drained();
    } else {
      const isMoving = this.#offset > before;
      this.#retryMillis = isMoving ? FIRST_RETRY_MILLIS : Math.min(this.#retryMillis * 2, LAST_RETRY_MILLIS);
      this.#retryLater();
    }
  };

  #retryLater(): void {
    this.#timer = setTimeout(this.#retry, this.#retryMillis);
  }

  #fail(error: OpError): void {
    this.#bytes = undefined;
    this.#events.failed(error);
  }

  /** Writes as much as the descriptor takes; `#bytes` is undefined once all are out. */
  #write(): OpError | undefined {
    const bytes = this.#bytes;
    if (bytes === undefined) return undefined;
    try {
      while (this.#offset < this.#length) {
        this.#offset += writeSync(this.#descriptor, bytes, this.#offset, this.#length - this.#offset);
      }
      this.#bytes = undefined;
      return undefined;
    } catch (cause) {
      const error = toOpError('write terminal', cause);
      return error.code === 'EAGAIN' || error.code === 'EINTR' ? undefined : error;
    }
  }
}

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
  /** Writes the first `length` bytes, which must not change meanwhile. True: all; false: `drained` follows. */
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
