import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { NativeBuffer, systemCall } from '../../platforms/linux/libc.ts';

/**
 * Mounts a FUSE file system whose daemon, this program, never answers: `hung-mount.fixture.ts FOLDER TYPE SOURCE`.
 * Prints `mounted`; a line on its standard input makes it answer from then on as an empty file system of 4 MiB, the
 * input's end unmounts nothing and ends it. The caller has a mount namespace of its own.
 */
const [folder = '', type = 'fuse', source = 'hung'] = process.argv.slice(2);
const MOUNT = process.arch === 'arm64' ? 40 : 165;
/** include/uapi/linux/fuse.h: opcodes and sizes. */
const FUSE_INIT = 26;
const FUSE_STATFS = 17;
const HEADER = 16;
const ENOSYS = -38;

const descriptor = openSync('/dev/fuse', 'r+');
const options = `fd=${descriptor},rootmode=40000,user_id=0,group_id=0${type === 'fuseblk' ? ',blksize=4096' : ''}`;
const words = [source, folder, type, options].map((text) => NativeBuffer.ofPath(text));
const [from, to, kind, data] = words.map(({ pointer }) => Number(pointer));
const result = systemCall(MOUNT, from, to, kind, 0, data);
process.stdout.write(result === 0 ? 'mounted\n' : `mount: ${result}\n`);
if (result !== 0) process.exit(1);

for await (const _line of console) {
  answer();
  break;
}

/** Answers requests until the descriptor is closed by the end of the program. */
function answer(): void {
  const request = Buffer.alloc(1 << 20);
  process.stdout.write('answers\n');
  for (;;) {
    let length: number;
    try {
      length = readSync(descriptor, request);
    } catch {
      closeSync(descriptor);
      return;
    }
    if (length < 40) continue;
    // struct fuse_in_header: len 4, opcode 4, unique 8, ...
    const opcode = request.readUInt32LE(4);
    const body = bodyFor(opcode);
    const reply = Buffer.alloc(HEADER + body.length);
    reply.writeUInt32LE(reply.length, 0);
    reply.writeInt32LE(body.length === 0 ? ENOSYS : 0, 4);
    request.copy(reply, 8, 8, 16);
    body.copy(reply, HEADER);
    if (opcode !== 2) writeSync(descriptor, reply);
  }
}

function bodyFor(opcode: number): Buffer {
  if (opcode === FUSE_INIT) {
    // struct fuse_init_out: major, minor, max_readahead, flags, ...
    const out = Buffer.alloc(64);
    out.writeUInt32LE(7, 0);
    out.writeUInt32LE(31, 4);
    out.writeUInt32LE(4096, 20);
    return out;
  }
  if (opcode !== FUSE_STATFS) return Buffer.alloc(0);
  // struct fuse_kstatfs: blocks, bfree, bavail, files, ffree (8 each), bsize, namelen, frsize, padding, spare[6].
  const out = Buffer.alloc(80);
  for (const [index, value] of [1024, 512, 512, 10, 5].entries())
    out.writeBigUInt64LE(BigInt(value), index * 8);
  for (const [index, value] of [4096, 255, 4096].entries()) out.writeUInt32LE(value, 40 + index * 4);
  return out;
}
