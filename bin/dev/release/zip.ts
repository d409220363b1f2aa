import { crc32 } from 'node:zlib';

/** APPNOTE.TXT of PKWARE, 4.3: signatures and sizes of the parts. */
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const END = { signature: 0x06054b50, bytes: 22 } as const;
const VERSION_DEFLATE = 20;
const MADE_ON_UNIX = 3 << 8;
const METHOD_DEFLATE = 8;
const REGULAR_FILE = 0o100000;
const EXECUTABLE = 0o755;

/** What is put into an archive: bytes, and their raw deflate. */
interface ZipContents {
  readonly contents: Uint8Array;
  readonly packed: Uint8Array;
}

/** A zip archive with one executable file. `seconds` since 1970; the archive's own dates begin in 1980. */
export function zipOf(name: string, { contents, packed }: ZipContents, seconds: number): Uint8Array {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(VERSION_DEFLATE, 0);
  common.writeUInt16LE(METHOD_DEFLATE, 4);
  writeDate(common, seconds);
  common.writeUInt32LE(crc32(contents), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(contents.length, 18);
  common.writeUInt16LE(Buffer.byteLength(name), 22);
  const local = Buffer.alloc(LOCAL.bytes);
  local.writeUInt32LE(LOCAL.signature, 0);
  common.copy(local, 4);
  const central = Buffer.alloc(CENTRAL.bytes);
  central.writeUInt32LE(CENTRAL.signature, 0);
  central.writeUInt16LE(MADE_ON_UNIX | VERSION_DEFLATE, 4);
  common.copy(central, 6);
  central.writeUInt32LE(((REGULAR_FILE | EXECUTABLE) << 16) >>> 0, 38);
  const directory = Buffer.concat([central, Buffer.from(name)]);
  const members = Buffer.concat([local, Buffer.from(name), packed]);
  const end = Buffer.alloc(END.bytes);
  end.writeUInt32LE(END.signature, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(members.length, 16);
  return Buffer.concat([members, directory, end]);
}

/** In the format of MS-DOS, in UTC, so that the time zone of the machine changes nothing. */
function writeDate(common: Buffer, seconds: number): void {
  const date = new Date(Math.max(seconds, Date.UTC(1980) / 1000) * 1000);
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  common.writeUInt16LE(time, 6);
  common.writeUInt16LE(day, 8);
}
