import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';

export interface KnownName {
  readonly name: string;
  readonly basis: number;
}

interface LivingName {
  name: string;
  basis: number;
  expiresMicros: number;
}

/** What a process, by PID and start, and an address are known by together. PID 0, start 0: unknown processes. */
interface Entry {
  readonly pid: number;
  readonly startTicks: number;
  readonly address: Uint32Array;
  readonly names: LivingName[];
  usedMicros: number;
}

const KEYS_LIMIT = 8192;
/** Two would do to know that a name is not the only one; one of four may expire. */
const NAMES_LIMIT = 4;
/** A connection that uses an answer is seen a sample later, however short the answer lives. */
const LEAST_MICROS = 60e6;
const MOST_MICROS = 3600e6;
/** What was used since is not noted as used again: most are used several times a second. */
const USED_MICROS = 10e6;

/**
 * Names that processes used for addresses, each for as long as its DNS record lives, but a minute at least and an hour
 * at most. Bounds: 8,192 pairs of a process and an address, of which the least recently used are dropped (to 10 s); four
 * names each. What is known already costs no memory when it is told again.
 */
export class NameStore {
  /** By a number made of process and address, the least recently used first. Of two with one number the newer is kept. */
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /**
   * @param at where the address starts in `words`
   * @param basis NameBasis
   */
  remember(
    pid: number,
    startTicks: number,
    words: Uint32Array,
    at: number,
    name: string,
    basis: number,
    ttlSeconds: number,
    nowMicros: number,
  ): void {
    const { names } = this.#entryOf(pid, startTicks, words, at, nowMicros);
    const expiresMicros = nowMicros + Math.min(Math.max(ttlSeconds * 1e6, LEAST_MICROS), MOST_MICROS);
    let soonest: LivingName | undefined;
    for (let i = 0; i < names.length; i++) {
      const one = names[i]!;
      if (one.name === name) {
        one.basis = Math.max(one.basis, basis);
        one.expiresMicros = Math.max(one.expiresMicros, expiresMicros);
        return;
      }
      if (soonest === undefined || one.expiresMicros < soonest.expiresMicros) soonest = one;
    }
    if (soonest === undefined || names.length < NAMES_LIMIT) {
      names.push({ name, basis, expiresMicros });
      return;
    }
    soonest.name = name;
    soonest.basis = basis;
    soonest.expiresMicros = expiresMicros;
  }

  #entryOf(pid: number, startTicks: number, words: Uint32Array, at: number, nowMicros: number): Entry {
    const key = keyOf(pid, startTicks, words, at);
    const found = this.#entries.get(key);
    if (found !== undefined && isOf(found, pid, startTicks, words, at)) {
      this.#use(key, found, nowMicros);
      return found;
    }
    const address = words.slice(at, at + ADDRESS_WORDS);
    const entry = { pid, startTicks, address, names: [], usedMicros: nowMicros };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > KEYS_LIMIT) this.#entries.delete(this.#entries.keys().next().value!);
    return entry;
  }

  #use(key: number, entry: Entry, nowMicros: number): void {
    if (nowMicros - entry.usedMicros < USED_MICROS) return;
    entry.usedMicros = nowMicros;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
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
    if (names.length === 0) {
      this.#entries.delete(key);
      return undefined;
    }
    this.#use(key, entry, nowMicros);
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
