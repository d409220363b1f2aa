import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

/**
 * The whole of a regular file of at most `limitBytes`. Anything else (a device, a pipe, a folder, a larger file) is an
 * OpError with code NOT_A_FILE or TOO_LARGE, and what the system refuses keeps its own code (ENOENT, EACCES).
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
    throw toOpError(op, thrown);
  }
}
