import { unsigned64At } from './integers.ts';
import { fileSystemStatistics, NativeBuffer } from './libc.ts';

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
export function readFileSystemSpace(path: NativeBuffer, into: FileSystemSpace): number {
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
