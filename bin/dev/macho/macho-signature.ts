import { createHash } from 'node:crypto';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { type MachoLayout, readMacho, resizeSignature } from './macho-file.ts';

/** xnu, osfmk/kern/cs_blobs.h: SuperBlob and CodeDirectory, all numbers big-endian. */
const MAGIC = { superBlob: 0xfade0cc0, codeDirectory: 0xfade0c02 } as const;
const SUPER_BLOB = { count: 8, index: 12, entryBytes: 8 } as const;
const SLOT_CODE_DIRECTORY = 0;
const DIRECTORY = {
  ...{ length: 4, hashOffset: 16, slotCount: 28, codeLimit: 32 },
  ...{ hashBytes: 36, hashKind: 37, pageShift: 39, size: 88 },
} as const;
/** The version of a CodeDirectory that names the executable segment. */
const VERSION_EXEC_SEGMENT = 0x20400;
const FLAG_AD_HOC = 2;
const HASH_SHA256 = 2;
const HASH_BYTES = 32;
const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const EXEC_MAIN_BINARY = 1n;
/** The page of memory on Apple's own processors; a multiple of Intel's. */
const MEMORY_PAGE_BYTES = 0x4000;
const SIGNATURE_ALIGNMENT = 16;

/**
 * The file with an ad hoc signature: a hash of each page of 4 KiB, and no certificate. Whatever signature it had is
 * replaced. `identifier` is the name in it, by convention the program's. Throws `MACHO`.
 */
export function signAdHoc(file: Uint8Array, identifier: string): Uint8Array {
  const layout = readMacho(file);
  const name = Buffer.from(`${identifier}\0`);
  const limit = layout.signatureOffset;
  const slots = Math.ceil(limit / PAGE_BYTES);
  const hashOffset = DIRECTORY.size + name.length;
  const directoryBytes = hashOffset + slots * HASH_BYTES;
  const blobStart = SUPER_BLOB.index + SUPER_BLOB.entryBytes;
  const signatureBytes = roundUp(blobStart + directoryBytes, SIGNATURE_ALIGNMENT);
  const signed = Buffer.alloc(limit + signatureBytes);
  signed.set(file.subarray(0, limit));
  // Before the pages are hashed: the first of them holds the load commands.
  resizeSignature(signed, layout, signatureBytes, MEMORY_PAGE_BYTES);
  writeWords(signed, limit, [MAGIC.superBlob, blobStart + directoryBytes, 1, SLOT_CODE_DIRECTORY, blobStart]);
  const directory = signed.subarray(limit + blobStart, limit + blobStart + directoryBytes);
  writeWords(directory, 0, [
    ...[MAGIC.codeDirectory, directoryBytes, VERSION_EXEC_SEGMENT, FLAG_AD_HOC],
    ...[hashOffset, DIRECTORY.size, 0, slots, limit],
  ]);
  directory.set([HASH_BYTES, HASH_SHA256, 0, PAGE_SHIFT], DIRECTORY.hashBytes);
  writeExecutableSegment(directory, layout);
  name.copy(directory, DIRECTORY.size);
  for (let slot = 0; slot < slots; slot++) {
    pageHash(signed, slot, limit).copy(directory, hashOffset + slot * HASH_BYTES);
  }
  return signed;
}

/** execSegBase, execSegLimit and execSegFlags of struct __CodeDirectory. */
function writeExecutableSegment(directory: Buffer, layout: MachoLayout): void {
  directory.writeBigUInt64BE(BigInt(layout.textOffset), 64);
  directory.writeBigUInt64BE(BigInt(layout.textBytes), 72);
  directory.writeBigUInt64BE(EXEC_MAIN_BINARY, 80);
}

/**
 * Numbers of the pages that are not what the signature says. Throws `MACHO` where the signature itself cannot be
 * read, does not cover the file up to itself, or has hashes of a kind that is not known here.
 */
export function badPages(file: Uint8Array): number[] {
  const { signatureOffset, signatureBytes } = readMacho(file);
  const directory = codeDirectoryOf(
    Buffer.from(file.buffer, file.byteOffset + signatureOffset, signatureBytes),
  );
  const slots = directory.readUInt32BE(DIRECTORY.slotCount);
  const limit = directory.readUInt32BE(DIRECTORY.codeLimit);
  const hashOffset = directory.readUInt32BE(DIRECTORY.hashOffset);
  const isUsual =
    directory[DIRECTORY.hashKind] === HASH_SHA256 &&
    directory[DIRECTORY.hashBytes] === HASH_BYTES &&
    directory[DIRECTORY.pageShift] === PAGE_SHIFT;
  if (!isUsual) throw unusable('its hashes are not SHA-256 of pages of 4 KiB');
  if (limit !== signatureOffset || slots !== Math.ceil(limit / PAGE_BYTES)) {
    throw unusable('it does not cover the file');
  }
  if (hashOffset + slots * HASH_BYTES > directory.length) throw unusable('its hashes end beyond it');
  return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => {
    const at = hashOffset + slot * HASH_BYTES;
    return !pageHash(file, slot, limit).equals(directory.subarray(at, at + HASH_BYTES));
  });
}

/** Whether the file has a signature that every page agrees with. Throws `MACHO` where it is no Mach-O file. */
export function isSignedAsItIs(file: Uint8Array): boolean {
  readMacho(file);
  try {
    return badPages(file).length === 0;
  } catch {
    return false;
  }
}

function codeDirectoryOf(signature: Buffer): Buffer {
  if (signature.length < SUPER_BLOB.index || signature.readUInt32BE(0) !== MAGIC.superBlob) {
    throw unusable('it begins with another number');
  }
  const count = signature.readUInt32BE(SUPER_BLOB.count);
  for (let entry = 0; entry < count; entry++) {
    const at = SUPER_BLOB.index + entry * SUPER_BLOB.entryBytes;
    if (at + SUPER_BLOB.entryBytes > signature.length) break;
    const start = signature.readUInt32BE(at + 4);
    if (start + DIRECTORY.size > signature.length) continue;
    if (signature.readUInt32BE(start) !== MAGIC.codeDirectory) continue;
    const end = start + signature.readUInt32BE(start + DIRECTORY.length);
    if (end > signature.length) throw unusable('its directory ends beyond it');
    return signature.subarray(start, end);
  }
  throw unusable('it has no directory of pages');
}

function pageHash(file: Uint8Array, slot: number, limit: number): Buffer {
  const page = file.subarray(slot * PAGE_BYTES, Math.min((slot + 1) * PAGE_BYTES, limit));
  return createHash('sha256').update(page).digest();
}

function writeWords(into: Buffer, start: number, words: readonly number[]): void {
  for (const [at, word] of words.entries()) into.writeUInt32BE(word, start + at * 4);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function unusable(message: string): OpError {
  return new OpError({
    op: 'read signature',
    code: 'MACHO',
    message: `a signature is not usable: ${message}`,
  });
}
