import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { defaultConfig, type Vocabulary } from './config.ts';
import { parseConfig, type ReadConfig } from './parse-config.ts';
import { MAX_CONFIG_LENGTH } from './yaml-file.ts';

const FILE = 'config.yaml';

/** `config.yaml` in the folder of the configuration. */
export function configPath(folder: string): string {
  return join(folder, FILE);
}

/**
 * Reads a configuration file, and only reads it. No file is no problem; one that cannot be read is one problem, and
 * the defaults apply. Never throws.
 */
export function readConfig<Sort extends string, Column extends string, Action extends string>(
  path: string,
  vocabulary: Vocabulary<Sort, Column, Action>,
): ReadConfig<Sort, Column, Action> {
  try {
    return parseConfig(readText(path), path, vocabulary);
  } catch (thrown) {
    const { code } = toOpError('read', thrown);
    const config = defaultConfig(vocabulary);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { config, problems: [] };
    const message = `${REASONS[code] ?? `cannot be read (${code})`}: nothing in it applies`;
    return { config, problems: [{ fileName: path, place: undefined, message }] };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission to read it denied',
  EPERM: 'permission to read it denied',
  EISDIR: 'is a directory, not a file',
  ELOOP: 'is a symbolic link that leads to itself',
  NOT_A_FILE: 'is not a file',
  TOO_LONG: `longer than ${MAX_CONFIG_LENGTH / 1024} KiB`,
  NOT_UTF8: 'is not UTF-8 text',
};

/** Errors: those of open and read, EISDIR, NOT_A_FILE, TOO_LONG, NOT_UTF8. */
function readText(path: string): string {
  // Without O_NONBLOCK a named pipe would keep the program waiting for somebody to write into it.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new OpError({ op: 'read', code: 'EISDIR' });
    if (!status.isFile()) throw new OpError({ op: 'read', code: 'NOT_A_FILE' });
    return decoded(readBounded(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function readBounded(descriptor: number): Uint8Array {
  const bytes = new Uint8Array(MAX_CONFIG_LENGTH + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
  }
  throw new OpError({ op: 'read', code: 'TOO_LONG' });
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OpError({ op: 'decode', code: 'NOT_UTF8', cause });
  }
}
