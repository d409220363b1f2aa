import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { type Backend, type BackendEvents, type ScreenSize, screenSize } from './backend.ts';
import { NonBlockingWriter } from './non-blocking-writer.ts';
import { setRawMode } from './raw-mode.ts';
import { openConsole, openDevice, refreshSize, type TerminalOutput } from './terminal-output.ts';

/**
 * A real terminal: input from stdin, output to a file description of its own on the terminal's device, because writes
 * that do not block cannot be had on one that is shared with the shell.
 */
export class AnsiBackend implements Backend {
  readonly #open: () => TerminalOutput;
  readonly #input = process.stdin;
  #events: BackendEvents | undefined;
  #output: TerminalOutput | undefined;
  #writer: NonBlockingWriter | undefined;

  /** `path` of the terminal's device; undefined: the console behind standard output. */
  constructor(path: string | undefined) {
    this.#open = path === undefined ? () => openConsole(process.stdout) : () => openDevice(path);
  }

  get isBusy(): boolean {
    return this.#writer?.isBusy ?? false;
  }

  open(events: BackendEvents): void {
    if (!this.#input.isTTY) {
      throw new OpError({ op: 'open terminal', code: 'ENOTTY', message: 'standard input is not a terminal' });
    }
    this.#output = this.#open();
    this.#events = events;
    this.#output.watchSize(() => this.#events?.resized());
    this.#writer = new NonBlockingWriter(this.#output.descriptor, {
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
    const window = this.#output?.window;
    if (window === undefined) return screenSize(0, 0);
    refreshSize(window);
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
    this.#output?.close();
    this.#output = undefined;
    this.#writer = undefined;
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
