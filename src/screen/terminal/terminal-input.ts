import type { ReadStream } from 'node:tty';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

/** Calls of the operating system on terminals. */
export interface TerminalControl {
  isTerminal(descriptor: number): boolean;
  /** Raw mode of standard input, or the mode of before. Throws OpError. */
  setRawMode(isRaw: boolean): void;
  /** In cells; 0 by 0: not known. */
  windowSize(descriptor: number): WindowSize;
}

/** A window in cells, as a terminal states it. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** What is read, and how reading ends. Nothing is called from within a method of the input. */
interface InputEvents {
  /** Bytes lent for the call. */
  input(bytes: Uint8Array): void;
  /** Nothing more comes. */
  ended(error: OpError): void;
}

/** Standard input that is a terminal. */
export interface TerminalInput {
  readonly isTerminal: boolean;
  start(events: InputEvents): void;
  stop(): void;
  /** Sets the mode even if it is set already: another program may have changed it. Throws OpError. */
  setRawMode(isRaw: boolean): void;
}

const HUNG_UP = { op: 'read terminal', code: 'EOF', message: 'terminal hung up' };

/** One reader for the whole process: bytes that a second one would read are lost to the first. */
let isReading = false;
let receiver: InputEvents | undefined;

/** Rejects with what the receiver throws, which is a fault of the program and not of the terminal. */
async function readOn(): Promise<void> {
  const reader = Bun.stdin.stream().getReader();
  for (;;) {
    const read = await reader.read().catch((cause: unknown) => toOpError('read terminal', cause));
    if (read instanceof OpError || read.done) {
      receiver?.ended(read instanceof OpError ? read : new OpError(HUNG_UP));
      return;
    }
    receiver?.input(read.value);
  }
}

/** By the system's calls: without the runtime's streams, which take longer to load than all else before a frame. */
export class ControlledInput implements TerminalInput {
  readonly #control: TerminalControl;

  constructor(control: TerminalControl) {
    this.#control = control;
  }

  get isTerminal(): boolean {
    return this.#control.isTerminal(0);
  }

  start(events: InputEvents): void {
    receiver = events;
    if (isReading) return;
    isReading = true;
    // Behind the first frame: the runtime's stream takes 0.2 ms to load.
    setImmediate(() => void readOn());
  }

  stop(): void {
    receiver = undefined;
  }

  setRawMode(isRaw: boolean): void {
    this.#control.setRawMode(isRaw);
  }
}

/** By the runtime's stream, on systems whose calls this program does not know. */
export class StreamInput implements TerminalInput {
  readonly #stream: ReadStream = process.stdin;
  #events: InputEvents | undefined;

  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  start(events: InputEvents): void {
    this.#events = events;
    this.#stream.on('data', this.#onData);
    this.#stream.on('end', this.#onEnd);
    this.#stream.on('error', this.#onError);
    this.#stream.ref();
    this.#stream.resume();
  }

  stop(): void {
    this.#events = undefined;
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
    this.#stream.off('error', this.#onError);
    this.#stream.pause();
    this.#stream.unref();
  }

  setRawMode(isRaw: boolean): void {
    try {
      // The stream does nothing where it believes the mode set.
      if (isRaw && this.#stream.isRaw) this.#stream.setRawMode(false);
      this.#stream.setRawMode(isRaw);
    } catch (cause) {
      throw toOpError('set terminal mode', cause);
    }
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.#events?.input(bytes);
  };

  readonly #onEnd = (): void => {
    this.#events?.ended(new OpError(HUNG_UP));
  };

  readonly #onError = (cause: unknown): void => {
    this.#events?.ended(toOpError('read terminal', cause));
  };
}
