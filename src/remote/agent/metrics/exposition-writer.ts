import type { Family } from './family.ts';
import type { MetricsFormat } from './negotiate.ts';

const FIRST_SIZE_BYTES = 1 << 16;
/** No number is longer: `-1.2345678901234567e-308`, or 16 digits with a point and leading zeros. */
const NUMBER_BYTES = 32;
const EOF_BYTES = new TextEncoder().encode('# EOF\n');
const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

/**
 * Writes samples as bytes in either format. The samples of a family are to follow one another; its head is written
 * with the first, so that a family without samples is left out. Values that are not finite are missing: left out.
 */
export class ExpositionWriter {
  #bytes = new Uint8Array(FIRST_SIZE_BYTES);
  #length = 0;
  #format: MetricsFormat = 'text';
  #family: Family | undefined;
  readonly #digits = new Uint8Array(NUMBER_BYTES);

  begin(format: MetricsFormat): void {
    this.#length = 0;
    this.#format = format;
    this.#family = undefined;
  }

  /** One sample; undefined or not finite: none. */
  sample(family: Family, labels: Uint8Array, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.#start(family, labels);
    if (Number.isSafeInteger(value)) this.#scaled(value, 0);
    else this.#ascii(String(value));
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** One sample of `units / 10 ** decimals`, exactly; undefined, or no integer that a double holds: none. */
  scaled(family: Family, labels: Uint8Array, units: number | undefined, decimals: number): void {
    if (units === undefined || !Number.isFinite(units)) return;
    if (!Number.isSafeInteger(units)) {
      this.sample(family, labels, units / 10 ** decimals);
      return;
    }
    this.#start(family, labels);
    this.#scaled(units, decimals);
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** A copy of everything since `begin`, with the end that OpenMetrics wants. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#format === 'openmetrics') this.#put(EOF_BYTES);
    return this.#bytes.slice(0, this.#length);
  }

  /** Head if need be, name, labels and space; room for the number and the line's end. */
  #start(family: Family, labels: Uint8Array): void {
    if (this.#family !== family) {
      this.#family = family;
      this.#put(family.head(this.#format));
    }
    this.#reserve(family.sampleNameBytes.length + labels.length + NUMBER_BYTES + 2);
    this.#copy(family.sampleNameBytes);
    this.#copy(labels);
    this.#bytes[this.#length++] = SPACE;
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#copy(bytes);
  }

  #copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    const wanted = this.#length + count;
    if (wanted <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    longer.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = longer;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** Decimal digits from the last to the first, zeros behind the point left out. */
  #scaled(units: number, decimals: number): void {
    const digits = this.#digits;
    let at = NUMBER_BYTES;
    let left = Math.abs(units);
    for (let place = 0; left > 0 || place <= decimals; place++) {
      if (place === decimals && at < NUMBER_BYTES) digits[--at] = POINT;
      // Below 2^31 the engine divides integers, which is several times as fast.
      const rest = left <= 0x7fffffff ? ((left | 0) / 10) | 0 : Math.floor(left / 10);
      const digit = left - rest * 10;
      left = rest;
      if (place >= decimals || digit !== 0 || at < NUMBER_BYTES) digits[--at] = ZERO + digit;
    }
    if (units < 0) digits[--at] = MINUS;
    const bytes = this.#bytes;
    let to = this.#length;
    while (at < NUMBER_BYTES) bytes[to++] = digits[at++]!;
    this.#length = to;
  }
}
