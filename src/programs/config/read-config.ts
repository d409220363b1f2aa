import { join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole } from '../../kit/files/user-file.ts';
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
    return parseConfig(decoded(readWhole(path, MAX_CONFIG_LENGTH)), path, vocabulary);
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

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OpError({ op: 'decode', code: 'NOT_UTF8', cause });
  }
}
