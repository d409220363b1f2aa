import { closeSync, constants, openSync } from 'node:fs';
import tty from 'node:tty';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { type Backend, type BackendEvents, type ScreenSize, screenSize } from './backend.ts';
import { NonBlockingWriter } from './non-blocking-writer.ts';
import { setRawMode } from './raw-mode.ts';

/**
 * A real terminal: input from stdin, output to a file description of its own on `/dev/tty`, because writes that do
 * not block cannot be had on one that is shared with the shell.
 */
export class AnsiBackend implements Backend {
  readonly #path: string;
  readonly #input = process.stdin;
  #events: BackendEvents | undefined;
  #descriptor = -1;
  #windowDescriptor = -1;
  #writer: NonBlockingWriter | undefined;
  /**
   * Never written to: it is how the runtime asks for the window's size (TIOCGWINSZ). On a file description of its
   * own too, because the stream makes the one it is given blocking.
   */
  #window: tty.WriteStream | undefined;

  constructor(path = '/dev/tty') {
    this.#path = path;
  }

  get isBusy(): boolean {
    return this.#writer?.isBusy ?? false;
  }

  open(events: BackendEvents): void {
    if (!this.#input.isTTY) {
      throw new OpError({ op: 'open terminal', code: 'ENOTTY', message: 'standard input is not a terminal' });
    }
    this.#descriptor = openTerminal(this.#path);
    this.#events = events;
    this.#windowDescriptor = openTerminal(this.#path);
    this.#window = new tty.WriteStream(this.#windowDescriptor);
    this.#writer = new NonBlockingWriter(this.#descriptor, {
      drained: () => this.#events?.drained(),
      failed: (error) => this.#leaveGone(error),
    });
    this.#input.on('data', this.#onData);
    this.#input.on('end', this.#onEnd);
    this.#input.on('error', this.#onError);
    this.#input.ref();
    this.#input.resume();
  }

  size(): ScreenSize {
    const window = this.#window;
    if (window === undefined) return screenSize(0, 0);
    // The stream refreshes its size by itself only some time after SIGWINCH, and never for a size that changed
    // while the process was stopped.
    if (hasRefresh(window)) window._refreshSize();
    return screenSize(window.columns, window.rows);
  }

  setRawMode(isRaw: boolean): void {
    const error = setRawMode(this.#input, isRaw);
    // Reported from outside this call, as every event is.
    if (error !== undefined) setImmediate(() => this.#leaveGone(error));
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
    this.#input.off('data', this.#onData);
    this.#input.off('end', this.#onEnd);
    this.#input.off('error', this.#onError);
    this.#input.pause();
    this.#input.unref();
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    if (this.#windowDescriptor >= 0) closeSync(this.#windowDescriptor);
    this.#descriptor = -1;
    this.#windowDescriptor = -1;
    this.#writer = undefined;
    this.#window = undefined;
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.#events?.input(bytes);
  };

  readonly #onEnd = (): void => {
    this.#leaveGone(new OpError({ op: 'read terminal', code: 'EOF', message: 'the terminal has hung up' }));
  };

  readonly #onError = (cause: unknown): void => {
    this.#leaveGone(toOpError('read terminal', cause));
  };

  #leaveGone(error: OpError): void {
    const events = this.#events;
    this.#events = undefined;
    this.abort();
    events?.gone(error);
  }
}

function openTerminal(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    throw toOpError(`open ${path}`, cause);
  }
}

interface Refreshable {
  _refreshSize(): void;
}

/** Node's and Bun's tty streams both have it, neither documents it. */
function hasRefresh(stream: object): stream is Refreshable {
  return '_refreshSize' in stream && typeof stream._refreshSize === 'function';
}
