import { readFileSync, writeFileSync } from 'node:fs';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { ENTRY_POLICY, type EntryPolicy } from './entry-policy.ts';
import { MACHINE_CODE } from './machine-code.ts';

/** elf.h: offsets in Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr and Elf64_Sym. */
const EHDR = { machine: 18, entry: 24, phoff: 32, shoff: 40, phnum: 56, shnum: 60, size: 64 } as const;
const PHDR = {
  type: 0,
  flags: 4,
  offset: 8,
  vaddr: 16,
  paddr: 24,
  filesz: 32,
  memsz: 40,
  align: 48,
} as const;
const PHDR_BYTES = 56;
const SHDR = { type: 4, offset: 24, bytes: 32, link: 40 } as const;
const SHDR_BYTES = 64;
const SYM = { name: 0, value: 8 } as const;
const SYM_BYTES = 24;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PF_READ_EXECUTE = 5;
const SHT_DYNSYM = 11;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;
/** The largest page size of either processor's kernels. */
const PAGE_BYTES = 0x10000;

/** Gives an ELF executable the entry stub with ENTRY_POLICY, in place; leaves files of other systems as they are. */
export function sealExecutable(path: string): void {
  const image = readFileSync(path);
  if (isElf(image)) writeFileSync(path, sealImage(image, ENTRY_POLICY));
}

/**
 * A copy of an ELF executable that filters its environment before any code of its own runs: the entry stub is appended
 * in a segment of its own, which takes the place of the PT_NOTE header, and becomes the entry point. Throws OpError
 * `RUNTIME_IMAGE` where the file is not such an executable.
 *
 * ```
 *  file:   | runtime, program ... | padding | code | parameters | rules | added texts |
 *                                           ^ e_entry
 * ```
 */
export function sealImage(image: Uint8Array, policy: EntryPolicy): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (!isElf(image)) throw notSealable('it is not a 64-bit ELF file');
  const code = machineCodeFor(view.getUint16(EHDR.machine, true));
  const headers = programHeaders(view);
  const note = headers.find((at) => view.getUint32(at + PHDR.type, true) === PT_NOTE);
  if (note === undefined) throw notSealable('it has no PT_NOTE header to take');
  const offset = roundUp(image.length);
  const address = roundUp(lastAddress(view, headers));
  const stub = stubOf(code, policy, {
    entry: Number(view.getBigUint64(EHDR.entry, true)) - address,
    environ: addressOfSymbol(view, 'environ') - address,
  });
  const sealed = new Uint8Array(offset + stub.length);
  sealed.set(image);
  sealed.set(stub, offset);
  const out = new DataView(sealed.buffer);
  out.setUint32(note + PHDR.type, PT_LOAD, true);
  out.setUint32(note + PHDR.flags, PF_READ_EXECUTE, true);
  const fields = [
    [PHDR.offset, offset],
    [PHDR.vaddr, address],
    [PHDR.paddr, address],
    [PHDR.filesz, stub.length],
    [PHDR.memsz, stub.length],
    [PHDR.align, PAGE_BYTES],
  ] as const;
  for (const [field, value] of fields) out.setBigUint64(note + field, BigInt(value), true);
  out.setBigUint64(EHDR.entry, BigInt(address), true);
  return sealed;
}

/** Whether the file begins as a 64-bit little-endian ELF file does. */
export function isElf(image: Uint8Array): boolean {
  const magic = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
  return image.length > EHDR.size && magic.every((byte, at) => image[at] === byte);
}

/**
 * Code and what it reads, as x64.s describes. The parameters, little-endian:
 *
 * ```
 *   0  i64  the runtime's entry, from the stub's start
 *   8  i64  the variable `environ`, likewise
 *  16  u32  rules of a privileged start      (from the stub's start, all three)
 *  20  u32  rules of an ordinary start
 *  24  u32  added texts
 *  28  u32  number of added texts
 * ```
 * Rules are a byte (1: matches are kept, 0: matches are removed), then a length byte and that many bytes for each, then 0.
 */
