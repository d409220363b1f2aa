import { closeSync, openSync, readSync } from 'node:fs';

/** elf(5), 64 bits, little-endian: of the file header, where it says where section headers are, and which has names. */
const HEADER = { bytes: 64, sectionsAt: 0x28, sectionBytesAt: 0x3a, countAt: 0x3c, namesAt: 0x3e } as const;
/** Of a section header. */
const SECTION = { bytes: 64, nameAt: 0, offsetAt: 0x18, sizeAt: 0x20 } as const;
const SECTIONS_LIMIT = 256;
const NAMES_LIMIT_BYTES = 65_536;

/** Bytes [`start`, `end`) of a file. */
export interface FileSpan {
  readonly start: number;
  readonly end: number;
}

/** Where an executable of 64 bits has a section; undefined: nowhere, or the file cannot be read. */
export function findSection(path: string, name: string): FileSpan | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return sectionIn(descriptor, `${name}\0`);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Throws RangeError where the file is shorter than it says. */
function sectionIn(descriptor: number, name: string): FileSpan | undefined {
  const header = readAt(descriptor, 0, HEADER.bytes);
  const count = header.getUint16(HEADER.countAt, true);
  if (count > SECTIONS_LIMIT || header.getUint16(HEADER.sectionBytesAt, true) !== SECTION.bytes)
    return undefined;
  const table = readAt(
    descriptor,
    Number(header.getBigUint64(HEADER.sectionsAt, true)),
    count * SECTION.bytes,
  );
  const spanOf = (index: number): FileSpan => {
    const at = index * SECTION.bytes;
    const start = Number(table.getBigUint64(at + SECTION.offsetAt, true));
    return { start, end: start + Number(table.getBigUint64(at + SECTION.sizeAt, true)) };
  };
  const { start, end } = spanOf(header.getUint16(HEADER.namesAt, true));
  const names = readAt(descriptor, start, Math.min(NAMES_LIMIT_BYTES, end - start));
  const text = Buffer.from(names.buffer, 0, names.byteLength).toString('latin1');
  for (let index = 0; index < count; index++) {
    if (text.startsWith(name, table.getUint32(index * SECTION.bytes + SECTION.nameAt, true)))
      return spanOf(index);
  }
  return undefined;
}

function readAt(descriptor: number, at: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  return new DataView(bytes.buffer, 0, readSync(descriptor, bytes, 0, length, at));
}
