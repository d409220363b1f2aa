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
  /** The least recently used first. */
  readonly #names = new Map<string, LivingName[]>();

  get size(): number {
    return this.#names.size;
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
    const key = keyOf(asker, words, at);
    const names = this.#names.get(key) ?? [];
    this.#names.delete(key);
    this.#names.set(key, names);
    if (this.#names.size > KEYS_LIMIT) this.#names.delete(this.#names.keys().next().value!);
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

  /** The only name that the process used for the address; undefined: none, or several, of which none is chosen. */
  find(asker: Asker, words: Uint32Array, at: number, nowMicros: number): KnownName | undefined {
    const key = keyOf(asker, words, at);
    const names = this.#names.get(key);
    if (names === undefined) return undefined;
    const living = names.filter(({ expiresMicros }) => expiresMicros > nowMicros);
    this.#names.delete(key);
    if (living.length === 0) return undefined;
    this.#names.set(key, living);
    return living.length === 1 ? living[0] : undefined;
  }

  /** Whether anything is known of the process and the address, be it that there are several names. */
  has(asker: Asker, words: Uint32Array, at: number): boolean {
    return this.#names.has(keyOf(asker, words, at));
  }
}

function keyOf({ pid, startTicks }: Asker, words: Uint32Array, at: number): string {
  let key = `${pid}.${startTicks}`;
  for (let i = 0; i < ADDRESS_WORDS; i++) key += `/${words[at + i]}`;
  return key;
}
