import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { orUndefined } from '../src/kit/errors/op-error.ts';

/** Names of the given users, by uid, as far as known; undefined: no lookup is possible. */
export type UserLookup = (uids: readonly number[]) => Promise<ReadonlyMap<number, string> | undefined>;

/** Names are asked for often; whether the file changed is asked at most so often. */
const CHECK_INTERVAL_MICROS = 1e6;
/** Whom the file does not know is looked up, again after this time whether or not there was an answer. */
const LOOKUP_AGE_MICROS = 300e6;
/** Users of one lookup, and users remembered: containers have ranges of thousands. */
const LOOKUP_LIMIT = 64;
const REMEMBERED_LIMIT = 4096;

/** A longer file than this is no list of users, or none that is to be read once a second where it changes. */
const FILE_LIMIT_BYTES = 64n << 20n;

interface UserNamesOptions {
  readonly etcRoot?: string;
  readonly clock?: () => number;
  /** Looks up users missing from the file; default: none. */
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

  constructor({ etcRoot = '/etc', clock = () => performance.now() * 1000, lookup }: UserNamesOptions = {}) {
    this.#path = join(etcRoot, 'passwd');
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** User name; the number as text if unknown, or not looked up yet. */
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
        // Keep known names if the server does not respond.
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

  /** Empty where there is no such file, or none that can be read. */
  #readVersion(): string {
    const stat = orUndefined(() => statSync(this.#path, { bigint: true }));
    return stat?.isFile() && stat.size <= FILE_LIMIT_BYTES ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : '';
  }

  #read(): Map<number, string> {
    const text = orUndefined(() => readFileSync(this.#path, 'utf8'));
    // Gone since, or closed to this user: numbers are shown, and the next check looks again.
    if (text === undefined) this.#version = '';
    return parsePasswd(text ?? '');
  }
}

/** A user id is 32 bits; the largest means "none". */
const UID_MAX = 0xfffffffe;

/**
 * /etc/passwd (passwd(5)): user names by uid; of two names for one uid the first, as getpwuid(3) does. Lines that
 * are no entries (comments, NIS marks, cut ones) are passed over.
 *
 *   name:password:uid:gid:comment:home:shell
 */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uidText] = line.split(':', 4);
    if (name === undefined || uidText === undefined || !/^[^#+-]/.test(name)) continue;
    if (!/^[0-9]{1,10}$/.test(uidText)) continue;
    const uid = Number(uidText);
    if (uid <= UID_MAX && !names.has(uid)) names.set(uid, name);
  }
  return names;
}
