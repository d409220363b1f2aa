import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';

/**
 * Writes a file as a whole or not at all; folders that are missing are made for the user alone. A link is followed, so
 * that it stays one. OpError with the system's code.
 */
export function writeWhole(path: string, text: string, mode: number): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw toOpError(`make ${folder}`, thrown);
  }
  const target = linkTarget(path);
  const temporary = `${target}.${process.pid}.new`;
  try {
    const descriptor = openSync(temporary, 'w', mode);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw toOpError(`write ${path}`, thrown);
  }
}

/** Where the path leads; itself where there is nothing yet. */
function linkTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    const error = toOpError(`follow ${path}`, thrown);
    if (error.code === 'ENOENT') return path;
    throw error;
  }
}
