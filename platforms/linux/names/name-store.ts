import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';

/** A process by PID and start; PID 0: unknown. */
export interface Asker {
  readonly pid: number;
  readonly startTicks: number;
}

export const UNKNOWN_ASKER: Asker = { pid: 0, startTicks: 0 };

/** A name that is known of an address. */
export interface KnownName {
  readonly name: string;
  /** NameBasis. */
  readonly basis: number;
}

interface LivingName {
  readonly name: string;
  basis: number;
  expiresMicros: number;
}

/** What a process and an address are known by together. */
interface Entry extends Asker {
  readonly address: Uint32Array;
  readonly names: LivingName[];
}

const KEYS_LIMIT = 8192;
/** Two would do to know that a name is not the only one; one of four may expire. */
const NAMES_LIMIT = 4;
/** A connection that uses an answer is seen a sample later, however short the answer lives. */
const LEAST_MICROS = 60e6;
const MOST_MICROS = 3600e6;

/**
 * Names that processes used for addresses, each for as long as its DNS record lives, but a minute at least and an hour
 * at most. Bounds: 8,192 pairs of a process and an address, of which the least recently used are dropped; four names
 * each.
 */
export class NameStore {
  /** By a number made of process and address, the least recently used first. Of two with one number the newer is kept. */
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** @param at where the address starts in `words` */
  remember(
    asker: Asker,
    words: Uint32Array,
    at: number,
    known: KnownName,
    ttlSeconds: number,
    nowMicros: number,
  ): void {
    const { pid, startTicks } = asker;
    const key = keyOf(pid, startTicks, words, at);
    const found = this.#entries.get(key);
    const isSame = found !== undefined && isOf(found, pid, startTicks, words, at);
    const entry = isSame
      ? found
      : { pid, startTicks, address: words.slice(at, at + ADDRESS_WORDS), names: [] };
    const { names } = entry;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > KEYS_LIMIT) this.#entries.delete(this.#entries.keys().next().value!);
    const expiresMicros = nowMicros + Math.min(Math.max(ttlSeconds * 1e6, LEAST_MICROS), MOST_MICROS);
    const same = names.find(({ name }) => name === known.name);
    if (same !== undefined) {
      same.basis = Math.max(same.basis, known.basis);
      same.expiresMicros = Math.max(same.expiresMicros, expiresMicros);
      return;
    }
    names.push({ ...known, expiresMicros });
    if (names.length <= NAMES_LIMIT) return;
    const soonest = names.reduce((best, one) => (one.expiresMicros < best.expiresMicros ? one : best));
    names.splice(names.indexOf(soonest), 1);
  }

  /**
   * The only name that the process used for the address lately; `several`: it used more, of which none is chosen;
   * undefined: none. Allocates nothing.
   */
  find(
    pid: number,
    startTicks: number,
    words: Uint32Array,
    at: number,
    nowMicros: number,
  ): KnownName | 'several' | undefined {
    const key = keyOf(pid, startTicks, words, at);
    const entry = this.#entries.get(key);
    if (entry === undefined || !isOf(entry, pid, startTicks, words, at)) return undefined;
    const { names } = entry;
    for (let i = names.length - 1; i >= 0; i--) if (names[i]!.expiresMicros <= nowMicros) names.splice(i, 1);
    this.#entries.delete(key);
    if (names.length === 0) return undefined;
    this.#entries.set(key, entry);
    return names.length === 1 ? names[0] : 'several';
  }
}

function isOf(entry: Entry, pid: number, startTicks: number, words: Uint32Array, at: number): boolean {
  if (entry.pid !== pid || entry.startTicks !== startTicks) return false;
  for (let i = 0; i < ADDRESS_WORDS; i++) if (entry.address[i] !== words[at + i]) return false;
  return true;
}

/** 53 bits. */
function keyOf(pid: number, startTicks: number, words: Uint32Array, at: number): number {
  let low = Math.imul(pid, 0x9e3779b1) ^ startTicks;
  let high = Math.imul(startTicks ^ pid, 0x85ebca6b);
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    low = Math.imul(low ^ words[at + i]!, 0x01000193);
    high = Math.imul(high, 0xc2b2ae35) ^ words[at + i]! ^ (high >>> 15);
  }
  return (low >>> 0) * 0x20_0000 + (high >>> 11);
}
