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
      // What there was when it was opened; less where it has become shorter since.
      const { buffer, byteLength } = await file.read(new Uint8Array(file.sizeBytes), 0);
      return Buffer.from(buffer, 0, byteLength);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const error = toOpError(op, thrown);
    const code = error.code === 'EISDIR' ? 'NOT_A_FILE' : error.code;
    throw new OpError({ op, code, message: messageOf(path, code, limitBytes), cause: thrown });
  }
}

function messageOf(path: string, code: string, limitBytes: number): string {
  if (code === 'NOT_A_FILE') return `${path}: not a regular file`;
  if (code === 'TOO_LARGE') return `${path}: larger than ${Math.round(limitBytes / 1_048_576)} MB`;
  return `cannot read '${path}': ${FILE_REASONS[code] ?? code}`;
}
