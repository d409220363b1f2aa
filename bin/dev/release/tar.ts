import { OpError } from '../../../src/kit/errors/op-error.ts';

const BLOCK_BYTES = 512;
/** Where fields of a ustar header stand (POSIX.1-1988, pax(1)). */
const FIELD = {
  ...{ name: 0, mode: 100, user: 108, group: 116, size: 124, time: 136, sum: 148, kind: 156, link: 157 },
  ...{ magic: 257, userName: 265, groupName: 297 },
} as const;
const NAME_BYTES = 100;
const KIND = { file: '0', link: '2', folder: '5' } as const;

/** One member of an archive; it belongs to root. */
export interface TarMember {
  readonly name: string;
  readonly kind: keyof typeof KIND;
  /** Permission bits. */
  readonly mode: number;
  /** Of a file. */
  readonly contents?: Uint8Array;
  /** Of a symbolic link: what it points to. */
  readonly target?: string;
}

/** The members up to the contents of the last one, whose size alone is needed: those follow as `tarEnd`. */
export function tarStart(members: readonly TarMember[], last: TarMember, seconds: number): Uint8Array {
  const parts = members.flatMap((member) => [header(member, seconds), padded(member.contents)]);
  return Buffer.concat([...parts, header(last, seconds)]);
}

/** Contents of the last member, and the end of the archive. */
export function tarEnd(contents: Uint8Array): Uint8Array {
  return Buffer.concat([padded(contents), Buffer.alloc(2 * BLOCK_BYTES)]);
}

/** A whole archive. */
export function tarOf(members: readonly TarMember[], seconds: number): Uint8Array {
  const last = members.at(-1);
  if (last === undefined) return Buffer.alloc(2 * BLOCK_BYTES);
  return Buffer.concat([
    tarStart(members.slice(0, -1), last, seconds),
    tarEnd(last.contents ?? new Uint8Array()),
  ]);
}

function padded(contents: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([
    contents,
    Buffer.alloc((BLOCK_BYTES - (contents.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ]);
}

function header({ name, kind, mode, contents, target = '' }: TarMember, seconds: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES || Buffer.byteLength(target) > NAME_BYTES) {
    throw new OpError({ op: 'write tar', code: 'ENAMETOOLONG', message: `too long for an archive: ${name}` });
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, FIELD.name);
  block.write(octal(mode, 7), FIELD.mode);
  block.write(octal(0, 7), FIELD.user);
  block.write(octal(0, 7), FIELD.group);
  block.write(octal(contents?.length ?? 0, 11), FIELD.size);
  block.write(octal(seconds, 11), FIELD.time);
  block.write(KIND[kind], FIELD.kind);
  block.write(target, FIELD.link);
  block.write('ustar\x0000', FIELD.magic);
  block.write('root', FIELD.userName);
  block.write('root', FIELD.groupName);
  // The sum is that of the block with spaces in its own place.
  block.fill(' ', FIELD.sum, FIELD.kind);
  block.write(`${octal(sumOf(block), 6)} `, FIELD.sum);
  return block;
}

function sumOf(block: Uint8Array): number {
  return block.reduce((sum, byte) => sum + byte, 0);
}
