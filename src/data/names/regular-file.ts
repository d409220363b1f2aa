import { FILE_REASONS, OpError, toOpError } from '../../kit/errors/op-error.ts';
import { OpenFile } from '../../kit/files/user-file.ts';

/**
 * The whole of a regular file of at most `limitBytes`. Anything else (a device, a pipe, a folder, a larger file) is an
 * OpError with code NOT_A_FILE or TOO_LARGE, and what the system refuses keeps its own code (ENOENT, EACCES). The
 * message is one line that names the file.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Buffer> {
  const op = `read ${path}`;
  try {
    const file = OpenFile.toRead(path);
    try {
      if (file.sizeBytes > limitBytes) throw new OpError({ op, code: 'TOO_LARGE' });
      return await readAll(file);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const error = toOpError(op, thrown);
    const code = error.code === 'EISDIR' ? 'NOT_A_FILE' : error.code;
    throw new OpError({ op, code, message: messageOf(path, code, limitBytes), cause: thrown });
  }
}

/** What there was when it was opened; less where it has become shorter since. */
async function readAll(file: OpenFile): Promise<Buffer> {
  const bytes = Buffer.alloc(file.sizeBytes);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes, length, bytes.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function messageOf(path: string, code: string, limitBytes: number): string {
  if (code === 'NOT_A_FILE') return `${path}: not a regular file`;
  if (code === 'TOO_LARGE') return `${path}: larger than ${Math.round(limitBytes / 1_048_576)} MB`;
  return `cannot read '${path}': ${FILE_REASONS[code] ?? code}`;
}
