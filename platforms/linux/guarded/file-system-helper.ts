import { EffectiveCapabilities } from '../effective-capabilities.ts';
import { Errno, NativeBuffer, readInto, systemCall, writeFrom } from '../libc.ts';
import { forbidNewPrivileges } from '../replace-program.ts';
import { type FileSystemSpace, readFileSystemSpace } from '../statfs.ts';
import { realPath } from '../sys/sysfs-value.ts';
import { answerLine, LINE_LIMIT_BYTES, parseQuestion, READY } from './helper-message.ts';

const PRCTL = process.arch === 'arm64' ? 167 : 157;
/** linux/prctl.h, asm-generic/signal.h. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const NEWLINE = 0x0a;

/**
 * The program that asks file systems in the place of another, which it answers line by line until its input ends. One
 * that is gone may hold it up for ever: nobody waits for it then. It gives up what rights it has. Throws SyscallError.
 */
export function runFileSystemHelper(): void {
  systemCall(PRCTL, PR_SET_PDEATHSIG, SIGKILL);
  forbidNewPrivileges();
  new EffectiveCapabilities().keepOnly([]);
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
