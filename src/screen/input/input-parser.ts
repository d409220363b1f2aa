import { lengthened } from '../../kit/table/slot-table.ts';
import {
  ControlSequence,
  csiEvent,
  deviceControlReply,
  linuxConsoleEvent,
  mouseEvent,
  rxvtShiftedKey,
  ss3Event,
} from './control-sequence.ts';
import type { InputEvent, PasteEvent } from './event.ts';
import { characterKey, controlKey, Modifier, namedKey } from './key-event.ts';

/** A lone ESC is the Escape key once nothing has followed it for this long. */
export const ESCAPE_MILLIS = 50;
/** An unfinished sequence is forgotten after this long without a byte. */
export const PARTIAL_MILLIS = 500;
/** A paste whose end does not come is handed over as it is: long enough for a slow line to stall. */
export const PASTE_MILLIS = 2000;

/** Longer replies are read to their end and forgotten. */
const MAX_STRING_BYTES = 256;
const X10_REPORT_BYTES = 3;

const BELL = 0x07;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;
const ESC = 0x1b;
const DELETE = 0x7f;

const State = {
  GROUND: 0,
  ESCAPE: 1,
  ESCAPE_ESCAPE: 2,
  CSI: 3,
  SS3: 4,
  LINUX_FUNCTION_KEY: 5,
  X10_MOUSE: 6,
  OPERATING_SYSTEM_COMMAND: 7,
  DEVICE_CONTROL_STRING: 8,
  OTHER_STRING: 9,
  STRING_ESCAPE: 10,
  PASTE: 11,
} as const;

/**
 * Terminal input, byte by byte, as events. Any bytes may come, split anywhere; memory is bounded, and nothing but
 * events is allocated. Time is the caller's: `feed` says what time it is, and once `deadlineMillis` is past the
 * caller calls `expire`.
 */
export class InputParser {
  /** When `expire` is due, on the clock that `feed` is given; Infinity while nothing is pending. */
  deadlineMillis = Number.POSITIVE_INFINITY;
  readonly #emit: (event: InputEvent) => void;
  readonly #utf8 = new Utf8Decoder();
  readonly #sequence = new ControlSequence();
  readonly #paste = new PasteCollector();
  readonly #string = new Uint8Array(MAX_STRING_BYTES);
  readonly #context = { modifiers: 0, width: 1, height: 1 };
  #stringLength = 0;
  #stringState: number = State.GROUND;
  #state: number = State.GROUND;

  constructor(emit: (event: InputEvent) => void) {
    this.#emit = emit;
  }

  /** The screen in cells, which mouse coordinates are clamped to. */
  resize(width: number, height: number): void {
    this.#context.width = width;
    this.#context.height = height;
  }

  /** Takes bytes as they came; `bytes` is not kept. */
  feed(bytes: Uint8Array, nowMillis: number): void {
    for (let i = 0; i < bytes.length; i++) this.#step(bytes[i]!);
    this.deadlineMillis = nowMillis + this.#patience();
  }

  /** Settles what has been pending for too long: a lone ESC becomes the key, a partial sequence nothing at all. */
  expire(nowMillis: number): void {
    if (nowMillis < this.deadlineMillis) return;
    const state = this.#state;
    this.#reset();
    if (state === State.ESCAPE || state === State.ESCAPE_ESCAPE) this.#emit(namedKey('escape', 0));
    if (state === State.ESCAPE_ESCAPE) this.#emit(namedKey('escape', 0));
    if (state === State.PASTE) this.#emit(this.#paste.finish());
  }

  #patience(): number {
    if (this.#state === State.ESCAPE || this.#state === State.ESCAPE_ESCAPE) return ESCAPE_MILLIS;
    if (this.#state === State.PASTE) return PASTE_MILLIS;
    if (this.#state !== State.GROUND || this.#utf8.isPending) return PARTIAL_MILLIS;
    return Number.POSITIVE_INFINITY;
  }

  #reset(): void {
    this.deadlineMillis = Number.POSITIVE_INFINITY;
    this.#state = State.GROUND;
    this.#context.modifiers = 0;
    this.#utf8.reset();
  }

  #step(byte: number): void {
    switch (this.#state) {
      case State.GROUND:
        this.#ground(byte);
        break;
      case State.ESCAPE:
        this.#escape(byte);
        break;
      case State.ESCAPE_ESCAPE:
        this.#escapeEscape(byte);
        break;
      case State.CSI:
        this.#csi(byte);
        break;
      case State.SS3:
        this.#ss3(byte);
        break;
      case State.LINUX_FUNCTION_KEY:
        if (!isFinal(byte)) this.#abort(byte);
        else this.#finish(linuxConsoleEvent(String.fromCharCode(byte), this.#context.modifiers));
        break;
      case State.X10_MOUSE:
        this.#x10Mouse(byte);
        break;
      case State.STRING_ESCAPE:
        this.#stringEscape(byte);
        break;
      case State.PASTE:
        if (this.#paste.push(byte)) this.#finish(this.#paste.finish());
        break;
      default:
        this.#stringByte(byte);
    }
  }

  /** Text and control characters; `modifiers` holds alt if an ESC came before. */
  #ground(byte: number): void {
    const codePoint = this.#utf8.push(byte);
    if (codePoint === INCOMPLETE) return;
    if (codePoint === BROKEN) {
      this.#context.modifiers = 0;
      this.#ground(byte);
    } else if (codePoint === ESC) {
      this.#state = State.ESCAPE;
    } else if (codePoint === INVALID) {
      this.#finish(undefined);
    } else {
      const { modifiers } = this.#context;
      const isControl = codePoint < 0x20 || codePoint === DELETE;
      this.#finish(isControl ? controlKey(codePoint, modifiers) : characterKey(codePoint, modifiers));
    }
  }

