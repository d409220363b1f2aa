import { close, closeSync, write, writeSync } from 'node:fs';
import { FILE_REASONS, fileError, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { openToAppend } from '../../kit/files/user-file.ts';
import { Allowance } from '../../kit/limits/bounds.ts';
import { sanitizeLine } from '../../kit/text/sanitize.ts';
import { closedInTime } from './stop.ts';

export type LogLevel = 'info' | 'warning' | 'error';

/** Fields of an event; undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Maximum length of a value, because messages can quote anything. */
const VALUE_LIMIT = 1024;
const STACK_LINES = 8;
/** Values that need no quotes. */
const PLAIN = /^[\w.:/@%+,~-]+$/;
/** URLs of agents may contain their token. */
const TOKEN = /(token=)[^&\s"']*/gi;

/** Lines in a burst, and the time until one more is allowed. */
const BURST_LINES = 40;
const REFILL_MILLIS = 3000;

/**
 * Formats an event as one line, `time=… level=… event=… key=value …`. Values with other characters than letters, digits
 * and a few signs are quoted as in JSON. Control characters are replaced, tokens removed.
 */
export function logLine(wallMillis: number, level: LogLevel, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${valueText(value)}`],
  );
  return `${[`time=${new Date(wallMillis).toISOString()} level=${level} event=${event}`, ...pairs].join(' ')}\n`;
}

/** An unexpected exception, with its location. */
export function exceptionFields(thrown: unknown): LogFields {
  const { op, code, message, cause } = toOpError('run', thrown);
  const origin = cause instanceof Error ? cause : thrown;
  const stack =
    origin instanceof Error ? origin.stack?.split('\n').slice(0, STACK_LINES).join(' ') : undefined;
  return { op, code, message, stack };
}

function valueText(value: string | number | boolean): string {
  const text = sanitizeLine(String(value)).replaceAll(TOKEN, '$1***');
  const short = text.length > VALUE_LIMIT ? `${text.slice(0, VALUE_LIMIT)}…` : text;
  return PLAIN.test(short) ? short : JSON.stringify(short);
}

/** Rate limit of lines: a burst, then one every few seconds. */
export function lineBudget(): Allowance {
  return new Allowance(BURST_LINES, REFILL_MILLIS);
}

/** The log is readable only by the user. */
const MODE = 0o600;
/** Maximum number of lines waiting for a slow disk; later ones are dropped and counted. */
const WAITING_LIMIT = 256;

const REASONS: Readonly<Record<string, string>> = {
  ...FILE_REASONS,
  ENOENT: 'directory not found',
  ENOTDIR: 'directory not found',
  ENXIO: 'no process reads from this pipe',
  FOREIGN_LINK: 'symbolic link owned by another user',
  FOREIGN_FILE: 'owned by another user or has a second hard link, in a world-writable directory',
};

/** The file of `--log`, or none. Errors of the file never stop the program. */
export class EventLog {
  readonly #descriptor: number | undefined;
  readonly #budget = lineBudget();
  #work: Promise<void> = Promise.resolve();
  #waitingCount = 0;
  #unwrittenCount = 0;
  #error: OpError | undefined;

  private constructor(descriptor: number | undefined) {
    this.#descriptor = descriptor;
  }

  /** A log that discards every event. */
  static none(): EventLog {
    return new EventLog(undefined);
  }

  /**
   * Opens a file to append to, as `openToAppend`, created with mode 0600. Throws OpError with one line that names the
   * file. With a screen, the file must not be a terminal.
   */
  static open(path: string, hasScreen: boolean): EventLog {
    try {
      const descriptor = openToAppend(path, MODE);
      if (hasScreen && process.getBuiltinModule('node:tty').isatty(descriptor)) {
        closeSync(descriptor);
        throw new OpError({ op: 'open log', code: 'ENOTSUP', message: 'is a terminal; use a file' });
      }
      return new EventLog(descriptor);
    } catch (thrown) {
      throw fileError('open log', `cannot log to '${path}'`, thrown, REASONS);
    }
  }

  /** Error that prevented writing, if any. */
  get error(): OpError | undefined {
    return this.#error;
  }

  /** Appends a line. Frequent events are dropped; the next line says how many. */
  event(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (this.#descriptor === undefined) return;
    if (!this.#budget.take(performance.now())) return;
    this.#enqueue(this.#descriptor, logLine(Date.now(), level, event, this.#counted(fields)));
  }

  /** Appends a line at once, without rate limit, before the program exits. */
  lastWords(level: LogLevel, event: string, fields: LogFields): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, logLine(Date.now(), level, event, fields));
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Resolves when everything so far was written, or failed. */
  async close(): Promise<void> {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    const closing = this.#work.then(
      () => new Promise<void>((done) => close(descriptor, (error) => this.#settle(error, done))),
    );
    await closedInTime(closing);
  }

  #counted(fields: LogFields): LogFields {
    const leftOut = this.#budget.refused + this.#unwrittenCount;
    this.#budget.refused = 0;
    this.#unwrittenCount = 0;
    return leftOut === 0 ? fields : { ...fields, left_out: leftOut };
  }

  #enqueue(descriptor: number, line: string): void {
    if (this.#waitingCount >= WAITING_LIMIT) {
      this.#unwrittenCount++;
      return;
    }
    this.#waitingCount++;
    this.#work = this.#work.then(
      () =>
        new Promise<void>((done) => {
          write(descriptor, line, (error) => {
            this.#waitingCount--;
            this.#settle(error, done);
          });
        }),
    );
  }

  #settle(error: Error | null | undefined, done: () => void): void {
    if (error) this.#fail(error);
    done();
  }

  #fail(thrown: unknown): void {
    this.#unwrittenCount++;
    this.#error ??= fileError('write log', 'the log is not complete', thrown, REASONS);
  }
}
