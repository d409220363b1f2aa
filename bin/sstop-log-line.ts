import { toOpError } from '../src/kit/errors/op-error.ts';
import { sanitizeLine } from '../src/kit/text/sanitize.ts';

export type LogLevel = 'info' | 'warning' | 'error';

/** What an event says beside its name; undefined fields are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A message may quote anything; a line stays one that a person can read. */
const VALUE_LIMIT = 1024;
const STACK_LINES = 8;
/** What needs no quotes. */
const PLAIN = /^[\w.:/@%+,~-]+$/;
/** Addresses of agents may carry their token. */
const TOKEN = /(token=)[^&\s"']*/gi;

/** Lines at once, and how long it takes until there is leave for one more. */
const BURST_LINES = 40;
const REFILL_MILLIS = 3000;

/**
 * An event as one line, `time=… level=… event=… key=value …`. A value with anything but letters, digits and a few
 * signs stands in double quotes, as JSON has them. Controls are replaced, and tokens left out.
 */
export function logLine(wallMillis: number, level: LogLevel, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${valueText(value)}`],
  );
  return `${[`time=${new Date(wallMillis).toISOString()} level=${level} event=${event}`, ...pairs].join(' ')}\n`;
}

/** An exception nobody expected, with the place it comes from. */
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

/** How many lines may be written: a burst, then one every few seconds, however fast events come. */
export class LineBudget {
  #left = BURST_LINES;
  #refilledMillis = 0;
  #refusedCount = 0;

  /** Whether one more is allowed now, a time of the monotonic clock. */
  take(nowMillis: number): boolean {
    if (this.#left === BURST_LINES) this.#refilledMillis = nowMillis;
    const refills = Math.floor((nowMillis - this.#refilledMillis) / REFILL_MILLIS);
    this.#left = Math.min(BURST_LINES, this.#left + refills);
    this.#refilledMillis += refills * REFILL_MILLIS;
    if (this.#left === 0) {
      this.#refusedCount++;
      return false;
    }
    this.#left--;
    return true;
  }

  /** How many were refused since this was asked last. */
  takeRefusedCount(): number {
    const count = this.#refusedCount;
    this.#refusedCount = 0;
    return count;
  }
}
