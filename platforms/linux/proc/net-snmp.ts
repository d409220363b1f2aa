import { ascii, TextScanner } from './text-scanner.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const scanner = new TextScanner();

/**
 * A counter of /proc/net/snmp or /proc/net/netstat (net/ipv4/proc.c), where lines come in pairs, names and values:
 *
 *   Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails ...
 *   Tcp: 1 200 120000 -1 32 7 3 ...
 */
export class StackCounter {
  readonly #prefix: Uint8Array;
  readonly #name: Uint8Array;
  /** Place of the name in its line, which does not change while the kernel runs; -1 not looked up. */
  #index = -1;

  constructor(group: string, name: string) {
    this.#prefix = ascii(`${group}: `);
    this.#name = ascii(name);
  }

  /** NaN: the text has no such counter, or ends before it. */
  read(bytes: Uint8Array, length: number): number {
    const names = lineAt(bytes, 0, length, this.#prefix);
    if (names < 0) return Number.NaN;
    const namesEnd = bytes.indexOf(NEWLINE, names);
    if (this.#index < 0) this.#index = this.#indexIn(bytes, names + this.#prefix.length, namesEnd);
    const values = lineAt(bytes, namesEnd + 1, length, this.#prefix);
    if (this.#index < 0 || values < 0) return Number.NaN;
    if (!scanner.resetToLine(bytes, values + this.#prefix.length, length)) return Number.NaN;
    return scanner.skipWords(this.#index) ? scanner.unsigned() : Number.NaN;
  }

  #indexIn(bytes: Uint8Array, start: number, end: number): number {
    const name = this.#name;
    let index = 0;
    for (let at = start; at < end; index++) {
      let wordEnd = bytes.indexOf(SPACE, at);
      if (wordEnd < 0 || wordEnd > end) wordEnd = end;
      if (wordEnd - at === name.length && startsWith(bytes, at, name)) return index;
      at = wordEnd + 1;
    }
    return -1;
  }
}

/** Where the first whole line from `start` on begins that has the prefix; -1 none. */
function lineAt(bytes: Uint8Array, start: number, length: number, prefix: Uint8Array): number {
  for (let at = start; at < length; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= length) return -1;
    if (startsWith(bytes, at, prefix)) return at;
    at = newline + 1;
  }
  return -1;
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}
