import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import { FLOW_KEY_WORDS } from '../bpf/network-flow.ts';

const FLOWS_LIMIT = 1 << 18;
const NO_ROW = -1;
/** So many flows of one socket may have the same mixed word, which happens to one pair in 4 billion. */
const PLACES = 4;

const FLOW_COLUMNS = {
  /** Row of the socket table and its serial, NO_ROW where that had no room. */
  ...{ row: numbers('i32', NO_ROW), rowSerial: numbers('u32') },
  ...{ txBytes: numbers('f64'), rxBytes: numbers('f64') },
  ...{ txPackets: numbers('f64'), rxPackets: numbers('f64') },
  /** Monotonic time of the last read that found it grown. */
  grownMicros: numbers('f64'),
  /** Monotonic time since which its growth waits for the process that accepts; 0: it does not wait. */
  heldMicros: numbers('f64'),
  /** Process that it was said to be of, by its number in the machine's PID namespace. */
  tgid: numbers('u32'),
  /** The kernel's key. */
  keys: numbers('u32', 0, FLOW_KEY_WORDS),
};

/**
 * What is remembered of each flow that the kernel counts: its counters as of the last read, and the row of the socket
 * table that they go to. Flows are known by the words of the kernel's key, of which the first three are the socket's
 * cookie and a process.
 */
export class FlowTable extends tableClass(FLOW_COLUMNS, FLOWS_LIMIT) {
  /** The slot of the flow whose key starts at a place, or -1. */
  find(keys: Uint32Array, at: number): number {
    const word = mixed(keys, at);
    for (let i = 0; i < PLACES; i++) {
      const slot = this.slots.find(keys[at]!, keys[at + 1]!, keys[at + 2]!, (word + i) >>> 0);
      if (slot >= 0 && this.#isSame(slot, keys, at)) return slot;
    }
    return -1;
  }

  /** A flow that `find` did not know, with all counters 0; -1: there is no room. */
  add(keys: Uint32Array, at: number): number {
    const slot = this.#addAt(keys, at, mixed(keys, at));
    if (slot < 0) return -1;
    this.row[slot] = NO_ROW;
    this.rowSerial[slot] = 0;
    this.txBytes[slot] = 0;
    this.rxBytes[slot] = 0;
    this.txPackets[slot] = 0;
    this.rxPackets[slot] = 0;
    this.tgid[slot] = 0;
    this.heldMicros[slot] = 0;
    for (let i = 0; i < FLOW_KEY_WORDS; i++) this.keys[slot * FLOW_KEY_WORDS + i] = keys[at + i]!;
    return slot;
  }

  #addAt(keys: Uint32Array, at: number, word: number): number {
    for (let i = 0; i < PLACES; i++) {
      const place = (word + i) >>> 0;
      if (this.slots.find(keys[at]!, keys[at + 1]!, keys[at + 2]!, place) < 0) {
        return this.slots.add(keys[at]!, keys[at + 1]!, keys[at + 2]!, place);
      }
    }
    return -1;
  }

  #isSame(slot: number, keys: Uint32Array, at: number): boolean {
    const own = slot * FLOW_KEY_WORDS;
    for (let i = 3; i < FLOW_KEY_WORDS; i++) if (this.keys[own + i] !== keys[at + i]) return false;
    return true;
  }
}

/** The rest of the key, mixed into one word. */
function mixed(keys: Uint32Array, at: number): number {
  let word = 0;
  for (let i = 3; i < FLOW_KEY_WORDS; i++) {
    word = Math.imul(word ^ keys[at + i]!, 0x9e3779b1);
    word ^= word >>> 15;
  }
  return word >>> 0;
}
