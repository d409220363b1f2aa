/** How often each parser is given something damaged. */
export const MUTATIONS = 10_000;
/** For all of them on a busy machine; otherwise a second or two. */
export const MUTATIONS_MILLIS = 60_000;

/** A generator of numbers below a limit, the same in every run (xorshift32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Text of which a piece was cut off, left out, repeated, moved or written over. */
export function damagedText(text: string, random: (below: number) => number): string {
  const from = random(text.length);
  const to = Math.min(text.length, from + 1 + random(40));
  const piece = text.slice(from, to);
  switch (random(6)) {
    case 0:
      return text.slice(0, from);
    case 1:
      return text.slice(0, from) + text.slice(to);
    case 2:
      return text.slice(0, to) + piece + text.slice(to);
    case 3: {
      const at = random(text.length);
      return text.slice(0, at) + piece + text.slice(at);
    }
    case 4:
      return `${text.slice(0, from)}\n${text.slice(from)}`;
    default:
      return text.slice(0, from) + String.fromCharCode(32 + random(95)) + text.slice(from + 1);
  }
}

/** Bytes some of which are others, or are missing at the end. */
export function damagedBytes(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = bytes.slice(0, random(4) === 0 ? random(bytes.length + 1) : bytes.length);
  for (let i = random(4); i >= 0 && copy.length > 0; i--) copy[random(copy.length)] = random(256);
  return copy;
}
