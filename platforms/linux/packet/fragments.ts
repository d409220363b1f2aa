import type { IpHeader } from './ip-header.ts';

/** A power of two. Datagrams that are on their way in pieces at one time are few. */
const ENTRIES = 1024;
const WORDS = 9;

/**
 * Ports of fragmented packets: they come with the first fragment, and the later ones, which have none, are looked up
 * by addresses and identification. Each entry has one place, and a newer one takes it.
 */
export class FragmentPorts {
  readonly #keys = new Uint32Array(ENTRIES * WORDS);
  readonly #ports = new Uint16Array(ENTRIES * 2);
  /** 0: the place is free. */
  readonly #protocols = new Uint8Array(ENTRIES);

  /** Remembers the ports of a first fragment. */
  remember(header: IpHeader): void {
    const place = placeOf(header);
    const at = place * WORDS;
    for (let i = 0; i < 4; i++) {
      this.#keys[at + i] = header.source[i]!;
      this.#keys[at + 4 + i] = header.destination[i]!;
    }
    this.#keys[at + 8] = header.identification;
    this.#ports[place * 2] = header.sourcePort;
    this.#ports[place * 2 + 1] = header.destinationPort;
    this.#protocols[place] = header.protocol;
  }

  /** Gives a later fragment the protocol and ports of its first one; false: that one has not been seen. */
  recall(header: IpHeader): boolean {
    const place = placeOf(header);
    if (this.#protocols[place] === 0 || !this.#isAt(place, header)) return false;
    header.protocol = this.#protocols[place]!;
    header.sourcePort = this.#ports[place * 2]!;
    header.destinationPort = this.#ports[place * 2 + 1]!;
    return true;
  }

  #isAt(place: number, { source, destination, identification }: IpHeader): boolean {
    const at = place * WORDS;
    for (let i = 0; i < 4; i++) {
      if (this.#keys[at + i] !== source[i] || this.#keys[at + 4 + i] !== destination[i]) return false;
    }
    return this.#keys[at + 8] === identification >>> 0;
  }
}

function placeOf({ source, destination, identification }: IpHeader): number {
  let word = Math.imul(identification, 0x9e3779b1);
  for (let i = 0; i < 4; i++) word = Math.imul(word ^ source[i]! ^ (destination[i]! << 1), 0x85ebca6b);
  return (word >>> 16) & (ENTRIES - 1);
}
