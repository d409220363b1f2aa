import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EIO: 'the disk failed',
};

/**
 * The whole of a regular file of at most `limitBytes`. Anything else (a device, a pipe, a folder, a larger file) is an
 * OpError with code NOT_A_FILE or TOO_LARGE, and what the system refuses keeps its own code (ENOENT, EACCES). The message
 * is one line that names the file.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Buffer> {
  const op = `read ${path}`;
  try {
    // Without O_NONBLOCK the open of a pipe that nobody writes to would never return.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile())
        throw new OpError({ op, code: 'NOT_A_FILE', message: `${path}: not a regular file` });
      if (stat.size > limitBytes) {
        const message = `${path}: larger than ${Math.round(limitBytes / 1_048_576)} MB`;
        throw new OpError({ op, code: 'TOO_LARGE', message });
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof OpError) throw thrown;
    const { code } = toOpError(op, thrown);
    throw new OpError({
      op,
      code,
      message: `cannot read '${path}': ${REASONS[code] ?? code}`,
      cause: thrown,
    });
  }
}
