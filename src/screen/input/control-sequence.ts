const MAX_PARAMETERS = 16;
const MAX_VALUE = 1_000_000;
/** Longer than any sequence that a terminal sends. */
const MAX_BYTES = 64;

/**
 * The parameters of one control sequence (ECMA-48 5.4), gathered byte by byte and reused for the next one:
 * `CSI prefix? parameters intermediate? final`, a parameter being `value:sub`.
 */
export class ControlSequence {
  /** `<`, `=`, `>` or `?`; 0 where there is none. */
  prefix = 0;
  /** The last byte of 0x20 to 0x2f; 0 where there is none. */
  intermediate = 0;
  /** How many parameters were there, empty ones too; 0 for a sequence without any. */
  count = 0;
  readonly #values = new Int32Array(MAX_PARAMETERS);
  readonly #subs = new Int32Array(MAX_PARAMETERS);
  #subIndex = 0;
  #length = 0;

  clear(): void {
    this.prefix = 0;
    this.intermediate = 0;
    this.count = 0;
    this.#subIndex = 0;
    this.#length = 0;
  }

  /** Takes a byte of 0x20 to 0x3f. A sequence that is too long is remembered as such. */
  push(byte: number): void {
    this.#length++;
    if (this.isOverlong) return;
    if (byte < 0x30) this.intermediate = byte;
    else if (byte >= 0x3c) this.prefix = this.#length === 1 ? byte : this.prefix;
    else this.#pushParameter(byte);
  }

  get isOverlong(): boolean {
    return this.#length > MAX_BYTES || this.count > MAX_PARAMETERS;
  }

  /** Nothing but the final byte came. */
  get isBare(): boolean {
    return this.#length === 0;
  }

  /** Whether this final byte makes it `CSI 200 ~`. */
  isPasteStart(final: number): boolean {
    return final === 0x7e && this.prefix === 0 && this.count === 1 && this.#values[0] === 200;
  }

  /** The parameter's value, or `fallback` where it is absent or empty. */
  value(index: number, fallback: number): number {
    const value = index < this.count ? this.#values[index]! : -1;
    return value < 0 ? fallback : value;
  }

  /** The parameter's second part, behind a colon, or `fallback`. */
  sub(index: number, fallback: number): number {
    const value = index < this.count ? this.#subs[index]! : -1;
    return value < 0 ? fallback : value;
  }

  #pushParameter(byte: number): void {
    if (this.count === 0) this.#begin();
    if (byte === 0x3b) {
      this.#begin();
    } else if (byte === 0x3a) {
      this.#subIndex++;
    } else if (this.#subIndex < 2 && this.count <= MAX_PARAMETERS) {
      const into = this.#subIndex === 0 ? this.#values : this.#subs;
      const at = this.count - 1;
      into[at] = Math.min(Math.max(into[at]!, 0) * 10 + (byte - 0x30), MAX_VALUE);
    }
  }

  #begin(): void {
    this.#subIndex = 0;
    this.count++;
    if (this.count > MAX_PARAMETERS) return;
    this.#values[this.count - 1] = -1;
    this.#subs[this.count - 1] = -1;
  }
}
