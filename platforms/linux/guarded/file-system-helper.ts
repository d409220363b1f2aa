import { join } from 'node:path';
import { keepOnlyCapabilities } from '../effective-capabilities.ts';
import { unsigned64At } from '../integers.ts';
import { Errno, fileSystemStatistics, NativeBuffer, processControl, readInto, writeFrom } from '../libc.ts';
import { forbidNewPrivileges } from '../replace-program.ts';
import { readIntegerAttribute, realPath } from '../sys/sysfs-value.ts';
import { ContainerFiles } from './container-files.ts';
import {
  answerLine,
  driveAnswerLine,
  LINE_LIMIT_BYTES,
  namesAnswerLine,
  parseDriveQuestion,
  parseNamesQuestion,
  parseQuestion,
  READY,
} from './helper-message.ts';

/** Space of a file system; bytes as `df -B1` has them. */
export interface FileSystemSpace {
  totalBytes: number;
  usedBytes: number;
  /** For ordinary users: without what is reserved for root. */
  availableBytes: number;
  inodes: number;
  freeInodes: number;
}

/** sizeof(struct statfs) on 64-bit Linux (include/uapi/asm-generic/statfs.h). */
const STATFS_SIZE = 120;

const buffer = new NativeBuffer(STATFS_SIZE);

/**
 * statfs(2) of a path that ends with NUL. Returns 0 or -errno. It waits as long as the file system makes it wait: not
 * for those of the network.
 */
function readFileSystemSpace(path: NativeBuffer, into: FileSystemSpace): number {
  const result = fileSystemStatistics(path, buffer);
  if (result === 0) parseStatfs(buffer.view, into);
  return result;
}

/**
 *   struct statfs (64 bit)
 *    0 f_type 8     8 f_bsize 8    16 f_blocks 8   24 f_bfree 8    32 f_bavail 8
 *   40 f_files 8   48 f_ffree 8    56 f_fsid 8     64 f_namelen 8  72 f_frsize 8   80 f_flags 8   88 f_spare 32
 */
function parseStatfs(view: DataView, into: FileSystemSpace): void {
  const blockSize = unsigned64At(view, 72) || unsigned64At(view, 8);
  const blocks = unsigned64At(view, 16);
  const free = unsigned64At(view, 24);
  into.totalBytes = blocks * blockSize;
  into.usedBytes = Math.max(0, blocks - free) * blockSize;
  // More reserved than free is a negative number in the kernel's unsigned word.
  const available = unsigned64At(view, 32);
  into.availableBytes = available > blocks ? 0 : available * blockSize;
  into.inodes = unsigned64At(view, 40);
  into.freeInodes = Math.min(unsigned64At(view, 48), into.inodes);
}

/** linux/prctl.h, asm-generic/signal.h. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const NEWLINE = 0x0a;

/**
 * The helper: it asks file systems and drives for another program, and answers line by line until its input ends. One
 * that hangs may hold it up for ever: nobody waits for it then. It gives up all its capabilities. Throws SyscallError.
 */
export function runFileSystemHelper(): void {
  processControl(PR_SET_PDEATHSIG, SIGKILL);
  forbidNewPrivileges();
  keepOnlyCapabilities([]);
  const buffer = new NativeBuffer(LINE_LIMIT_BYTES);
  let length = 0;
  say(READY);
  for (;;) {
    const got = readInto(0, buffer, buffer.bytes.length, length);
    if (got === -Errno.EINTR) continue;
    // A line that does not end within the buffer is no question either: a read of nothing.
    if (got <= 0) return;
    length += got;
    let start = 0;
    for (;;) {
      const end = buffer.bytes.indexOf(NEWLINE, start);
      if (end < 0 || end >= length) break;
      say(answerTo(Buffer.from(buffer.bytes.subarray(start, end)).toString('latin1')));
      start = end + 1;
    }
    buffer.bytes.copyWithin(0, start, length);
    length -= start;
  }
}

function answerTo(line: string): string {
  const named = parseNamesQuestion(line);
  if (named !== undefined) {
    const files = new ContainerFiles(named.root);
    const containers = named.keys.map((key) => files.nameOf(key));
    const namespaces = named.wantsNamespaces ? files.networkNamespaces() : new Map<number, string>();
    return namesAnswerLine({ containers, namespaces });
  }
  const drive = parseDriveQuestion(line);
  if (drive !== undefined) {
    return driveAnswerLine(drive.names.map((name) => readIntegerAttribute(join(drive.path, name))));
  }
  const space: FileSystemSpace = { totalBytes: 0, usedBytes: 0, availableBytes: 0, inodes: 0, freeInodes: 0 };
  const question = parseQuestion(line);
  if (question === undefined) return answerLine({ errno: Errno.EINVAL, space, deviceTarget: undefined });
  const path = new NativeBuffer(question.path.length + 1);
  path.bytes.set(question.path);
  const deviceTarget = question.devicePath === undefined ? undefined : realPath(question.devicePath);
  return answerLine({ errno: -readFileSystemSpace(path, space), space, deviceTarget });
}

function say(line: string): void {
  const text = NativeBuffer.ofPath(`${line}\n`);
  writeFrom(1, text, line.length + 1);
}

// From sources the runtime is started with this file.
if (Bun.main === import.meta.path) runFileSystemHelper();
