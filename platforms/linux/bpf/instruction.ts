import { OpError } from '../../../src/kit/errors/op-error.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';

/** Numbers of the kernel functions that a program may call: `___BPF_FUNC_MAPPER` in include/uapi/linux/bpf.h. */
export const Helper = {
  ...{ MAP_LOOKUP_ELEM: 1, MAP_UPDATE_ELEM: 2, GET_CURRENT_PID_TGID: 14, GET_CURRENT_UID_GID: 15 },
  ...{ GET_CURRENT_COMM: 16, SKB_LOAD_BYTES: 26, GET_CURRENT_TASK: 35, GET_SOCKET_COOKIE: 46 },
  SK_FULLSOCK: 95,
  /** 5.1 and later. */
  TCP_SOCK: 96,
  SK_STORAGE_GET: 107,
  PROBE_READ_KERNEL: 113,
  /** 5.7 and later. */
  GET_NETNS_COOKIE: 122,
  /** 5.8 and later. */
  KTIME_GET_BOOT_NS: 125,
  SEQ_WRITE: 127,
  /** 5.8 and later. */
  RINGBUF_RESERVE: 131,
  RINGBUF_SUBMIT: 132,
  RINGBUF_DISCARD: 133,
  /** 5.9 and later. */
  SKC_TO_TCP_SOCK: 137,
  GET_CURRENT_TASK_BTF: 158,
  /** 5.11 and later. */
  SOCK_FROM_FILE: 162,
  /** 5.19 and later. */
  SKC_TO_MPTCP_SOCK: 196,
} as const;

/** R10 is the frame pointer: the 512 bytes of stack lie below it. */
export const Register = { R0: 0, R1: 1, R2: 2, R3: 3, R4: 4, R6: 6, R7: 7, R8: 8, R9: 9, R10: 10 } as const;
const { R0, R1, R2, R10 } = Register;

/** Widths of loads and stores: double word 8 bytes, word 4, half word 2, byte 1. */
export const Size = { W: 0x00, H: 0x08, B: 0x10, DW: 0x18 } as const;
export type Size = (typeof Size)[keyof typeof Size];

/** Operations of the classes ALU and ALU64 (Documentation/bpf/standardization/instruction-set.rst). */
export const Alu = {
  ...{ ADD: 0x00, SUB: 0x10, MUL: 0x20, DIV: 0x30, OR: 0x40, AND: 0x50 },
  ...{ LSH: 0x60, RSH: 0x70, MOV: 0xb0, ARSH: 0xc0 },
} as const;
export type Alu = (typeof Alu)[keyof typeof Alu];

/** Conditions of the class JMP; those with an S compare as signed numbers. */
export const Jump = {
  ...{ EQ: 0x10, GT: 0x20, GE: 0x30, SET: 0x40, NE: 0x50, LT: 0xa0, LE: 0xb0, SLT: 0xc0, SLE: 0xd0 },
} as const;
export type Jump = (typeof Jump)[keyof typeof Jump];

const Class = { LD: 0x00, LDX: 0x01, ST: 0x02, STX: 0x03, ALU: 0x04, JMP: 0x05, ALU64: 0x07 } as const;
const MODE_IMM = 0x00;
const MODE_MEM = 0x60;
const MODE_ATOMIC = 0xc0;
/** The operand is a register, not the immediate. */
const SOURCE_REGISTER = 0x08;
const JUMP_ALWAYS = 0x00;
const MAY_GOTO = 0xe0;
const CALL = 0x80;
const EXIT = 0x90;
const BYTE_SWAP = 0xd0;
/** Source register of a 64-bit immediate load: the immediate is a map's descriptor. */
const PSEUDO_MAP_FD = 1;
/** The same: the address of the first value of an array map. */
const PSEUDO_MAP_VALUE = 2;
/** Source register of a call: the immediate is the BTF id of a kernel function. */
const PSEUDO_KFUNC_CALL = 2;
export const INSTRUCTION_BYTES = 8;

/**
 * How a pointer becomes one that is only read through, `bpf_rdonly_cast` (6.2): BTF ids of that function and of the
 * structure. For each pointer that is followed from a trusted one, the verifier searches all types of the kernel by
 * name, up to four times; from one of these it does not.
 */
