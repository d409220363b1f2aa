const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 as it is: a name may begin with U+FEFF, which decoders take for a mark. What is invalid becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The text in a field of bytes [start, end), up to its NUL. */
export function textIn(bytes: Uint8Array, start: number, end: number): string {
  const field = bytes.subarray(start, end);
  const nul = field.indexOf(0);
  return decodeText(nul < 0 ? field : field.subarray(0, nul));
}

/**
 * A cursor over kernel text. It never reads at or past `end`, allocates nothing, and says by NaN or false that what
 * was asked for is not there.
 */
export class TextScanner {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = Math.min(end, bytes.length);
  }

  /** To the line that begins at `start`, without its end; false where no whole line is left in `length` bytes. */
  resetToLine(bytes: Uint8Array, start: number, length: number): boolean {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline < 0 || newline >= length) return false;
    this.reset(bytes, start, newline);
    return true;
  }

  skipBlanks(): void {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    this.at = at;
  }

  /** Passes over `count` words and the blanks before each; false where there are fewer. */
  skipWords(count: number): boolean {
    const { bytes, end } = this;
    let at = this.at;
    for (let i = 0; i < count; i++) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
      if (at >= end) return false;
      while (at < end && bytes[at] !== SPACE && bytes[at] !== TAB) at++;
    }
    this.at = at;
    return true;
  }

  /**
   * Passes over `count` fields, each behind one space, and stops at the space before the next; false where that is
   * missing. One native call a field: this runs too seldom to be compiled well.
   */
  skipFields(count: number): boolean {
    for (let i = 0; i <= count; i++) {
      const space = this.bytes.indexOf(SPACE, i === 0 ? this.at : this.at + 1);
      if (space < 0 || space >= this.end) return false;
      this.at = space;
    }
    return true;
  }

  /**
   * The decimal number after any blanks; the cursor stops behind its last digit. NaN: no number (a sign is
   * none) or where a double cannot hold it exactly: such a count is a lie, not a measurement.
   */
  unsigned(): number {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    const start = at;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.at = at;
    return at === start || value > Number.MAX_SAFE_INTEGER ? Number.NaN : value;
  }

  /** As `unsigned`, but NaN where the number touches the end, since it may be the first part of a longer one. */
  terminatedUnsigned(): number {
    const value = this.unsigned();
    return this.at < this.end ? value : Number.NaN;
  }

  /** Whether the bytes at the cursor are these; if so the cursor stands behind them. */
  accept(word: Uint8Array): boolean {
    if (this.end - this.at < word.length) return false;
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word[i]) return false;
    this.at += word.length;
    return true;
  }

  /** To the start of the next line; false at the end. */
  nextLine(): boolean {
    const newline = this.bytes.indexOf(NEWLINE, this.at);
    if (newline < 0 || newline >= this.end) {
      this.at = this.end;
      return false;
    }
    this.at = newline + 1;
    return this.at < this.end;
  }
}

/** Numbers of a text that has one a line, `KEY 123`, under keys that begin no other line. */
export class KeyedNumbers<Field extends string> {
  readonly #fields: readonly Field[];
  readonly #keys: readonly Uint8Array[];
  readonly #skipped: number;
  readonly #scanner = new TextScanner();

  /** @param skipped words between the key and the number */
  constructor(keys: Readonly<Record<Field, string>>, skipped = 0) {
    this.#fields = Object.keys(keys) as Field[];
    this.#keys = this.#fields.map((field) => ascii(keys[field]));
    this.#skipped = skipped;
  }

  /** NaN under each. */
  empty(): Record<Field, number> {
    return Object.fromEntries(this.#fields.map((field) => [field, Number.NaN])) as Record<Field, number>;
  }

  /**
   * The numbers of bytes [start, length) into `into`, which is returned: NaN where a line is missing, or its number
   * touches the end and may be a part of one. Each key is looked for from where the last was found.
   */
  parse<Into extends Record<Field, number>>(bytes: Uint8Array, length: number, into: Into, start = 0): Into {
    const scanner = this.#scanner;
    const keys = this.#keys;
    const numbers: Record<Field, number> = into;
    for (let i = 0; i < keys.length; i++) numbers[this.#fields[i]!] = Number.NaN;
    scanner.reset(bytes, start, length);
    let next = 0;
    do {
      const first = bytes[scanner.at];
      for (let i = 0, at = next; i < keys.length; i++, at = at + 1 < keys.length ? at + 1 : 0) {
        if (keys[at]![0] !== first || !scanner.accept(keys[at]!)) continue;
        if (scanner.skipWords(this.#skipped)) numbers[this.#fields[at]!] = scanner.terminatedUnsigned();
        next = at + 1 < keys.length ? at + 1 : 0;
        break;
      }
    } while (scanner.nextLine());
    return into;
  }
}

/** What a scanner found; undefined for NaN. */
export function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

const encoder = new TextEncoder();

/** The bytes of an ASCII constant, for `TextScanner.accept` and for paths. */
export function ascii(text: string): Uint8Array {
  return encoder.encode(text);
}

const POINT = 0x2e;

/** Reads a number such as `0.33` at the cursor after blanks; the fraction is optional. NaN: no number. */
export function scanDecimal(scanner: TextScanner): number {
  const whole = scanner.unsigned();
  if (scanner.at >= scanner.end || scanner.bytes[scanner.at] !== POINT) return whole;
  scanner.at++;
  const start = scanner.at;
  const fraction = scanner.unsigned();
  const scale = 10 ** (scanner.at - start);
  // One division: the number that is written, where a sum would be 1.8399999999999999 for 1.84.
  return (whole * scale + fraction) / scale;
}
