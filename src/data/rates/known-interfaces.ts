import type { InterfaceTable } from '../sample/interface-table.ts';

/** Interfaces remembered at most; of containers thousands come and go in a day. */
const LIMIT = 1024;

interface KnownInterface {
  name: string;
  txBytes: number;
  rxBytes: number;
}

/**
 * What each interface has moved since the epoch's first sample, also of those that have gone: one that comes back
 * under its name goes on where it ended.
 */
export class KnownInterfaces {
  readonly #known = new Map<number, KnownInterface>();

  copy(): KnownInterfaces {
    const copy = new KnownInterfaces();
    for (const [index, known] of this.#known) copy.#known.set(index, { ...known });
    return copy;
  }

  clear(): void {
    this.#known.clear();
  }

  /** By number; undefined: never seen, or forgotten. */
  of(interfaceIndex: number): Readonly<KnownInterface> | undefined {
    return this.#known.get(interfaceIndex);
  }

  /** What the one had that had the name until now and is there no longer, once; the number may be the same. */
  takeGone(name: string, interfaceIndex: number, table: InterfaceTable): KnownInterface | undefined {
    for (const [index, known] of this.#known) {
      const isThere = index !== interfaceIndex && table.slots.find(index, 0, 0, 0) >= 0;
      if (known.name !== name || isThere) continue;
      const taken = { ...known };
      known.txBytes = 0;
      known.rxBytes = 0;
      return taken;
    }
    return undefined;
  }

  note(interfaceIndex: number, name: string, txBytes: number, rxBytes: number): void {
    const known = this.#known.get(interfaceIndex);
    if (known === undefined) {
      this.#makeRoom();
      this.#known.set(interfaceIndex, { name, txBytes, rxBytes });
      return;
    }
    known.name = name;
    known.txBytes = txBytes;
    known.rxBytes = rxBytes;
  }

  #makeRoom(): void {
    if (this.#known.size < LIMIT) return;
    for (const index of this.#known.keys()) {
      this.#known.delete(index);
      return;
    }
  }
}
