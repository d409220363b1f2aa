import { closeSync, constants, openSync } from 'node:fs';
import tty from 'node:tty';
import { toOpError } from '../../kit/errors/op-error.ts';

/** A console tells of a new size only in ways that depend on its version and on what reads from it: it is looked at. */
const SIZE_LOOK_MILLIS = 250;

/** What the runtime knows of a window: its size in cells, as a stream of a terminal has it. */
interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** Where frames are written to, and whose window is asked for its size. */
export interface TerminalOutput {
  /** Open for writing; a device takes what it can and refuses the rest (EAGAIN), a console takes all. */
  readonly descriptor: number;
  /** How the runtime asks for the window's size. */
  readonly window: Window;
  /** Calls `listener` when the size may be another. A device needs none of it: SIGWINCH tells. */
  watchSize(listener: () => void): void;
  close(): void;
}

/** A terminal's device, such as `/dev/tty`. Throws OpError with the code of open(2). */
export function openDevice(path: string): TerminalOutput {
  const descriptor = openTerminal(path);
  // On a file description of its own too, because the stream, which is never written to, makes the one it is given
  // blocking.
  const windowDescriptor = openTerminal(path);
  return {
    descriptor,
    window: new tty.WriteStream(windowDescriptor),
    watchSize: () => undefined,
    close() {
      closeSync(descriptor);
      closeSync(windowDescriptor);
    },
  };
}

/** The console behind a standard output, on systems that have no such devices. It stays open. */
export function openConsole(window: Window & { readonly fd: number }): TerminalOutput {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    descriptor: window.fd,
    window,
    watchSize(listener) {
      let [columns, rows] = [window.columns, window.rows];
      timer = setInterval(() => {
        refreshSize(window);
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
 * Has a stream ask for its size anew: by itself it does so only some time after SIGWINCH, and never for a size that
 * changed while the process was stopped. Node's and Bun's streams both can, neither documents it.
 */
export function refreshSize(stream: Window): void {
  if ('_refreshSize' in stream && typeof stream._refreshSize === 'function') stream._refreshSize();
}

function openTerminal(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    throw toOpError(`open ${path}`, cause);
  }
}
