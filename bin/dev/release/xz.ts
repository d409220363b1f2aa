import { rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { OpError } from '../../../src/kit/errors/op-error.ts';

/** The .xz file format 1.2.1: sizes of its parts in bytes. */
const STREAM_HEADER_BYTES = 12;
const STREAM_FOOTER_BYTES = 12;
const FOOTER_MAGIC = 'YZ';
/** One thread, or the blocks would depend on how many there are. Level 1 takes a quarter of the time and makes 12 % more. */
const LEVEL = 6;
const COMMAND = ['xz', '--compress', '--stdout', '--threads=1', '--check=crc64', `-${LEVEL}`];

/** Whether this machine can make .xz files. */
export function canMakeXz(): boolean {
  return Bun.which('xz') !== null;
}

/**
 * A whole .xz file of the bytes, by xz(1); the same for one version of xz. It works by way of files in a folder, so
 * that it goes on while this program is busy.
 */
export async function xz(bytes: Uint8Array, folder: string): Promise<Uint8Array> {
  const input = `${folder}/${crypto.randomUUID()}`;
  const output = `${input}.xz`;
  await Bun.write(input, bytes);
  try {
    const child = Bun.spawn(COMMAND, { stdin: Bun.file(input), stdout: Bun.file(output), stderr: 'pipe' });
    const said = new Response(child.stderr).text();
    if ((await child.exited) === 0) return new Uint8Array(await Bun.file(output).arrayBuffer());
    const message = `xz: ${(await said).trim() || `exit ${child.exitCode}`}`;
    throw new OpError({ op: 'xz', code: 'XZ', message });
  } finally {
    for (const path of [input, output]) rmSync(path, { force: true });
  }
}

/** One stream of the blocks of several files of one stream each: what stands in them, one after the other. */
export function joinXz(files: readonly Uint8Array[]): Uint8Array {
  const streams = files.map((file) => readStream(Buffer.from(file.buffer, file.byteOffset, file.length)));
  const [first] = streams;
  if (first === undefined || streams.some(({ flags }) => !flags.equals(first.flags))) {
    throw broken('streams of different kinds');
  }
  const index = indexOf(streams.flatMap(({ records }) => records));
  const sizeAndFlags = Buffer.alloc(6);
  sizeAndFlags.writeUInt32LE(index.length / 4 - 1, 0);
  first.flags.copy(sizeAndFlags, 4);
  return Buffer.concat([
    ...[first.header, ...streams.map(({ blocks }) => blocks), index],
    ...[sumOf(sizeAndFlags), sizeAndFlags, Buffer.from(FOOTER_MAGIC)],
  ]);
}

interface Stream {
  readonly header: Buffer;
  readonly flags: Buffer;
  readonly blocks: Buffer;
  /** Of each block: its size without padding, and the size of what is in it. */
  readonly records: readonly number[];
}

function readStream(file: Buffer): Stream {
  const footer = file.subarray(-STREAM_FOOTER_BYTES);
  if (footer.length < STREAM_FOOTER_BYTES || footer.toString('latin1', 10) !== FOOTER_MAGIC) {
    throw broken('no end of a stream');
  }
  const indexBytes = (footer.readUInt32LE(4) + 1) * 4;
  const indexStart = file.length - STREAM_FOOTER_BYTES - indexBytes;
  if (indexStart < STREAM_HEADER_BYTES || file[indexStart] !== 0) throw broken('no index');
  return {
    header: file.subarray(0, STREAM_HEADER_BYTES),
    flags: footer.subarray(8, 10),
    blocks: file.subarray(STREAM_HEADER_BYTES, indexStart),
    records: recordsOf(file.subarray(indexStart + 1, indexStart + indexBytes)),
  };
}

function recordsOf(index: Buffer): number[] {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = index[at++];
      if (byte === undefined || factor > 2 ** 42) throw broken('a number without its last byte');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  return Array.from({ length: next() * 2 }, next);
}

function indexOf(records: readonly number[]): Buffer {
  const bytes = [0, ...[records.length / 2, ...records].flatMap(numberOf)];
  while (bytes.length % 4 !== 0) bytes.push(0);
  const index = Buffer.from(bytes);
  return Buffer.concat([index, sumOf(index)]);
}

/** Seven bits a byte, the lowest first, all but the last with the high bit. */
function numberOf(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function sumOf(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(bytes), 0);
  return sum;
}

function broken(what: string): OpError {
  return new OpError({ op: 'join xz', code: 'XZ', message: `cannot join .xz files: ${what}` });
}