function stubOf(
  code: Uint8Array,
  { keepWhenPrivileged, removeOtherwise, add }: EntryPolicy,
  from: { readonly entry: number; readonly environ: number },
): Uint8Array {
  const PARAMETER_BYTES = 32;
  const privileged = rulesOf(1, keepWhenPrivileged);
  const ordinary = rulesOf(0, removeOtherwise);
  const added = Buffer.from(`${add.map((text) => `${text}\0`).join('')}\0`, 'latin1');
  const privilegedAt = code.length + PARAMETER_BYTES;
  const ordinaryAt = privilegedAt + privileged.length;
  const addedAt = ordinaryAt + ordinary.length;
  const parameters = Buffer.alloc(PARAMETER_BYTES);
  parameters.writeBigInt64LE(BigInt(from.entry), 0);
  parameters.writeBigInt64LE(BigInt(from.environ), 8);
  for (const [index, value] of [privilegedAt, ordinaryAt, addedAt, add.length].entries()) {
    parameters.writeUInt32LE(value, 16 + index * 4);
  }
  return Buffer.concat([code, parameters, privileged, ordinary, added]);
}

function rulesOf(meaning: 0 | 1, texts: readonly string[]): Buffer {
  const rules = texts.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]));
  return Buffer.concat([Buffer.of(meaning), ...rules, Buffer.of(0)]);
}

function machineCodeFor(machine: number): Uint8Array {
  if (machine === EM_X86_64) return Buffer.from(MACHINE_CODE.x64, 'base64');
  if (machine === EM_AARCH64) return Buffer.from(MACHINE_CODE.arm64, 'base64');
  throw notSealable(`there is no stub for ELF machine ${machine}`);
}

/** Where each program header begins. */
function programHeaders(view: DataView): number[] {
  const from = Number(view.getBigUint64(EHDR.phoff, true));
  const count = view.getUint16(EHDR.phnum, true);
  return Array.from({ length: count }, (_, index) => from + index * PHDR_BYTES);
}

function lastAddress(view: DataView, headers: readonly number[]): number {
  const ends = headers
    .filter((at) => view.getUint32(at + PHDR.type, true) === PT_LOAD)
    .map((at) => view.getBigUint64(at + PHDR.vaddr, true) + view.getBigUint64(at + PHDR.memsz, true));
  return Number(ends.reduce((a, b) => (a > b ? a : b), 0n));
}

/** The address of a symbol of .dynsym. Throws OpError `RUNTIME_IMAGE` where it is not defined there. */
function addressOfSymbol(view: DataView, name: string): number {
  const sections = Number(view.getBigUint64(EHDR.shoff, true));
  const count = view.getUint16(EHDR.shnum, true);
  const headerOf = (index: number): number => sections + index * SHDR_BYTES;
  for (let index = 0; index < count; index++) {
    const header = headerOf(index);
    if (view.getUint32(header + SHDR.type, true) !== SHT_DYNSYM) continue;
    const symbols = Number(view.getBigUint64(header + SHDR.offset, true));
    const bytes = Number(view.getBigUint64(header + SHDR.bytes, true));
    const strings = headerOf(view.getUint32(header + SHDR.link, true));
    const texts = Number(view.getBigUint64(strings + SHDR.offset, true));
    for (let at = symbols; at < symbols + bytes; at += SYM_BYTES) {
      if (!isTextAt(view, texts + view.getUint32(at + SYM.name, true), name)) continue;
      const value = Number(view.getBigUint64(at + SYM.value, true));
      if (value > 0) return value;
    }
  }
  throw notSealable(`it does not define ${name}`);
}

/** Whether a NUL-terminated text is the ASCII `expected`. */
function isTextAt(view: DataView, at: number, expected: string): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (view.getUint8(at + index) !== expected.charCodeAt(index)) return false;
  }
  return view.getUint8(at + expected.length) === 0;
}

const roundUp = (value: number): number => Math.ceil(value / PAGE_BYTES) * PAGE_BYTES;

function notSealable(why: string): OpError {
  return new OpError({
    op: 'seal',
    code: 'RUNTIME_IMAGE',
    message: `cannot seal the executable: ${why}`,
  });
}
