import { OpError } from '../../kit/errors/op-error.ts';
import { TABLE_FORMATS } from '../codec/table-format.ts';
import {
  CHANGES_VERSION,
  LINE_LIMIT_BYTES,
  LINE_START,
  LINE_START_LIMIT_BYTES,
  PART_LIMIT_BYTES,
  PARTS_LIMIT,
  PARTS_LIMIT_BYTES,
  PARTS_START,
  RECORDING_VERSION,
  SECTION_PARTS,
  SECTIONS_VERSION,
  type SectionPart,
} from './recorded-format.ts';
import { badValue, parseRecordedHeader, type RecordedHeader } from './recorded-header.ts';

/** A whole line: its header is checked, the tables are not yet. */
export interface RecordedLine {
  readonly recorded: RecordedHeader;
  /** JSON of the parts after the header. */
  readonly tables: readonly Uint8Array[];
  /** JSON of the parts with rows of processes. */
  readonly processRows: readonly Uint8Array[];
  /** JSON of the sections beside the network. */
  readonly sections: ReadonlyMap<SectionPart, Uint8Array>;
}

const VERSIONS: readonly number[] = [RECORDING_VERSION, SECTIONS_VERSION, CHANGES_VERSION];
const LINE_END = 10;
const COMMA = 44;
const BRACKET = 93;
const FIRST_ALLOCATION_BYTES = 1 << 20;
const START_PATTERN = /^\{"sstop_recording":(\d{1,9}),"lengths":\[(\d{1,9}(?:,\d{1,9})*)\],"snapshot":\[$/;

/**
 * Puts lines together from text as it comes. Keeps what a snapshot is rebuilt from and passes over the rest of the
 * line, so that its memory is bounded whatever the text is. `push` throws an OpError where that is no recording
 * (`NOT_A_RECORDING`, `UNSUPPORTED_VERSION`) or a damaged one (`BAD_VALUE`).
 */
export class LineAssembler {
  readonly #start = new Uint8Array(LINE_START_LIMIT_BYTES);
  #startLength = 0;
  /** Bytes of each part; empty while the start of the line is not complete. */
  #lengths: readonly number[] = [];
  #parts = new Uint8Array(0);
  #partsLength = 0;
  /** Bytes of the parts with the commas between them and the bracket and the comma after them. */
  #partsEnd = 0;
  #passedOver = 0;

  /** Whether the text ended inside a line. */
  get isInsideLine(): boolean {
    return this.#startLength > 0;
  }

  reset(): void {
    this.#startLength = 0;
    this.#lengths = [];
    this.#parts = new Uint8Array(0);
    this.#partsLength = 0;
    this.#passedOver = 0;
  }

  /** Adds every line that these bytes complete to `lines`. */
  push(bytes: Uint8Array, lines: RecordedLine[]): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#lengths.length === 0) at = this.#takeStart(bytes, at);
      else if (this.#partsLength < this.#partsEnd) at = this.#takeParts(bytes, at);
      else {
        const end = bytes.indexOf(LINE_END, at);
        this.#passedOver += (end < 0 ? bytes.length : end) - at;
        if (this.#passedOver > LINE_LIMIT_BYTES) throw badValue('the length of a line');
        if (end < 0) return;
        lines.push(this.#line());
        this.reset();
        at = end + 1;
      }
    }
  }

  #takeStart(bytes: Uint8Array, at: number): number {
    const before = this.#startLength;
    const taken = bytes.subarray(at, at + this.#start.length - before);
    this.#start.set(taken, before);
    this.#startLength += taken.length;
    const text = Buffer.from(this.#start.buffer, 0, this.#startLength).toString('latin1');
    if (!LINE_START.startsWith(text.slice(0, LINE_START.length))) throw notARecording();
    const found = text.indexOf(PARTS_START, Math.max(0, before - PARTS_START.length));
    if (found < 0) {
      if (this.#startLength === this.#start.length) throw badValue('the start of a line');
      return at + taken.length;
    }
    this.#startLength = found + PARTS_START.length;
    this.#readStart(text.slice(0, this.#startLength));
    return at + this.#startLength - before;
  }

  #readStart(text: string): void {
    const match = START_PATTERN.exec(text);
    if (match === null) throw badValue('the start of a line');
    const [, version, list = ''] = match;
    if (!VERSIONS.includes(Number(version))) throw unsupported(version);
    const lengths = list.split(',').map(Number);
    const bytes = lengths.reduce((sum, length) => sum + length, 0);
    if (lengths.length > PARTS_LIMIT || bytes > PARTS_LIMIT_BYTES) throw badValue('the size of a line');
    if (lengths.some((length) => length > PART_LIMIT_BYTES)) throw badValue('the size of a part');
    this.#lengths = lengths;
    this.#partsEnd = bytes + lengths.length + 1;
  }

  /** What a line says of its length is believed only as far as bytes have come. */
  #takeParts(bytes: Uint8Array, at: number): number {
    const taken = bytes.subarray(at, at + this.#partsEnd - this.#partsLength);
    const length = this.#partsLength + taken.length;
    if (length > this.#parts.length) {
      const capacity = Math.max(length, FIRST_ALLOCATION_BYTES, this.#parts.length * 2);
      const longer = new Uint8Array(Math.min(capacity, this.#partsEnd));
      longer.set(this.#parts.subarray(0, this.#partsLength));
      this.#parts = longer;
    }
    this.#parts.set(taken, this.#partsLength);
    this.#partsLength = length;
    return at + taken.length;
  }

  #line(): RecordedLine {
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const length of this.#lengths) {
      parts.push(this.#parts.subarray(at, at + length));
      at += length + 1;
      const isLast = parts.length === this.#lengths.length;
      if (this.#parts[at - 1] !== (isLast ? BRACKET : COMMA)) throw badValue('the end of a part');
    }
    const [header = new Uint8Array(0), ...others] = parts;
    const sections = new Map<SectionPart, Uint8Array>();
    const tables: Uint8Array[] = [];
    const processRows: Uint8Array[] = [];
    for (const part of others) {
      const name = SECTION_PARTS.find((known) => isPart(part, known));
      if (name !== undefined) sections.set(name, part);
      else if (isPart(part, TABLE_FORMATS.processes.name)) processRows.push(part);
      else tables.push(part);
    }
    return { recorded: parseRecordedHeader(header), tables, processRows, sections };
  }
}

/** Which part it is stands at its beginning. */
function isPart(part: Uint8Array, name: string): boolean {
  const start = `{"part":"${name}",`;
  return Buffer.from(part.buffer, part.byteOffset, Math.min(part.length, start.length)).equals(
    Buffer.from(start),
  );
}

function notARecording(): OpError {
  const message = 'not a recording of sstop';
  return new OpError({ op: 'read recording', code: 'NOT_A_RECORDING', message });
}

function unsupported(version: string | undefined): OpError {
  return new OpError({
    op: 'read recording',
    code: 'UNSUPPORTED_VERSION',
    message: `format ${version} is too new: this version reads up to ${CHANGES_VERSION}; update it`,
  });
}