  #escape(byte: number): void {
    switch (byte) {
      case ESC:
        this.#state = State.ESCAPE_ESCAPE;
        break;
      case 0x5b:
        this.#begin(State.CSI, 0);
        break;
      case 0x4f:
        this.#begin(State.SS3, 0);
        break;
      case 0x5d:
        this.#beginString(State.OPERATING_SYSTEM_COMMAND);
        break;
      case 0x50:
        this.#beginString(State.DEVICE_CONTROL_STRING);
        break;
      case 0x58:
      case 0x5e:
      case 0x5f:
        this.#beginString(State.OTHER_STRING);
        break;
      default:
        this.#state = State.GROUND;
        this.#context.modifiers = Modifier.ALT;
        this.#ground(byte);
    }
  }

  /** Two ESC: rxvt's alt before a sequence, else the Escape key and whatever the second one begins. */
  #escapeEscape(byte: number): void {
    if (byte === 0x5b || byte === 0x4f) {
      this.#begin(byte === 0x5b ? State.CSI : State.SS3, Modifier.ALT);
      return;
    }
    this.#emit(namedKey('escape', 0));
    this.#state = State.ESCAPE;
    this.#escape(byte);
  }

  #csi(byte: number): void {
    if (byte >= 0x20 && byte <= 0x3f) {
      this.#sequence.push(byte);
      const shifted = rxvtShiftedKey(this.#sequence, this.#context.modifiers);
      if (shifted !== undefined) this.#finish(shifted);
    } else if (!isFinal(byte)) {
      this.#abort(byte);
    } else if (this.#sequence.isBare && byte === 0x5b) {
      this.#state = State.LINUX_FUNCTION_KEY;
    } else if (this.#sequence.isBare && byte === 0x4d) {
      this.#beginString(State.X10_MOUSE);
    } else if (this.#sequence.isPasteStart(byte)) {
      this.#begin(State.PASTE, 0);
    } else {
      this.#finish(csiEvent(this.#sequence, String.fromCharCode(byte), this.#context));
    }
  }

  #ss3(byte: number): void {
    if ((byte >= 0x30 && byte <= 0x39) || byte === 0x3b) {
      this.#sequence.push(byte);
    } else if (isFinal(byte) || byte === 0x20) {
      this.#finish(ss3Event(this.#sequence, String.fromCharCode(byte), this.#context));
    } else {
      this.#abort(byte);
    }
  }

  /** The mouse report of terminals without SGR mode: button, column and row, each 32 and more. */
  #x10Mouse(byte: number): void {
    if (byte < 0x20) {
      this.#abort(byte);
      return;
    }
    this.#string[this.#stringLength++] = byte;
    if (this.#stringLength < X10_REPORT_BYTES) return;
    const { width, height } = this.#context;
    const [code, column, row] = this.#string;
    const report = {
      code: code! - 32,
      column: column! - 32,
      row: row! - 32,
      isRelease: false,
      width,
      height,
    };
    this.#finish(mouseEvent(report));
  }

  #stringByte(byte: number): void {
    if (byte === CANCEL || byte === SUBSTITUTE) {
      this.#finish(undefined);
    } else if (byte === BELL && this.#state === State.OPERATING_SYSTEM_COMMAND) {
      this.#finishString();
    } else if (byte === ESC) {
      this.#stringState = this.#state;
      this.#state = State.STRING_ESCAPE;
    } else if (this.#stringLength < MAX_STRING_BYTES) {
      this.#string[this.#stringLength++] = byte;
    }
  }

  /** ESC within a string: with a backslash it is the string's end, else the string was cut and this is what follows. */
  #stringEscape(byte: number): void {
    if (byte !== 0x5c) {
      this.#escape(byte);
      return;
    }
    this.#state = this.#stringState;
    this.#finishString();
  }

  #finishString(): void {
    const isWhole = this.#stringLength < MAX_STRING_BYTES;
    const isReply = isWhole && this.#state === State.DEVICE_CONTROL_STRING;
    const text = isReply ? String.fromCharCode(...this.#string.subarray(0, this.#stringLength)) : '';
    this.#finish(deviceControlReply(text));
  }

  #begin(state: number, modifiers: number): void {
    this.#state = state;
    this.#context.modifiers = modifiers;
    this.#sequence.clear();
  }

  #beginString(state: number): void {
    this.#state = state;
    this.#stringLength = 0;
  }

  #finish(event: InputEvent | undefined): void {
    this.#state = State.GROUND;
    this.#context.modifiers = 0;
    if (event !== undefined) this.#emit(event);
  }

  /** A byte that no sequence can hold: the sequence is forgotten; CAN and SUB are spent on that, others count anew. */
  #abort(byte: number): void {
    this.#finish(undefined);
    if (byte !== CANCEL && byte !== SUBSTITUTE && byte !== DELETE) this.#ground(byte);
  }
}