export interface ReadOnlyCast {
  readonly functionId: number;
  readonly structureId: number;
}

interface Fixup {
  readonly at: number;
  readonly label: string;
}

/**
 * Emits BPF instructions, only those that this program's programs use. One of them:
 *
 *   byte 0       1            2     3     4    ...   7
 *        opcode  src:4 dst:4  offset i16  immediate i32
 *
 * in the machine's byte order, which is little-endian on every machine this program is built for.
 */
export class Assembler {
  /** Two an instruction. */
  #words = new Uint32Array(512);
  #count = 0;
  readonly #labels = new Map<string, number>();
  readonly #fixups: Fixup[] = [];

  /** Instructions so far. */
  get length(): number {
    return this.#count / 2;
  }

  move(destination: number, source: number): this {
    return this.alu(Alu.MOV, destination, source);
  }

  /** destination = address of the stack at `offset`, which is below 0. */
  stackAddress(destination: number, offset: number): this {
    return this.move(destination, R10).aluImmediate(Alu.ADD, destination, offset);
  }

  moveImmediate(destination: number, immediate: number): this {
    return this.aluImmediate(Alu.MOV, destination, immediate);
  }

  alu(operation: Alu, destination: number, source: number): this {
    return this.#emit(Class.ALU64 | SOURCE_REGISTER | operation, destination, source);
  }

  /** The immediate is sign-extended to 64 bits. */
  aluImmediate(operation: Alu, destination: number, immediate: number): this {
    return this.#emit(Class.ALU64 | operation, destination, 0, 0, immediate);
  }

  /** Converts the low 16, 32 or 64 bits between network and machine order; above them all becomes 0. */
  swapNetworkOrder(destination: number, bits: 16 | 32 | 64): this {
    return this.#emit(Class.ALU | SOURCE_REGISTER | BYTE_SWAP, destination, 0, 0, bits);
  }

  /** destination = *(size *)(source + offset), zero-extended. */
  load(size: Size, destination: number, source: number, offset: number): this {
    return this.#emit(Class.LDX | MODE_MEM | size, destination, source, offset);
  }

  /** *(size *)(destination + offset) = source. */
  store(size: Size, destination: number, offset: number, source: number): this {
    return this.#emit(Class.STX | MODE_MEM | size, destination, source, offset);
  }

  storeImmediate(size: Size, destination: number, offset: number, immediate: number): this {
    return this.#emit(Class.ST | MODE_MEM | size, destination, 0, offset, immediate);
  }

  /** *(size *)(destination + offset) += source, atomically. */
  atomicAdd(size: typeof Size.W | typeof Size.DW, destination: number, offset: number, source: number): this {
    return this.#emit(Class.STX | MODE_ATOMIC | size, destination, source, offset, Alu.ADD);
  }

  /** The address of a map, of which this process has the descriptor; takes two instructions. */
  loadMap(destination: number, mapDescriptor: number): this {
    this.#emit(Class.LD | MODE_IMM | Size.DW, destination, PSEUDO_MAP_FD, 0, mapDescriptor);
    return this.#emit(0);
  }

  /** The address of the only value of an array map (5.2); takes two instructions. */
  loadMapValue(destination: number, mapDescriptor: number): this {
    this.#emit(Class.LD | MODE_IMM | Size.DW, destination, PSEUDO_MAP_VALUE, 0, mapDescriptor);
    return this.#emit(0);
  }

  /** Calls a helper by its number: arguments in R1 to R5, which it destroys, its result in R0. */
  call(helper: number): this {
    return this.#emit(Class.JMP | CALL, 0, 0, 0, helper);
  }

  /** Calls a kernel function by its BTF id (5.13), registers as for helpers. */
  callKernel(functionId: number): this {
    return this.#emit(Class.JMP | CALL, 0, PSEUDO_KFUNC_CALL, 0, functionId);
  }

