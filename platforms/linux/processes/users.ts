import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMicros } from '../clock.ts';
import { parsePasswd } from '../etc/passwd.ts';
import type { UserLookup } from './user-lookup.ts';

/** Names are asked for often; whether the file changed is asked at most so often. */
const CHECK_INTERVAL_MICROS = 1e6;
/** Whom the file does not know is looked up, again after this time whether or not there was an answer. */
const LOOKUP_AGE_MICROS = 300e6;
/** Users of one lookup, and users remembered: containers have ranges of thousands. */
const LOOKUP_LIMIT = 64;
const REMEMBERED_LIMIT = 4096;

interface UserNamesOptions {
  readonly etcRoot?: string;
  readonly clock?: () => number;
  /** Knows users that the file does not; default nobody. */
  readonly lookup?: UserLookup;
}

/** A user that the file does not know. */
interface RememberedUser {
  /** The number, until a lookup had an answer. */
  text: string;
  /** When to look up again; Infinity while a lookup is under way. */
  nextMicros: number;
}

/**
 * User names from the passwd file, read again when it was replaced or written, and from a lookup beside, which nobody
 * waits for.
 */
export class UserNames {
  readonly #path: string;
  readonly #clock: () => number;
  readonly #remembered = new Map<number, RememberedUser>();
  readonly #wanted = new Set<number>();
  #lookup: UserLookup | undefined;
  #isLookingUp = false;
  #names: ReadonlyMap<number, string> = new Map();
  /** Inode, size and time of the file read last. */
  #version = '';
  #nextCheckMicros = Number.NEGATIVE_INFINITY;

  constructor({ etcRoot = '/etc', clock = monotonicMicros, lookup }: UserNamesOptions = {}) {
    this.#path = join(etcRoot, 'passwd');
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** The user's name; the number as text where nobody knows one, or not yet. */
  name(uid: number): string {
    const now = this.#clock();
    if (now >= this.#nextCheckMicros) this.#check(now);
    // Columns of uids are signed; the largest ones are negative there.
    const user = uid >>> 0;
    return this.#names.get(user) ?? this.#remember(user, now);
  }

  #remember(uid: number, now: number): string {
    let user = this.#remembered.get(uid);
    if (user === undefined) {
      if (this.#remembered.size >= REMEMBERED_LIMIT) this.#remembered.clear();
      user = { text: String(uid), nextMicros: Number.NEGATIVE_INFINITY };
      this.#remembered.set(uid, user);
    }
    if (now >= user.nextMicros && this.#lookup !== undefined) {
      user.nextMicros = Number.POSITIVE_INFINITY;
      this.#wanted.add(uid);
      if (!this.#isLookingUp) void this.#lookUp();
    }
    return user.text;
  }

  /** One lookup at a time, for all that are wanted by then. */
  async #lookUp(): Promise<void> {
    this.#isLookingUp = true;
    // Who asks for one user asks for more in the same breath.
    await Promise.resolve();
    while (this.#wanted.size > 0 && this.#lookup !== undefined) {
      const uids = [...this.#wanted].slice(0, LOOKUP_LIMIT);
      for (const uid of uids) this.#wanted.delete(uid);
      const found = await this.#lookup(uids);
      if (found === undefined) this.#lookup = undefined;
      const nextMicros = this.#clock() + LOOKUP_AGE_MICROS;
      for (const uid of uids) {
        const user = this.#remembered.get(uid);
        if (user === undefined) continue;
        // A server that does not answer has not forgotten anybody.
        user.text = found?.get(uid) ?? user.text;
        user.nextMicros = nextMicros;
      }
    }
    this.#isLookingUp = false;
  }

  #check(now: number): void {
    this.#nextCheckMicros = now + CHECK_INTERVAL_MICROS;
    const version = this.#readVersion();
    if (version === this.#version) return;
    this.#version = version;
    this.#names = version === '' ? new Map() : this.#read();
  }

  /** Empty where there is no such file. */
  #readVersion(): string {
    const stat = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  }

  #read(): Map<number, string> {
    try {
      return parsePasswd(readFileSync(this.#path, 'utf8'));
    } catch (thrown) {
      // Gone since, or closed to this user: numbers are shown, and the next check looks again.
      this.#version = '';
      if (thrown instanceof Error) return new Map();
      throw thrown;
    }
  }
}
