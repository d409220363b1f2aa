/** A member of a structure: `array` elements of it where given; `bitFieldBits` where it is a bit field. */
export interface FakeMember {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly bitFieldBits?: number;
}

/** Writes BTF by the kernel's document (Documentation/bpf/btf.rst), type by type; the first has id 1. */
export class BtfBuilder {
  readonly #names: number[] = [0];
  readonly #words: number[] = [];
  #count = 0;

  int(name: string, bytes: number): number {
    return this.#add(name, 1, 0, bytes, [bytes * 8]);
  }

  pointer(to: number): number {
    return this.#add('', 2, 0, to, []);
  }

  array(of: number, count: number): number {
    return this.#add('', 3, 0, 0, [of, 1, count]);
  }

  struct(name: string, bytes: number, members: readonly FakeMember[], kind = 4): number {
    const hasBitFields = members.some(({ bitFieldBits }) => bitFieldBits !== undefined);
    const extra = members.flatMap((member) => {
      const bits = member.offset * 8;
      const place = hasBitFields ? bits | ((member.bitFieldBits ?? 0) << 24) : bits;
      return [this.#name(member.name), member.type, place];
    });
    return this.#add(name, kind, members.length, bytes, extra, hasBitFields);
  }

  union(name: string, bytes: number, members: readonly FakeMember[]): number {
    return this.struct(name, bytes, members, 5);
  }

  typedef(name: string, of: number): number {
    return this.#add(name, 8, 0, of, []);
  }

  constant(of: number): number {
    return this.#add('', 10, 0, of, []);
  }

  func(name: string, prototype: number): number {
    return this.#add(name, 12, 0, prototype, []);
  }

  prototype(argumentTypes: readonly number[]): number {
    return this.#add(
      '',
      13,
      argumentTypes.length,
      0,
      argumentTypes.flatMap((type) => [0, type]),
    );
  }

  build(): Uint8Array {
    const typeBytes = this.#words.length * 4;
    const blob = new Uint8Array(24 + typeBytes + this.#names.length);
    const view = new DataView(blob.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    view.setUint32(4, 24, true);
    view.setUint32(12, typeBytes, true);
    view.setUint32(16, typeBytes, true);
    view.setUint32(20, this.#names.length, true);
    for (const [i, word] of this.#words.entries()) view.setUint32(24 + i * 4, word, true);
    blob.set(this.#names, 24 + typeBytes);
    return blob;
  }

  #add(
    name: string,
    kind: number,
    count: number,
    sizeOrType: number,
    extra: readonly number[],
    flag = false,
  ): number {
    const info = (kind << 24) | count | (flag ? 1 << 31 : 0);
    this.#words.push(this.#name(name), info, sizeOrType, ...extra);
    return ++this.#count;
  }

  /** As the kernel's, every name is there once. */
  #name(name: string): number {
    if (name === '') return 0;
    const bytes = [...Buffer.from(`\0${name}\0`, 'latin1')];
    const known = Buffer.from(this.#names).indexOf(Buffer.from(bytes));
    if (known >= 0) return known + 1;
    const at = this.#names.length;
    this.#names.push(...bytes.slice(1));
    return at;
  }
}