  /** `into` = the pointer in `from`, only to be read through where the kernel knows such; destroys R0 to R5. */
  readOnly(into: number, from: number, cast: ReadOnlyCast | undefined): this {
    if (cast === undefined) return into === from ? this : this.move(into, from);
    if (from !== R1) this.move(R1, from);
    this.moveImmediate(R2, cast.structureId).callKernel(cast.functionId);
    return into === R0 ? this : this.move(into, R0);
  }

  exit(): this {
    return this.#emit(Class.JMP | EXIT);
  }

  /** Ends the program with a constant. */
  returnImmediate(value: number): this {
    return this.moveImmediate(R0, value).exit();
  }

  /** Names the place of the next instruction. Throws OpError `DUPLICATE_LABEL`. */
  label(name: string): this {
    if (this.#labels.has(name)) throw refusal('DUPLICATE_LABEL', `label ${name} is there already`);
    this.#labels.set(name, this.length);
    return this;
  }

  jump(label: string): this {
    this.#fixups.push({ at: this.length, label });
    return this.#emit(Class.JMP | JUMP_ALWAYS);
  }

  /**
   * Jumps after so many rounds that a loop must have ended (6.9). A loop with it is followed until its rounds look alike,
   * and not through each of them.
   */
  jumpOnTooManyRounds(label: string): this {
    this.#fixups.push({ at: this.length, label });
    return this.#emit(Class.JMP | MAY_GOTO);
  }

  /** Compares all 64 bits of two registers. */
  jumpIf(condition: Jump, left: number, right: number, label: string): this {
    this.#fixups.push({ at: this.length, label });
    return this.#emit(Class.JMP | SOURCE_REGISTER | condition, left, right);
  }

  /** Compares all 64 bits with the sign-extended immediate. */
  jumpIfImmediate(condition: Jump, left: number, immediate: number, label: string): this {
    this.#fixups.push({ at: this.length, label });
    return this.#emit(Class.JMP | condition, left, 0, 0, immediate);
  }

  /** The program's bytes. Throws OpError `UNRESOLVED_LABEL` or `JUMP_TOO_FAR`. */
  build(): Uint8Array {
    const words = this.#words.slice(0, this.#count);
    for (const { at, label } of this.#fixups) {
      const target = this.#labels.get(label);
      if (target === undefined) throw refusal('UNRESOLVED_LABEL', `there is no label ${label}`);
      const distance = target - at - 1;
      if (!isSigned(distance, 16)) throw refusal('JUMP_TOO_FAR', `label ${label} is ${distance} away`);
      words[at * 2]! |= distance << 16;
    }
    return new Uint8Array(words.buffer);
  }

  #emit(opcode: number, destination = 0, source = 0, offset = 0, immediate = 0): this {
    // Thousands of these are made at a start, by code that is interpreted yet: nothing is called for them.
    if (offset !== (offset << 16) >> 16) throw refusal('BAD_VALUE', `offset ${offset}`);
    if (immediate !== (immediate | 0)) throw refusal('BAD_VALUE', `immediate ${immediate}`);
    if (destination !== (destination | 0) || destination < R0 || destination > R10) {
      throw refusal('BAD_VALUE', `register ${destination}`);
    }
    if (source !== (source | 0) || source < R0 || source > R10) {
      throw refusal('BAD_VALUE', `register ${source}`);
    }
    if (this.#count === this.#words.length) {
      this.#words = lengthened(this.#words, new Uint32Array(this.#count * 2));
    }
    this.#words[this.#count++] = opcode | (destination << 8) | (source << 12) | (offset << 16);
    this.#words[this.#count++] = immediate;
    return this;
  }
}

/** The width of a field of the kernel's, for loads. Throws OpError where there is no such width. */
export function sizeOfBytes(bytes: number): Size {
  switch (bytes) {
    case 1:
      return Size.B;
    case 2:
      return Size.H;
    case 4:
      return Size.W;
    case 8:
      return Size.DW;
    default:
      throw refusal('BAD_VALUE', `no load is ${bytes} bytes wide`);
  }
}

function isSigned(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);
}

function refusal(code: string, message: string): OpError {
  return new OpError({ op: 'assemble', code, message: `assemble: ${message}` });
}
