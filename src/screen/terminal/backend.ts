import type { OpError } from '../../kit/errors/op-error.ts';

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
  /** The size may be another; comes only where SIGWINCH does not tell. */
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
  /** Raw or cooked mode (termios), set anew even if it is thought to be set already. A terminal gone is no error. */
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
