/** A 32-bit word in network byte order, read as one in this machine's (little-endian), as a number. */
export function fromNetworkOrder(word: number): number {
  return ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24)) >>> 0;
}

/** The unsigned 64-bit integer in two words from `at` on, the lower one first, rounded where a number cannot hold it. */
export function unsigned64In(words: Uint32Array, at: number): number {
  return words[at]! + words[at + 1]! * 2 ** 32;
}

/** The unsigned 64-bit integer at `offset`, rounded where a number cannot hold it. */
export function unsigned64At(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}
