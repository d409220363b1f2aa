import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMicros } from '../clock.ts';
import { parsePasswd } from '../etc/passwd.ts';

/** Names are asked for often; whether the file changed is asked at most so often. */
const CHECK_INTERVAL_MICROS = 1e6;

/** User names from the passwd file, read again when it was replaced or written. */
export class UserNames {
  readonly #path: string;
  readonly #clock: () => number;
  #names: ReadonlyMap<number, string> = new Map();
  /** Inode, size and time of the file read last. */
  #version = '';
  #nextCheckMicros = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly etcRoot?: string; readonly clock?: () => number } = {}) {
    this.#path = join(options.etcRoot ?? '/etc', 'passwd');
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** The user's name, or the number as text where the file knows none. */
  name(uid: number): string {
    if (this.#clock() >= this.#nextCheckMicros) this.#check();
    // Columns of uids are signed; the largest ones are negative there.
    return this.#names.get(uid >>> 0) ?? String(uid >>> 0);
  }

  #check(): void {
    this.#nextCheckMicros = this.#clock() + CHECK_INTERVAL_MICROS;
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
