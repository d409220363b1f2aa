import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { readWhole, withUserRights } from '../../kit/files/user-file.ts';
import { writeWhole } from './atomic-file.ts';
import { withFileLock } from './file-lock.ts';
import {
  NO_PROFILES,
  type Profile,
  type ProfilesDocument,
  parseProfiles,
  printProfiles,
  withProfile,
} from './profiles.ts';

const LONGEST_BYTES = 1 << 20;

/** `profiles.json` in the folder of the configuration. */
export function profilesPath(folder: string): string {
  return join(folder, 'profiles.json');
}

/** The profiles in a file; none where there is no file. OpError `DAMAGED` or the system's code; the message has the path. */
export function readProfiles(path: string): ProfilesDocument {
  try {
    return parseProfiles(decoded(readWhole(path, LONGEST_BYTES)));
  } catch (thrown) {
    const error = toOpError('read', thrown);
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return NO_PROFILES;
    const isOther = OTHER_THINGS[error.code];
    const code = isOther === undefined ? error.code : 'DAMAGED';
    const why = isOther ?? (code === 'DAMAGED' ? error.message : `it cannot be read (${code})`);
    throw new OpError({
      op: 'read profiles',
      code,
      message: `${path}: ${why}; it stays as it is`,
      cause: error,
    });
  }
}

/** What may be in the place of a file of profiles. */
const OTHER_THINGS: Readonly<Record<string, string>> = {
  EISDIR: 'it is no file',
  NOT_A_FILE: 'it is no file',
  TOO_LONG: 'it is longer than a megabyte',
};

/** The text; bytes that are none would not be written back as they are. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new OpError({ op: 'read', code: 'DAMAGED', message: 'it is no UTF-8', cause });
  }
}

/**
 * Puts one profile into the file as it is at that moment, whatever other programs write at the same time. A damaged
 * file is never overwritten. OpError as `readProfiles`, and `EACCES`, `EROFS`, `ENOSPC`, `LOCKED`.
 */
export async function saveProfile(path: string, name: string, profile: Profile): Promise<void> {
  try {
    withUserRights(() => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
    await withFileLock(path, () => {
      writeWhole(path, printProfiles(withProfile(readProfiles(path), name, profile)));
    });
  } catch (thrown) {
    const error = toOpError('save profile', thrown);
    if (error.op === 'read profiles') throw error;
    throw new OpError({
      op: 'save profile',
      code: error.code,
      message: `profile '${name}' is not saved in ${path} (${error.code})`,
      cause: error,
    });
  }
}