function isFinal(byte: number): boolean {
  return byte >= 0x40 && byte <= 0x7e;
}

/** What is kept of one paste, in bytes; the rest is let go. */
export const MAX_PASTE_BYTES = 64 * 1024;

const END = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e];
const FIRST_CAPACITY = 1024;
const BREAKS = /\r\n|[\r\n\t\u2028\u2029]/g;
/** C0, DEL, C1, direction controls, and what stands for invalid UTF-8. */
const REFUSED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/g;

/** Gathers a bracketed paste until `CSI 201 ~`; its memory is bounded and let go with the paste. */
class PasteCollector {
  #bytes = new Uint8Array(0);
  #length = 0;
  #matched = 0;

  /** Takes a byte; true when it was the last of the paste's end mark. */
  push(byte: number): boolean {
    if (byte === END[this.#matched]) {
      this.#matched++;
      return this.#matched === END.length;
    }
    // The mark's only ESC is its first byte, so a broken match can start anew at nothing but this byte.
    for (let i = 0; i < this.#matched; i++) this.#keep(END[i]!);
    this.#matched = 0;
    if (byte === END[0]) this.#matched = 1;
    else this.#keep(byte);
    return false;
  }

  /** The paste as an event; the collector is empty afterwards. */
  finish(): PasteEvent {
    const decoded = new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
    const text = decoded.replace(BREAKS, ' ').replace(REFUSED, '');
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    this.#matched = 0;
    return { kind: 'paste', text };
  }

  #keep(byte: number): void {
    if (this.#length === MAX_PASTE_BYTES) return;
    if (this.#length === this.#bytes.length) {
      const capacity = Math.min(Math.max(this.#length * 2, FIRST_CAPACITY), MAX_PASTE_BYTES);
      this.#bytes = lengthened(this.#bytes, new Uint8Array(capacity));
    }
    this.#bytes[this.#length++] = byte;
  }
}

/** Nothing whole yet. */
const INCOMPLETE = -1;
/** The byte cannot continue what was begun: what was begun is gone, the byte is still to be looked at. */
const BROKEN = -2;
/** The byte is no part of any UTF-8 text, or ended an overlong or impossible form. */
const INVALID = -3;

/** One code point at a time (RFC 3629), each byte looked at once, so that text may be split anywhere. */
class Utf8Decoder {
  #missing = 0;
  #codePoint = 0;
  #least = 0;

  get isPending(): boolean {
    return this.#missing > 0;
  }

  reset(): void {
    this.#missing = 0;
  }

  /** A code point, INCOMPLETE, BROKEN or INVALID. */
  push(byte: number): number {
    if (this.#missing > 0) return this.#continue(byte);
    if (byte < 0x80) return byte;
    if (byte >= 0xc2 && byte <= 0xdf) return this.#begin(byte & 0x1f, 1, 0x80);
    if (byte >= 0xe0 && byte <= 0xef) return this.#begin(byte & 0x0f, 2, 0x800);
    if (byte >= 0xf0 && byte <= 0xf4) return this.#begin(byte & 0x07, 3, 0x10000);
    return INVALID;
  }

  #begin(bits: number, missing: number, least: number): number {
    this.#codePoint = bits;
    this.#missing = missing;
    this.#least = least;
    return INCOMPLETE;
  }

  #continue(byte: number): number {
    if ((byte & 0xc0) !== 0x80) {
      this.#missing = 0;
      return BROKEN;
    }
    this.#codePoint = (this.#codePoint << 6) | (byte & 0x3f);
    if (--this.#missing > 0) return INCOMPLETE;
    const codePoint = this.#codePoint;
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return codePoint < this.#least || codePoint > 0x10ffff || isSurrogate ? INVALID : codePoint;
  }
}
